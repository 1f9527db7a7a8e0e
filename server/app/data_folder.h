// Everything Baton keeps on one disk: DATA/baton.db (metadata) and DATA/blobs … (bytes; drawn in
// artifacts/local/paths.h).
#pragma once

#include <filesystem>
#include <memory>

#include "artifacts/blob_store.h"
#include "registry/store.h"

namespace baton::server {

struct DataFolder {
    std::unique_ptr<registry::Store> store;
    std::unique_ptr<artifacts::BlobStore> blobs;
};

// failed_precondition for a folder that has blobs, and no baton.db that says what they are.
Status require_metadata(const std::filesystem::path& folder);

// Creates what is absent. failed_precondition while another process has the folder open, and for a folder that lacks
// its metadata. `clock` must outlive the result.
Result<DataFolder> open_data_folder(const std::filesystem::path& folder, const Clock& clock);

// The metadata of a folder that is there already; nothing is made of one that is not (not_found).
Result<std::unique_ptr<registry::Store>> open_existing_metadata(const std::filesystem::path& folder,
                                                                const Clock& clock);

}  // namespace baton::server
