// The blob store in a folder of a local disk. Its layout: paths.h; the order of writes: docs/formats.md.
#pragma once

#include <array>
#include <atomic>
#include <mutex>
#include <unordered_set>

#include "artifacts/blob_store.h"
#include "artifacts/local/file_system.h"
#include "artifacts/local/paths.h"
#include "base/clock.h"

namespace baton::artifacts {

// Partial uploads that nobody resumed for so long are removed when the store is opened.
inline constexpr std::chrono::days partial_upload_lifetime{7};

// Thread-safe. One process at a time may have a folder open: whoever opens it removes the temporaries of the one
// before. Uploads must not outlive their store.
class LocalStore : public BlobStore {
public:
    // Makes what is missing of the layout, makes all names in it durable, and sweeps uploads/.
    static Result<std::unique_ptr<LocalStore>> open_folder(const LocalStoreOptions& options,
                                                           std::shared_ptr<FileSystem> files, const Clock& clock);
    // As view_local_store().
    static std::unique_ptr<const LocalStore> view_folder(const std::string& folder, std::shared_ptr<FileSystem> files);

    Result<std::optional<std::uint64_t>> size(const Digest& digest) const override;
    Result<std::uint64_t> upload_offset(const Digest& digest) const override;
    Result<std::unique_ptr<BlobUpload>> upload(const Digest& digest, std::uint64_t size, std::uint64_t offset) override;
    Result<OpenBlob> open(const Digest& digest) const override;
    Result<std::string> read(const Digest& digest) const override;
    Status each(const std::function<bool(const Digest&, std::uint64_t size)>& visit) const override;
    Result<bool> verify(const Digest& digest, const std::function<void(std::uint64_t)>& progress) const override;

private:
    friend class LocalUpload;

    LocalStore(const LocalStoreOptions& options, std::shared_ptr<FileSystem> files)
        : files_(std::move(files)), paths_(options.folder), reserve_(options.free_space_reserve) {}

    Status make_root(const std::string& path);
    Status make_folders();
    Status sweep_uploads(Timestamp now);

    // For LocalUpload.
    Status check_space(std::uint64_t needed) const;
    Status publish(const std::string& from, const Digest& digest);
    Status make_shard(unsigned shard);
    bool claim_partial(const Digest& digest);
    void release_partial(const Digest& digest);

    Result<std::unique_ptr<BlobUpload>> start_over(const Digest& digest, std::uint64_t size);
    Result<std::unique_ptr<BlobUpload>> resume(const Digest& digest, std::uint64_t size, std::uint64_t offset);
    Result<bool> matches(const Digest& digest, FileSystem::Mode mode,
                         const std::function<void(std::span<const std::byte>)>& visit) const;
    Status set_aside_if_changed(const Digest& digest) const;
    std::mutex& shard_mutex(const Digest& digest) const { return shard_mutexes_[LocalPaths::shard_of(digest) % 16]; }

    const std::shared_ptr<FileSystem> files_;
    const LocalPaths paths_;
    const std::uint64_t reserve_;

    // Held from giving or taking a blob its name until the folder is synced, so that nobody sees a name that is not
    // durable.
    mutable std::array<std::mutex, 16> shard_mutexes_;
    std::array<bool, LocalPaths::shard_count> shard_exists_{};  // durably; each guarded by its shard_mutex()

    std::atomic<std::uint64_t> temporaries_ = 0;  // numbers them
    std::mutex claims_mutex_;
    std::unordered_set<Digest> claimed_partials_;  // guarded by claims_mutex_: a running upload writes them
};

}  // namespace baton::artifacts
