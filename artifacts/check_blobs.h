// Compares a whole blob store with what should be in it.
#pragma once

#include <unordered_set>

#include "artifacts/blob_store.h"

namespace baton::artifacts {

struct BlobCheck {
    std::uint64_t blobs = 0;       // looked at
    std::uint64_t bytes = 0;       // of them
    std::vector<Digest> corrupt;   // their bytes differ, or the disk does not give them back
    std::vector<Digest> missing;   // expected and not stored
    std::vector<Digest> orphaned;  // stored and not expected: harmless
};

// Re-hashes every blob and changes nothing. `progress` gets the bytes done and in all, now and then and at the end. The
// lists are sorted. An Error only when the store cannot be listed. Blobs that come or go meanwhile may or may not be
// seen.
Result<BlobCheck> check_blobs(const BlobStore& store, const std::unordered_set<Digest>& expected,
                              const std::function<void(std::uint64_t done, std::uint64_t total)>& progress);

}  // namespace baton::artifacts
