#include "server/registration/mapped_blob.h"

#include <sys/mman.h>
#include <unistd.h>

#include <utility>

namespace baton::server {

Result<MappedBlob> MappedBlob::map(const artifacts::OpenBlob& blob) {
    void* address = nullptr;
    if (blob.size > 0) address = mmap(nullptr, blob.size, PROT_READ, MAP_PRIVATE, blob.descriptor, 0);
    close(blob.descriptor);
    if (address == MAP_FAILED)
        return Error{.code = Code::unavailable, .message = "A stored file cannot be mapped into memory."};
    return MappedBlob(address, blob.size);
}

MappedBlob::MappedBlob(MappedBlob&& other) noexcept
    : address_(std::exchange(other.address_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedBlob::~MappedBlob() {
    if (address_ != nullptr) munmap(address_, size_);
}

}  // namespace baton::server
