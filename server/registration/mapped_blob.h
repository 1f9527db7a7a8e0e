// A blob's bytes as a view, without a copy of them in memory.
#pragma once

#include <string_view>

#include "artifacts/blob_store.h"
#include "base/result.h"

namespace baton::server {

class MappedBlob {
public:
    // Takes the descriptor over.
    static Result<MappedBlob> map(const artifacts::OpenBlob& blob);
    ~MappedBlob();
    MappedBlob(MappedBlob&&) noexcept;
    MappedBlob& operator=(MappedBlob&&) = delete;

    std::string_view bytes() const { return {static_cast<const char*>(address_), size_}; }

private:
    MappedBlob(void* address, std::size_t size) : address_(address), size_(size) {}
    void* address_;  // null for an empty blob
    std::size_t size_;
};

}  // namespace baton::server
