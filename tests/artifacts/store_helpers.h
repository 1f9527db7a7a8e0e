// Short words for tests of blob stores.
#pragma once

#include <stdlib.h>

#include <cstdlib>
#include <filesystem>

#include "artifacts/blob_store.h"
#include "tests/support/temporary_folder.h"

namespace baton::artifacts {

inline std::span<const std::byte> as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

// One whole upload of `content`, named by its digest, in pieces.
inline Status put(BlobStore& store, std::string_view content, std::size_t piece = 1000) {
    BATON_ASSIGN(const auto upload, store.upload(sha256(content), content.size(), 0));
    for (std::size_t at = 0; at < content.size(); at += piece) {
        BATON_TRY(upload->write(as_bytes(content.substr(at, piece))));
    }
    return upload->commit();
}

inline bool is_stored(const BlobStore& store, const Digest& digest) {
    const auto size = store.size(digest);
    return size.ok() && size->has_value();
}

template <class T>
Code code_of(const Result<T>& result) {
    return result.ok() ? Code::internal : result.error().code;
}

}  // namespace baton::artifacts
