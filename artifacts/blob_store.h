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

// One upload in progress. Not thread-safe; must not outlive its store. Destroyed before commit(), it keeps what was
// written so that the upload can be resumed, unless another upload of the same bytes was first to begin.
class BlobUpload {
public:
    virtual ~BlobUpload() = default;
    virtual std::uint64_t offset() const = 0;  // bytes taken so far
    // too_large beyond the declared size, with nothing taken. After any other error (out_of_space when the reserve is
    // reached) the upload has failed and can only be destroyed; what came before can be resumed.
    virtual Status write(std::span<const std::byte> bytes) = 0;
    // Durable when it returns: file and folder are synced. integrity when the bytes do not match the digest or size;
    // then nothing is stored and nothing can be resumed. Bytes that are stored already are no error. Ends the upload in
    // any case.
    virtual Status commit() = 0;
};

// A blob opened for reading. The descriptor belongs to the caller.
struct OpenBlob {
    int descriptor = -1;
    std::uint64_t size = 0;
};

// Thread-safe. Answers about existence come from the disk each time, and what is said to exist is durable. unavailable
// when the disk fails.
class BlobStore {
public:
    virtual ~BlobStore() = default;
    virtual Result<std::optional<std::uint64_t>> size(const Digest& digest) const = 0;  // nullopt: not stored
    virtual Result<std::uint64_t> upload_offset(const Digest& digest) const = 0;        // 0: nothing to resume
    // Starts at `offset`, which must be 0 (start over) or upload_offset(); aborted otherwise, and at a later offset
    // than 0 while another upload of the same digest is running. out_of_space when `size` does not fit.
    virtual Result<std::unique_ptr<BlobUpload>> upload(const Digest& digest, std::uint64_t size,
                                                       std::uint64_t offset) = 0;
    virtual Result<OpenBlob> open(const Digest& digest) const = 0;  // not_found
    // Whole, and its digest verified: integrity when the bytes have changed (the blob is then set aside, never
    // deleted). not_found.
    virtual Result<std::string> read(const Digest& digest) const = 0;
    // Every stored blob in no particular order; the visitor answers false to stop.
    virtual Status each(const std::function<bool(const Digest&, std::uint64_t size)>& visit) const = 0;
    // Re-hashes one blob from the disk and changes nothing; false when it differs. `progress` gets the bytes read since
    // its last call. not_found.
    virtual Result<bool> verify(const Digest& digest, const std::function<void(std::uint64_t)>& progress) const = 0;
};

struct LocalStoreOptions {
    std::string folder;                            // created when absent, mode 0700
    std::uint64_t free_space_reserve = 64u << 20;  // uploads end with out_of_space when less would be left
};
// One process at a time may have a folder open: opening it removes the temporaries of the one before.
Result<std::unique_ptr<BlobStore>> open_local_store(const LocalStoreOptions& options);
// For looking with size(), open(), each() and verify(), which change nothing, at a folder as it is: nothing is made,
// synced or swept, and what is missing counts as empty. (read() would set a damaged blob aside.)
std::unique_ptr<const BlobStore> view_local_store(const std::string& folder);

}  // namespace baton::artifacts
