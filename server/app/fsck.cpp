// `baton fsck`: what the metadata says against what the disk holds.
#include "artifacts/check_blobs.h"
#include "registry/catalog.h"
#include "registry/store_copy.h"
#include "server/app/serve.h"

namespace baton::server {
namespace {

std::vector<std::string> texts(const std::vector<Digest>& digests) {
    std::vector<std::string> result;
    for (const Digest& digest : digests) result.push_back(digest.text());
    return result;
}

Result<std::unordered_set<Digest>> referenced(const registry::Store& store) {
    auto files = store.read<std::vector<registry::File>>(
        [](const registry::Snapshot& snapshot) { return referenced_files(snapshot); });
    if (!files.ok()) return std::move(files).error();
    std::unordered_set<Digest> digests;
    for (const registry::File& file : *files) digests.insert(file.digest);
    return digests;
}

// The digests that versions name; what is wrong with the metadata goes to `problems`.
Result<std::unordered_set<Digest>> read_metadata(registry::StoreCopy& metadata, std::vector<std::string>& problems) {
    BATON_ASSIGN(const std::vector<registry::IntegrityProblem> found, metadata.store().check());
    for (const registry::IntegrityProblem& problem : found) problems.push_back(problem.what);
    BATON_ASSIGN(std::unordered_set<Digest> named, referenced(metadata.store()));
    metadata.drop();  // the blobs take much longer
    return named;
}

}  // namespace

Result<FsckReport> fsck(const std::filesystem::path& data,
                        const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
    const SystemClock clock;
    FsckReport report;
    auto metadata = registry::StoreCopy::take(data, clock);
    auto named = metadata.ok() ? read_metadata(*metadata, report.problems)
                               : Result<std::unordered_set<Digest>>(metadata.error());
    // Metadata that is too damaged to be read is a finding; the blobs can be looked at all the same.
    if (!named.ok() && named.error().code != Code::internal) return named.error();
    if (!named.ok()) report.problems.push_back(named.error().message);

    const std::unique_ptr<const artifacts::BlobStore> store = artifacts::view_local_store(data.string());
    const std::unordered_set<Digest> expected = named.ok() ? *std::move(named) : std::unordered_set<Digest>();
    BATON_ASSIGN(const artifacts::BlobCheck blobs, check_blobs(*store, expected, progress));
    report.blobs = blobs.blobs;
    report.bytes = blobs.bytes;
    report.corrupt = texts(blobs.corrupt);
    report.missing = texts(blobs.missing);
    if (named.ok()) report.orphaned = texts(blobs.orphaned);
    return report;
}

}  // namespace baton::server
