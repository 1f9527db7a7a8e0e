// `baton fsck`: what the metadata says against what the disk holds.
#include "artifacts/check_blobs.h"
#include "registry/catalog.h"
#include "server/app/data_folder.h"
#include "server/app/serve.h"

namespace baton::server {
namespace {

Result<std::unordered_set<Digest>> referenced(const registry::Store& store) {
    auto files = store.read<std::vector<registry::File>>(
        [](const registry::Snapshot& snapshot) { return referenced_files(snapshot); });
    if (!files.ok()) return std::move(files).error();
    std::unordered_set<Digest> digests;
    for (const registry::File& file : *files) digests.insert(file.digest);
    return digests;
}

std::vector<std::string> texts(const std::vector<Digest>& digests) {
    std::vector<std::string> result;
    for (const Digest& digest : digests) result.push_back(digest.text());
    return result;
}

}  // namespace

Result<FsckReport> fsck(const std::filesystem::path& data,
                        const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
    if (!std::filesystem::exists(data / "baton.db")) {
        return not_found("There is no Baton data in " + data.string() + ".", "Name its folder with --data DIR.");
    }
    const SystemClock clock;
    BATON_ASSIGN(const DataFolder folder, open_data_folder(data, clock));
    BATON_ASSIGN(const std::unordered_set<Digest> named, referenced(*folder.store));
    BATON_ASSIGN(const artifacts::BlobCheck blobs, check_blobs(*folder.blobs, named, progress));
    BATON_ASSIGN(const std::vector<registry::IntegrityProblem> problems, folder.store->check());
    FsckReport report{.blobs = blobs.blobs,
                      .bytes = blobs.bytes,
                      .corrupt = texts(blobs.corrupt),
                      .missing = texts(blobs.missing),
                      .orphaned = texts(blobs.orphaned),
                      .problems = {}};
    for (const registry::IntegrityProblem& problem : problems) report.problems.push_back(problem.what);
    return report;
}

}  // namespace baton::server
