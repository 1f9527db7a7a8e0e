#include "server/app/data_folder.h"

namespace baton::server {

Result<DataFolder> open_data_folder(const std::filesystem::path& folder, const Clock& clock) {
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (failure) {
        return Error{.code = Code::unavailable,
                     .message = "The data folder " + folder.string() + " cannot be created: " + failure.message() + ".",
                     .hint = "Name another one with --data DIR."};
    }
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
    if (!std::filesystem::exists(folder / "baton.db", ignored)) {
        return not_found("there is no Baton data in " + folder.string(), "name its folder with --data DIR");
    }
    return registry::Store::open(folder, clock);
}

}  // namespace baton::server
