// One upload into a LocalStore.
#pragma once

#include "artifacts/local/local_store.h"

namespace baton::artifacts {

class LocalUpload : public BlobUpload {
public:
    // Where the bytes go until they are whole.
    struct Target {
        std::string path;
        bool is_partial = false;  // can be resumed, and is claimed from the store until the upload ends
    };

    LocalUpload(LocalStore& store, const Digest& digest, std::uint64_t size, Target target)
        : store_(store), digest_(digest), size_(size), target_(std::move(target)) {}
    LocalUpload(const LocalUpload&) = delete;
    LocalUpload& operator=(const LocalUpload&) = delete;
    ~LocalUpload() override;

    // One of the two comes first.
    Status open_new();
    Status open_partial();  // hashes what is there

    std::uint64_t offset() const override { return offset_; }
    Status write(std::span<const std::byte> bytes) override;
    Status commit() override;

private:
    Status write_all(std::span<const std::byte> bytes);
    Status finish();
    void end(bool keep);

    LocalStore& store_;
    const Digest digest_;
    const std::uint64_t size_;
    const Target target_;

    std::unique_ptr<File> file_;  // null before opening and after the end
    Sha256 hash_;
    std::uint64_t offset_ = 0;
    std::optional<Error> failure_;  // of a write: the upload can only be ended
};

}  // namespace baton::artifacts
