// Bytes under their SHA-256: the port that the local folder fills (and object storage later).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/digest.h"
#include "base/result.h"

namespace baton::artifacts {

// One upload in progress. Not thread-safe. Destroyed before commit(), it keeps what was written so that the upload can
// be resumed, unless discard() was called.
class BlobUpload {
public:
    virtual ~BlobUpload() = default;
    virtual std::uint64_t offset() const = 0;  // bytes taken so far
    // too_large beyond the declared size; out_of_space when the reserve is reached.
    virtual Status write(std::span<const std::byte> bytes) = 0;
    // Durable when it returns: file and folder are synced. integrity when the bytes do not match the digest or size;
    // then nothing is stored and nothing can be resumed.
    virtual Status commit() = 0;
    virtual void discard() = 0;
};

// A blob opened for reading. The descriptor belongs to the caller.
struct OpenBlob {
    int descriptor = -1;
    std::uint64_t size = 0;
};

// Thread-safe. Answers about existence come from the disk each time.
class BlobStore {
public:
    virtual ~BlobStore() = default;
    virtual Result<std::optional<std::uint64_t>> size(const Digest& digest) const = 0;  // nullopt: not stored
    virtual Result<std::uint64_t> upload_offset(const Digest& digest) const = 0;        // 0: nothing to resume
    // Starts at `offset`, which must be 0 (start over) or upload_offset(); aborted otherwise, and while another upload
    // of the same digest is running at a later offset than 0.
    virtual Result<std::unique_ptr<BlobUpload>> upload(const Digest& digest, std::uint64_t size,
                                                       std::uint64_t offset) = 0;
    virtual Result<OpenBlob> open(const Digest& digest) const = 0;  // not_found
    // Whole, and its digest verified: integrity when the bytes have changed (the blob is then set aside, never
    // deleted).
    virtual Result<std::string> read(const Digest& digest) const = 0;
    virtual Status remove(const Digest& digest) = 0;
    // Every stored blob in no particular order; the visitor answers false to stop.
    virtual Status each(const std::function<bool(const Digest&, std::uint64_t size)>& visit) const = 0;
    // Re-hashes one blob from the disk; false when it differs. `progress` gets the bytes read since its last call.
    virtual Result<bool> verify(const Digest& digest, const std::function<void(std::uint64_t)>& progress) const = 0;
};

struct LocalStoreOptions {
    std::string folder;                            // created when absent, mode 0700
    std::uint64_t free_space_reserve = 64u << 20;  // uploads end with out_of_space when less would be left
};
Result<std::unique_ptr<BlobStore>> open_local_store(const LocalStoreOptions& options);

}  // namespace baton::artifacts
