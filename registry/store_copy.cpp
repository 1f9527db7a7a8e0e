#include "registry/store_copy.h"

#include <stdlib.h>

#include <cerrno>
#include <system_error>

#include "registry/storage/folder_lock.h"

namespace baton::registry {
namespace {

namespace fs = std::filesystem;

Error cannot_copy(const fs::path& folder, const std::error_code& why) {
    return {.code = Code::unavailable,
            .message = "the metadata of " + folder.string() + " cannot be copied for looking at: " + why.message(),
            .hint = "TMPDIR names the folder that the copy is made in"};
}

// A new folder that is removed with all that is in it.
class TemporaryFolder {
public:
    static Result<std::unique_ptr<TemporaryFolder>> create() {
        std::error_code failure;
        std::string pattern = (fs::temp_directory_path(failure) / "baton-copy-XXXXXX").string();
        if (!failure && ::mkdtemp(pattern.data()) == nullptr) failure = {errno, std::generic_category()};
        if (failure) return cannot_copy(pattern, failure);
        return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(std::move(pattern)));
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    const fs::path& path() const { return path_; }

private:
    explicit TemporaryFolder(fs::path path) : path_(std::move(path)) {}
    const fs::path path_;
};

// The database and the log of what a crash kept from being folded into it: both belong together.
Status copy_metadata(const fs::path& from, const fs::path& to) {
    std::error_code failure;
    fs::copy_file(from / "baton.db", to / "baton.db", failure);
    if (failure) return cannot_copy(from, failure);
    fs::copy_file(from / "baton.db-wal", to / "baton.db-wal", failure);
    if (failure && failure != std::errc::no_such_file_or_directory) return cannot_copy(from, failure);
    for (const char* name : {"baton.db", "baton.db-wal"}) {  // of a read-only disk they may come without the right
        fs::permissions(to / name, fs::perms::owner_read | fs::perms::owner_write, failure);
    }
    return {};
}

}  // namespace

// Destroyed from the bottom up: the store has the copy open.
struct StoreCopy::Impl {
    std::optional<storage::FolderLock> lock;  // none: no server has ever had the folder open
    std::unique_ptr<TemporaryFolder> copy;
    std::unique_ptr<Store> store;
};

Result<StoreCopy> StoreCopy::take(const fs::path& folder, const Clock& clock) {
    std::error_code ignored;
    if (!fs::exists(folder / "baton.db", ignored)) {
        return not_found("there is no Baton data in " + folder.string(), "name its folder with --data DIR");
    }
    BATON_ASSIGN(std::optional<storage::FolderLock> lock, storage::FolderLock::acquire_existing(folder));
    BATON_ASSIGN(auto copy, TemporaryFolder::create());
    BATON_TRY(copy_metadata(folder, copy->path()));
    BATON_ASSIGN(auto store, Store::open(copy->path(), clock));
    return StoreCopy(std::unique_ptr<Impl>(new Impl{std::move(lock), std::move(copy), std::move(store)}));
}

StoreCopy::StoreCopy(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StoreCopy::StoreCopy(StoreCopy&& other) noexcept = default;
StoreCopy::~StoreCopy() = default;

const Store& StoreCopy::store() const { return *impl_->store; }

}  // namespace baton::registry
