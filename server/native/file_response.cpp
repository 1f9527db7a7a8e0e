#include "server/native/file_response.h"

#include <algorithm>

#include "artifacts/manifest.h"
#include "base/encoding.h"
#include "base/text.h"
#include "server/native/api.h"

namespace baton::server::native {
namespace {

std::string quoted(const Digest& digest) { return "\"" + digest.text() + "\""; }

// RFC 9530.
std::string repr_digest(const Digest& digest) {
    const std::string_view bytes(reinterpret_cast<const char*>(digest.bytes().data()), digest.bytes().size());
    return "sha-256=:" + encode_base64(bytes) + ":";
}

void add_validators(Response& response, const Digest& digest) {
    response.headers.set("ETag", quoted(digest));
    response.headers.set("Repr-Digest", repr_digest(digest));
    response.headers.set("Cache-Control", "no-cache");
    response.headers.set("X-Content-Type-Options", "nosniff");
}

Response not_modified(const Digest& digest) {
    Response response;
    response.status = 304;
    response.headers.set("ETag", quoted(digest));
    return response;
}

// An If-Range that names another representation asks for the whole.
bool range_applies(const Request& request, const Digest& digest) {
    const auto if_range = request.headers.get("If-Range");
    return !if_range || *if_range == quoted(digest);
}

// Whoever asks cannot help it: only the operator of the server can.
Error lost(const registry::Version& version, const registry::File& file) {
    return {.code = Code::integrity,
            .message = "The server has lost the bytes of \"" + file.path + "\" of version " +
                       std::to_string(version.number) + " of \"" + version.model.text() + "\": no blob " +
                       file.digest.text() + " is stored.",
            .hint =
                "Its operator restores the blob from a backup; `baton fsck` lists all that is missing. Registering "
                "the same file again stores it as well."};
}

Response unsatisfiable(std::uint64_t size) {
    Response response = Response::text(416, "");
    response.headers.set("Content-Range", "bytes */" + std::to_string(size));
    return response;
}

}  // namespace

ByteRange parse_range(std::string_view header, std::uint64_t size) {
    constexpr std::string_view unit = "bytes=";
    if (!header.starts_with(unit) || header.find(',') != std::string_view::npos) return {};
    header.remove_prefix(unit.size());
    const std::size_t dash = header.find('-');
    if (dash == std::string_view::npos) return {};
    const std::string_view from = header.substr(0, dash);
    const std::string_view to = header.substr(dash + 1);
    if (from.empty()) {  // the last n bytes
        const auto count = parse_whole<std::uint64_t>(to);
        if (!count) return {};
        if (*count == 0 || size == 0) return {.kind = ByteRange::Kind::unsatisfiable};
        const std::uint64_t length = std::min(*count, size);
        return {ByteRange::Kind::part, size - length, length};
    }
    const auto first = parse_whole<std::uint64_t>(from);
    const auto last = to.empty() ? std::optional(size == 0 ? 0 : size - 1) : parse_whole<std::uint64_t>(to);
    if (!first || !last || (!to.empty() && *last < *first)) return {};
    if (*first >= size) return {.kind = ByteRange::Kind::unsatisfiable};
    return {ByteRange::Kind::part, *first, std::min(*last, size - 1) - *first + 1};
}

Result<Response> manifest_response(const Request& request, const registry::Version& version) {
    if (none_match_fails(request, quoted(version.digest))) return not_modified(version.digest);
    std::vector<artifacts::ManifestFile> files;
    for (const registry::File& file : version.files) files.push_back({file.path, file.size, file.digest});
    const Result<artifacts::Manifest> manifest = artifacts::Manifest::create(std::move(files));
    if (!manifest.ok() || manifest->digest() != version.digest) {
        return Error{.code = Code::integrity,
                     .message = "The stored files of version " + std::to_string(version.number) + " of \"" +
                                version.model.text() + "\" no longer make the manifest " + version.digest.text() + ".",
                     .hint = "The metadata has changed on the server's disk: `baton fsck` tells more."};
    }
    Response response = Response::json(200, manifest->canonical());
    add_validators(response, version.digest);
    response.headers.set("Baton-Model-Version", std::to_string(version.number));
    return response;
}

Result<Response> file_response(const Request& request, const registry::Version& version, std::string_view path,
                               const artifacts::BlobStore& blobs) {
    const auto file = std::find_if(version.files.begin(), version.files.end(),
                                   [&](const registry::File& candidate) { return candidate.path == path; });
    if (file == version.files.end()) {
        return not_found("Version " + std::to_string(version.number) + " of \"" + version.model.text() +
                         "\" has no file \"" + std::string(path) + "\".");
    }
    if (none_match_fails(request, quoted(file->digest))) return not_modified(file->digest);
    ByteRange range;
    if (const auto header = request.headers.get("Range"); header && range_applies(request, file->digest)) {
        range = parse_range(*header, file->size);
    }
    if (range.kind == ByteRange::Kind::unsatisfiable) return unsatisfiable(file->size);
    const Result<artifacts::OpenBlob> opened = blobs.open(file->digest);
    if (!opened.ok()) return opened.error().code == Code::not_found ? lost(version, *file) : opened.error();
    const artifacts::OpenBlob& blob = *opened;
    Response response;
    if (range.kind == ByteRange::Kind::part) {
        response.status = 206;
        response.body = FileBody(blob.descriptor, range.first, range.length);
        response.headers.set("Content-Range", "bytes " + std::to_string(range.first) + "-" +
                                                  std::to_string(range.first + range.length - 1) + "/" +
                                                  std::to_string(file->size));
    } else {
        response.body = FileBody(blob.descriptor, 0, blob.size);
    }
    response.headers.set("Content-Type", "application/octet-stream");
    response.headers.set("Content-Disposition", "attachment");
    response.headers.set("Accept-Ranges", "bytes");
    response.headers.set("Baton-Model-Version", std::to_string(version.number));
    add_validators(response, file->digest);
    return response;
}

}  // namespace baton::server::native
