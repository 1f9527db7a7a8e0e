// Answers for stored content: manifests and files, with ETag, Range and digest headers.
#pragma once

#include <string>

#include "artifacts/blob_store.h"
#include "base/digest.h"
#include "base/result.h"
#include "registry/objects.h"
#include "server/transport/http.h"

namespace baton::server::native {

// The canonical manifest, or 304. integrity when the stored list of files is no longer that of the version's digest.
Result<Response> manifest_response(const Request& request, const registry::Version& version);

// One file of a version: 200, 206 for one range (RFC 9110; several ranges answer the whole), 304, or 416.
Result<Response> file_response(const Request& request, const registry::Version& version, std::string_view path,
                               const artifacts::BlobStore& blobs);

// The bytes that a Range header asks for.
struct ByteRange {
    enum class Kind { whole, part, unsatisfiable } kind = Kind::whole;
    std::uint64_t first = 0;
    std::uint64_t length = 0;
};
// Anything but one well-formed `bytes=` range is answered whole.
ByteRange parse_range(std::string_view header, std::uint64_t size);

}  // namespace baton::server::native
