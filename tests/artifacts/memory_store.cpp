#include "memory_store.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

namespace baton::artifacts {
namespace {

Error error_of(Code code, const Digest& digest) { return {.code = code, .message = "memory store: " + digest.text()}; }

}  // namespace

// Keeps its bytes to itself and, when it owns the partial upload of its digest, hands them back when it ends early.
class MemoryUpload : public BlobUpload {
public:
    MemoryUpload(MemoryStore& store, const Digest& digest, std::uint64_t size, std::string bytes, bool owns_partial)
        : store_(store), digest_(digest), size_(size), bytes_(std::move(bytes)), owns_partial_(owns_partial) {}

    ~MemoryUpload() override {
        if (!owns_partial_) return;
        const std::lock_guard lock(store_.mutex_);
        if (ended_) {
            store_.partials_.erase(digest_);
        } else {
            store_.partials_[digest_] = {std::move(bytes_), false};
        }
    }

    std::uint64_t offset() const override { return bytes_.size(); }

    Status write(std::span<const std::byte> bytes) override {
        if (ended_) return error_of(Code::failed_precondition, digest_);
        if (bytes.size() > size_ - bytes_.size()) return error_of(Code::too_large, digest_);
        if (bytes_.size() + bytes.size() > store_.capacity_) return error_of(Code::out_of_space, digest_);
        bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return {};
    }

    Status commit() override {
        if (ended_) return error_of(Code::failed_precondition, digest_);
        ended_ = true;
        if (bytes_.size() != size_ || sha256(bytes_) != digest_) return error_of(Code::integrity, digest_);
        const std::lock_guard lock(store_.mutex_);
        store_.blobs_.emplace(digest_, bytes_);
        return {};
    }

private:
    MemoryStore& store_;
    const Digest digest_;
    const std::uint64_t size_;
    std::string bytes_;
    const bool owns_partial_;
    bool ended_ = false;
};

Result<std::optional<std::uint64_t>> MemoryStore::size(const Digest& digest) const {
    const std::lock_guard lock(mutex_);
    const auto blob = blobs_.find(digest);
    return blob == blobs_.end() ? std::nullopt : std::optional<std::uint64_t>(blob->second.size());
}

Result<std::uint64_t> MemoryStore::upload_offset(const Digest& digest) const {
    const std::lock_guard lock(mutex_);
    const auto partial = partials_.find(digest);
    return partial == partials_.end() ? 0 : partial->second.bytes.size();
}

Result<std::unique_ptr<BlobUpload>> MemoryStore::upload(const Digest& digest, std::uint64_t size,
                                                        std::uint64_t offset) {
    const std::lock_guard lock(mutex_);
    if (offset > size) return error_of(Code::aborted, digest);
    if (size - offset > capacity_) return error_of(Code::out_of_space, digest);
    Partial& partial = partials_[digest];
    if (offset != 0 && (partial.running || partial.bytes.size() != offset)) return error_of(Code::aborted, digest);
    const bool owns_partial = !partial.running;
    std::string bytes = owns_partial && offset != 0 ? std::move(partial.bytes) : std::string();
    if (owns_partial) partial = {{}, true};
    return std::unique_ptr<BlobUpload>(
        std::make_unique<MemoryUpload>(*this, digest, size, std::move(bytes), owns_partial));
}

Result<std::string> MemoryStore::find(const Digest& digest) const {
    const std::lock_guard lock(mutex_);
    const auto blob = blobs_.find(digest);
    if (blob == blobs_.end()) return error_of(Code::not_found, digest);
    return blob->second;
}

Result<OpenBlob> MemoryStore::open(const Digest& digest) const {
    BATON_ASSIGN(const std::string bytes, find(digest));
    const int descriptor = ::memfd_create("blob", MFD_CLOEXEC);
    if (::pwrite(descriptor, bytes.data(), bytes.size(), 0) < 0) std::abort();
    return OpenBlob{descriptor, bytes.size()};
}

Result<std::string> MemoryStore::read(const Digest& digest) const {
    BATON_ASSIGN(std::string bytes, find(digest));
    if (sha256(bytes) == digest) return bytes;
    const std::lock_guard lock(mutex_);
    blobs_.erase(digest);
    return error_of(Code::integrity, digest);
}

Status MemoryStore::each(const std::function<bool(const Digest&, std::uint64_t size)>& visit) const {
    const auto blobs = [&] {
        const std::lock_guard lock(mutex_);
        return blobs_;
    }();
    for (const auto& [digest, bytes] : blobs) {
        if (!visit(digest, bytes.size())) break;
    }
    return {};
}

Result<bool> MemoryStore::verify(const Digest& digest, const std::function<void(std::uint64_t)>& progress) const {
    BATON_ASSIGN(const std::string bytes, find(digest));
    progress(bytes.size());
    return sha256(bytes) == digest;
}

}  // namespace baton::artifacts
