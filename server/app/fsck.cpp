// `baton fsck`: what the metadata says against what the disk holds.
#include "artifacts/check_blobs.h"
#include "registry/catalog.h"
#include "registry/store_copy.h"
#include "server/app/data_folder.h"
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
Result<std::unordered_set<Digest>> read_metadata(const registry::Store& store, std::vector<std::string>& problems) {
    BATON_ASSIGN(const std::vector<registry::IntegrityProblem> found, store.check());
    for (const registry::IntegrityProblem& problem : found) problems.push_back(problem.what);
    return referenced(store);
}

// Adds who suffers from the loss of these blobs.
Status add_affected(const registry::Store& store, const std::vector<Digest>& blobs, FsckReport& report) {
    for (const Digest& blob : blobs) {
        BATON_ASSIGN(const std::vector<registry::FileUse> uses,
                     store.read<std::vector<registry::FileUse>>(
                         [&](const registry::Snapshot& snapshot) { return uses_of(snapshot, blob); }));
        for (const registry::FileUse& use : uses) {
            report.affected.push_back({blob.text(), use.model.text(), use.number, use.path});
        }
    }
    return {};
}

}  // namespace

Result<FsckReport> fsck(const std::filesystem::path& data,
                        const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
    const SystemClock clock;
    FsckReport report;
    const Status present = require_metadata(data);
    const auto metadata =
        present.ok() ? registry::StoreCopy::take(data, clock) : Result<registry::StoreCopy>(present.error());
    const auto named = metadata.ok() ? read_metadata(metadata->store(), report.problems)
                                     : Result<std::unordered_set<Digest>>(metadata.error());
    // Metadata that is gone, or too damaged to be read, is a finding; the blobs can be looked at all the same.
    const bool is_finding = !present.ok() || (!named.ok() && named.error().code == Code::internal);
    if (!named.ok() && !is_finding) return named.error();
    if (!named.ok()) report.problems.push_back(named.error().message);

    const std::unique_ptr<const artifacts::BlobStore> store = artifacts::view_local_store(data.string());
    const std::unordered_set<Digest> expected = named.ok() ? *named : std::unordered_set<Digest>();
    BATON_ASSIGN(const artifacts::BlobCheck blobs, check_blobs(*store, expected, progress));
    report.blobs = blobs.blobs;
    report.bytes = blobs.bytes;
    report.corrupt = texts(blobs.corrupt);
    report.missing = texts(blobs.missing);
    if (!named.ok()) return report;
    report.orphaned = texts(blobs.orphaned);
    BATON_TRY(add_affected(metadata->store(), blobs.corrupt, report));
    BATON_TRY(add_affected(metadata->store(), blobs.missing, report));
    return report;
}

}  // namespace baton::server
