#include "artifacts/check_blobs.h"

#include <algorithm>

namespace baton::artifacts {

Result<BlobCheck> check_blobs(const BlobStore& store, const std::unordered_set<Digest>& expected,
                              const std::function<void(std::uint64_t done, std::uint64_t total)>& progress) {
    BlobCheck check;
    std::vector<Digest> stored;
    BATON_TRY(store.each([&](const Digest& digest, std::uint64_t size) {
        stored.push_back(digest);
        check.bytes += size;
        return true;
    }));
    check.blobs = stored.size();
    std::sort(stored.begin(), stored.end());

    std::uint64_t done = 0;
    for (const Digest& digest : stored) {
        const Result<bool> unchanged = store.verify(digest, [&](std::uint64_t bytes) {
            done += bytes;
            progress(std::min(done, check.bytes), check.bytes);
        });
        if (!unchanged.ok() && unchanged.error().code == Code::not_found) continue;  // removed meanwhile
        if (!unchanged.ok() || !*unchanged) check.corrupt.push_back(digest);
        if (!expected.contains(digest)) check.orphaned.push_back(digest);
    }
    for (const Digest& digest : expected) {
        if (std::binary_search(stored.begin(), stored.end(), digest)) continue;
        check.missing.push_back(digest);
    }
    std::sort(check.missing.begin(), check.missing.end());
    progress(check.bytes, check.bytes);
    return check;
}

}  // namespace baton::artifacts
