#include "artifacts/local/local_store.h"

#include <algorithm>
#include <filesystem>

#include "artifacts/local/local_upload.h"
#include "artifacts/local/read_chunks.h"

namespace baton::artifacts {
namespace {

Error no_such_blob(const Digest& digest) {
    return not_found("no blob " + digest.text() + " is stored", "upload the file first");
}

Error cannot_start(const Digest& digest, std::string why) {
    return {.code = Code::aborted,
            .message = "the upload of " + digest.text() + " cannot start there: " + std::move(why),
            .hint = "ask for the upload offset again, or start over at 0"};
}

// Of `/` and `.` these themselves.
std::string parent_folder(const std::string& path) {
    const std::filesystem::path parent = std::filesystem::path(path).parent_path();
    return parent.empty() ? "." : parent.string();
}

}  // namespace

Result<std::unique_ptr<LocalStore>> LocalStore::open_folder(const LocalStoreOptions& options,
                                                            std::shared_ptr<FileSystem> files, const Clock& clock) {
    if (options.folder.empty()) return invalid_argument("the folder of the artifact store has no name");
    std::unique_ptr<LocalStore> store(new LocalStore(options, std::move(files)));
    BATON_TRY(store->make_root(store->paths_.root()));
    BATON_TRY(store->make_folders());
    BATON_TRY(store->sweep_uploads(clock.now()));
    return store;
}

std::unique_ptr<const LocalStore> LocalStore::view_folder(const std::string& folder,
                                                          std::shared_ptr<FileSystem> files) {
    return std::unique_ptr<const LocalStore>(new LocalStore({.folder = folder}, std::move(files)));
}

Status LocalStore::make_root(const std::string& path) {
    Status status = files_->make_folder(path);
    if (!status.ok() && status.error().code == Code::not_found && parent_folder(path) != path) {
        BATON_TRY(make_root(parent_folder(path)));
        status = files_->make_folder(path);
    }
    if (status.ok()) {
        BATON_TRY(files_->sync_folder(parent_folder(path)));
    } else if (status.error().code != Code::already_exists) {
        return status;
    }
    // An earlier process may have made what is there, or the folders above, and died before they were durable. Most
    // often it was somebody else, and we may not even read them: so this is tried and not insisted on.
    for (std::string above = path; above != parent_folder(above);) {
        above = parent_folder(above);
        static_cast<void>(files_->sync_folder(above));
    }
    return {};
}

// An earlier process may have died between making or renaming something and syncing the folder. Its names are visible
// now, so they are made durable before anybody relies on them.
Status LocalStore::make_folders() {
    for (const std::string& path : {paths_.all_blobs(), paths_.blobs(), paths_.uploads(), paths_.corrupt()}) {
        const Status status = files_->make_folder(path);
        if (!status.ok() && status.error().code != Code::already_exists) return status;
    }
    for (unsigned shard = 0; shard < LocalPaths::shard_count; ++shard) {
        const Status status = files_->sync_folder(paths_.shard(shard));
        if (!status.ok() && status.error().code != Code::not_found) return status;
        shard_exists_[shard] = status.ok();
    }
    BATON_TRY(files_->sync_folder(paths_.blobs()));
    BATON_TRY(files_->sync_folder(paths_.all_blobs()));
    return files_->sync_folder(paths_.root());
}

Status LocalStore::sweep_uploads(Timestamp now) {
    BATON_ASSIGN(const std::vector<std::string> names, files_->list(paths_.uploads()));
    for (const std::string& name : names) {
        const std::string path = paths_.uploads() + '/' + name;
        bool useless = name.ends_with(".tmp");
        if (const auto digest = LocalPaths::digest_of_partial(name)) {
            BATON_ASSIGN(const auto info, files_->info(path));
            BATON_ASSIGN(const auto stored, size(*digest));
            useless = stored.has_value() || (info && now - info->modified > partial_upload_lifetime);
        }
        if (useless) BATON_TRY(files_->remove(path));
    }
    return {};
}

Result<std::optional<std::uint64_t>> LocalStore::size(const Digest& digest) const {
    // Not before a blob that is being published is durable.
    const std::lock_guard lock(shard_mutex(digest));
    BATON_ASSIGN(const auto info, files_->info(paths_.blob(digest)));
    return info ? std::optional(info->size) : std::nullopt;
}

Result<std::uint64_t> LocalStore::upload_offset(const Digest& digest) const {
    BATON_ASSIGN(const auto info, files_->info(paths_.partial(digest)));
    return info ? info->size : 0;
}

Result<std::unique_ptr<BlobUpload>> LocalStore::upload(const Digest& digest, std::uint64_t size, std::uint64_t offset) {
    if (offset > size) return cannot_start(digest, "the offset is beyond the declared size");
    BATON_TRY(check_space(size - offset));
    return offset == 0 ? start_over(digest, size) : resume(digest, size, offset);
}

Result<std::unique_ptr<BlobUpload>> LocalStore::start_over(const Digest& digest, std::uint64_t size) {
    LocalUpload::Target target{paths_.partial(digest), claim_partial(digest)};
    if (!target.is_partial) target.path = paths_.temporary(digest, ++temporaries_);
    auto upload = std::make_unique<LocalUpload>(*this, digest, size, std::move(target));
    BATON_TRY(upload->open_new());
    return std::unique_ptr<BlobUpload>(std::move(upload));
}

Result<std::unique_ptr<BlobUpload>> LocalStore::resume(const Digest& digest, std::uint64_t size, std::uint64_t offset) {
    if (!claim_partial(digest)) return cannot_start(digest, "another upload of the same bytes is running");
    auto upload = std::make_unique<LocalUpload>(*this, digest, size, LocalUpload::Target{paths_.partial(digest), true});
    BATON_ASSIGN(const std::uint64_t kept, upload_offset(digest));
    if (kept != offset) return cannot_start(digest, std::to_string(kept) + " bytes are there");
    BATON_TRY(upload->open_partial());
    return std::unique_ptr<BlobUpload>(std::move(upload));
}

Result<OpenBlob> LocalStore::open(const Digest& digest) const {
    BATON_ASSIGN(const auto info, files_->info(paths_.blob(digest)));
    if (!info) return no_such_blob(digest);
    BATON_ASSIGN(const auto file, files_->open(paths_.blob(digest), FileSystem::Mode::read));
    return OpenBlob{file->release(), info->size};
}

Result<std::string> LocalStore::read(const Digest& digest) const {
    std::string content;
    BATON_ASSIGN(const auto info, files_->info(paths_.blob(digest)));
    if (info) content.reserve(info->size);
    BATON_ASSIGN(const bool unchanged, matches(digest, FileSystem::Mode::read, [&](std::span<const std::byte> bytes) {
                     content.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                 }));
    if (unchanged) return content;
    BATON_TRY(set_aside_if_changed(digest));
    return Error{.code = Code::integrity,
                 .message = "the stored bytes of " + digest.text() + " have changed and were set aside",
                 .hint = "upload the file again, and check the disk: the old bytes are in " + paths_.corrupt()};
}

Status LocalStore::each(const std::function<bool(const Digest&, std::uint64_t size)>& visit) const {
    for (unsigned shard = 0; shard < LocalPaths::shard_count; ++shard) {
        const Result<std::vector<std::string>> names = files_->list(paths_.shard(shard));
        if (!names.ok() && names.error().code == Code::not_found) continue;
        if (!names.ok()) return names.error();
        for (const std::string& name : *names) {
            const auto digest = Digest::from_hex(name);
            if (!digest || LocalPaths::shard_of(*digest) != shard) continue;  // not ours
            BATON_ASSIGN(const auto info, files_->info(paths_.blob(*digest)));
            if (info && !visit(*digest, info->size)) return {};
        }
    }
    return {};
}

Result<bool> LocalStore::verify(const Digest& digest, const std::function<void(std::uint64_t)>& progress) const {
    return matches(digest, FileSystem::Mode::read_from_disk,
                   [&](std::span<const std::byte> bytes) { progress(bytes.size()); });
}

Result<bool> LocalStore::matches(const Digest& digest, FileSystem::Mode mode,
                                 const std::function<void(std::span<const std::byte>)>& visit) const {
    auto file = files_->open(paths_.blob(digest), mode);
    if (!file.ok()) return file.error().code == Code::not_found ? no_such_blob(digest) : std::move(file).error();
    Sha256 hash;
    BATON_TRY(read_chunks(**file, [&](std::span<const std::byte> bytes) {
        hash.update(bytes);
        visit(bytes);
    }));
    return hash.finish() == digest;
}

Status LocalStore::set_aside_if_changed(const Digest& digest) const {
    const std::lock_guard lock(shard_mutex(digest));
    // Looked at again under the lock: another reader may have set it aside and an upload replaced it with good bytes.
    const Result<bool> unchanged = matches(digest, FileSystem::Mode::read, [](std::span<const std::byte>) {});
    if (!unchanged.ok()) return unchanged.error().code == Code::not_found ? Status() : Status(unchanged.error());
    if (*unchanged) return {};
    Status status;
    unsigned number = 0;
    do {
        status = files_->rename_new(paths_.blob(digest), paths_.set_aside(digest, number++));
    } while (!status.ok() && status.error().code == Code::already_exists);
    BATON_TRY(std::move(status));
    BATON_TRY(files_->sync_folder(paths_.corrupt()));
    return files_->sync_folder(paths_.shard(LocalPaths::shard_of(digest)));
}

Status LocalStore::check_space(std::uint64_t needed) const {
    BATON_ASSIGN(const std::uint64_t free, files_->free_space(paths_.uploads()));
    if (free >= reserve_ && free - reserve_ >= needed) return {};
    return Error{.code = Code::out_of_space,
                 .message = "the disk has " + std::to_string(free) + " bytes free, of which " +
                            std::to_string(reserve_) + " are kept in reserve; " + std::to_string(needed) +
                            " more do not fit",
                 .hint = "free space on the disk of the data folder; what was sent so far can be resumed"};
}

Status LocalStore::publish(const std::string& from, const Digest& digest) {
    const unsigned shard = LocalPaths::shard_of(digest);
    const std::lock_guard lock(shard_mutex(digest));
    BATON_TRY(make_shard(shard));
    const Status renamed = files_->rename_new(from, paths_.blob(digest));
    if (!renamed.ok() && renamed.error().code != Code::already_exists) return renamed;
    Status synced = files_->sync_folder(paths_.shard(shard));
    // The name may not last, so nobody may see it; one that was there before stays.
    if (!synced.ok() && renamed.ok()) static_cast<void>(files_->remove(paths_.blob(digest)));
    return synced;
}

Status LocalStore::make_shard(unsigned shard) {
    if (shard_exists_[shard]) return {};
    const Status status = files_->make_folder(paths_.shard(shard));
    if (!status.ok() && status.error().code != Code::already_exists) return status;
    BATON_TRY(files_->sync_folder(paths_.blobs()));
    shard_exists_[shard] = true;
    return {};
}

bool LocalStore::claim_partial(const Digest& digest) {
    const std::lock_guard lock(claims_mutex_);
    return claimed_partials_.insert(digest).second;
}

void LocalStore::release_partial(const Digest& digest) {
    const std::lock_guard lock(claims_mutex_);
    claimed_partials_.erase(digest);
}

Result<std::unique_ptr<BlobStore>> open_local_store(const LocalStoreOptions& options) {
    BATON_ASSIGN(auto store, LocalStore::open_folder(options, posix_file_system(), SystemClock()));
    return std::unique_ptr<BlobStore>(std::move(store));
}

std::unique_ptr<const BlobStore> view_local_store(const std::string& folder) {
    return LocalStore::view_folder(folder, posix_file_system());
}

}  // namespace baton::artifacts
