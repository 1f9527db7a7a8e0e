#include "server/app/data_folder.h"

namespace baton::server {

Status require_metadata(const std::filesystem::path& folder) {
    std::error_code absent;
    const std::uintmax_t size = std::filesystem::file_size(folder / "baton.db", absent);
    if (!absent && size > 0) return {};
    bool has_blobs = false;
    BATON_TRY(artifacts::view_local_store(folder.string())->each([&has_blobs](const Digest&, std::uint64_t) {
        has_blobs = true;
        return false;
    }));
    if (!has_blobs) return {};
    return failed_precondition(
        folder.string() + " has blobs, but its baton.db is gone: a start would make an empty registry of it",
        "restore baton.db (and baton.db-wal, where the backup has one) and look with baton fsck; for a new registry "
        "name an empty folder");
}

Result<DataFolder> open_data_folder(const std::filesystem::path& folder, const Clock& clock) {
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (failure) {
        return Error{.code = Code::unavailable,
                     .message = "The data folder " + folder.string() + " cannot be created: " + failure.message() + ".",
                     .hint = "Name another one with --data DIR."};
    }
    BATON_TRY(require_metadata(folder));
    DataFolder opened;
    BATON_ASSIGN(opened.store, registry::Store::open(folder, clock));
    artifacts::LocalStoreOptions options;
    options.folder = folder.string();
    BATON_ASSIGN(opened.blobs, artifacts::open_local_store(options));
    return opened;
}

Result<std::unique_ptr<registry::Store>> open_existing_metadata(const std::filesystem::path& folder,
                                                                const Clock& clock) {
    std::error_code ignored;
    BATON_TRY(require_metadata(folder));
    if (!std::filesystem::exists(folder / "baton.db", ignored)) {
        return not_found("there is no Baton data in " + folder.string(), "name its folder with --data DIR");
    }
    return registry::Store::open(folder, clock);
}

}  // namespace baton::server
