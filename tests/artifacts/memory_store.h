// A blob store in memory: the second implementation of the port, which shows that the suite asks for nothing local.
#pragma once

#include <map>
#include <mutex>

#include "artifacts/blob_store.h"

namespace baton::artifacts {

class MemoryStore : public BlobStore {
public:
    explicit MemoryStore(std::uint64_t capacity) : capacity_(capacity) {}

    void flip_bit(const Digest& digest) { blobs_.at(digest)[0] ^= 1; }

    Result<std::optional<std::uint64_t>> size(const Digest& digest) const override;
    Result<std::uint64_t> upload_offset(const Digest& digest) const override;
    Result<std::unique_ptr<BlobUpload>> upload(const Digest& digest, std::uint64_t size, std::uint64_t offset) override;
    Result<OpenBlob> open(const Digest& digest) const override;
    Result<std::string> read(const Digest& digest) const override;
    Status each(const std::function<bool(const Digest&, std::uint64_t size)>& visit) const override;
    Result<bool> verify(const Digest& digest, const std::function<void(std::uint64_t)>& progress) const override;

private:
    friend class MemoryUpload;
    struct Partial {
        std::string bytes;
        bool running = false;
    };

    Result<std::string> find(const Digest& digest) const;

    mutable std::mutex mutex_;  // guards all below
    const std::uint64_t capacity_;
    mutable std::map<Digest, std::string> blobs_;
    std::map<Digest, Partial> partials_;
};

}  // namespace baton::artifacts
