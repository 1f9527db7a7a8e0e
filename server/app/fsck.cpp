// `baton fsck`: what the metadata says against what the disk holds.
#include <set>

#include "artifacts/blob_store.h"
#include "registry/catalog.h"
#include "server/app/data_folder.h"
#include "server/app/serve.h"

namespace baton::server {
namespace {

struct Stored {
    std::vector<std::pair<Digest, std::uint64_t>> blobs;
    std::uint64_t bytes = 0;
};

Result<Stored> list_blobs(const artifacts::BlobStore& blobs) {
    Stored stored;
    BATON_TRY(blobs.each([&](const Digest& digest, std::uint64_t size) {
        stored.blobs.emplace_back(digest, size);
        stored.bytes += size;
        return true;
    }));
    return stored;
}

Result<std::set<Digest>> referenced(const registry::Store& store) {
    auto files = store.read<std::vector<registry::File>>(
        [](const registry::Snapshot& snapshot) { return referenced_files(snapshot); });
    if (!files.ok()) return std::move(files).error();
    std::set<Digest> digests;
    for (const registry::File& file : *files) digests.insert(file.digest);
    return digests;
}

}  // namespace

Result<FsckReport> fsck(const std::filesystem::path& data,
                        const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
    if (!std::filesystem::exists(data / "baton.db")) {
        return not_found("There is no Baton data in " + data.string() + ".", "Name its folder with --data DIR.");
    }
    const SystemClock clock;
    BATON_ASSIGN(const DataFolder folder, open_data_folder(data, clock));
    BATON_ASSIGN(const Stored stored, list_blobs(*folder.blobs));
    BATON_ASSIGN(const std::set<Digest> named, referenced(*folder.store));

    FsckReport report;
    std::set<Digest> present;
    for (const auto& [digest, size] : stored.blobs) {
        BATON_ASSIGN(const bool good, folder.blobs->verify(digest, [&](std::uint64_t bytes) {
            report.bytes += bytes;
            if (progress) progress(report.bytes, stored.bytes);
        }));
        ++report.blobs;
        present.insert(digest);
        if (!good) report.corrupt.push_back(digest.text());
        if (!named.contains(digest)) report.orphaned.push_back(digest.text());
    }
    for (const Digest& digest : named) {
        if (!present.contains(digest)) report.missing.push_back(digest.text());
    }
    BATON_ASSIGN(const std::vector<registry::IntegrityProblem> problems, folder.store->check());
    for (const registry::IntegrityProblem& problem : problems) report.problems.push_back(problem.what);
    return report;
}

}  // namespace baton::server
