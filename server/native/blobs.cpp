// /blobs: the bytes of versions, sent before the version that names them.
#include "artifacts/blob_store.h"
#include "base/text.h"
#include "server/auth/credentials.h"
#include "server/native/json_body.h"
#include "server/native/json_out.h"
#include "server/native/problem.h"
#include "server/native/routes.h"

namespace baton::server::native {
namespace {

constexpr std::uint64_t max_blob_size = std::uint64_t{1} << 40;
constexpr std::size_t max_digests_asked = 10'000;

Result<Digest> digest_parameter(const Request& request) {
    const auto digest = Digest::parse(request.parameter("digest"));
    if (!digest) return invalid_argument("A blob's name is its digest: sha256: and 64 lower-case hex digits.");
    return *digest;
}

Response missing(const Api& api, const Request& request) {
    return api.with_caller(request, [&](const registry::Caller& caller) -> Result<Response> {
        BATON_TRY(require_role(caller, registry::Role::developer));
        BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
        const auto asked = body.texts("digests");
        if (!asked) body.wrong("digests", "must be a list of digests");
        BATON_TRY(body.finish());
        if (asked->size() > max_digests_asked)
            return invalid_argument("At most 10,000 digests may be asked for at once.");
        std::vector<std::string> absent;
        for (const std::string& text : *asked) {
            const auto digest = Digest::parse(text);
            if (!digest)
                return invalid_argument("\"" + text + "\" is no digest: sha256: and 64 lower-case hex digits.");
            BATON_ASSIGN(const std::optional<std::uint64_t> size, api.blobs().size(*digest));
            if (!size) absent.push_back(text);
        }
        return Response::json(200, "{\"missing\":" + json_strings(absent) + "}");
    });
}

Response head(const Api& api, const Request& request) {
    return api.with_caller(request, [&](const registry::Caller& caller) -> Result<Response> {
        BATON_TRY(require_role(caller, registry::Role::developer));
        BATON_ASSIGN(const Digest digest, digest_parameter(request));
        BATON_ASSIGN(const std::optional<std::uint64_t> size, api.blobs().size(digest));
        if (size) {
            Response response = Response::text(200, "", "application/octet-stream");
            response.headers.set("Blob-Size", std::to_string(*size));
            return response;
        }
        BATON_ASSIGN(const std::uint64_t offset, api.blobs().upload_offset(digest));
        Response response = Response::text(404, "");
        response.headers.set("Upload-Offset", std::to_string(offset));
        return response;
    });
}

// `bytes first-last/total`.
struct ContentRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint64_t total = 0;
};

Result<ContentRange> parse_content_range(std::string_view text) {
    constexpr std::string_view unit = "bytes ";
    const std::size_t dash = text.find('-');
    const std::size_t slash = text.find('/');
    if (text.starts_with(unit) && dash < slash && slash != std::string_view::npos) {
        const auto first = parse_whole<std::uint64_t>(text.substr(unit.size(), dash - unit.size()));
        const auto last = parse_whole<std::uint64_t>(text.substr(dash + 1, slash - dash - 1));
        const auto total = parse_whole<std::uint64_t>(text.substr(slash + 1));
        if (first && last && total) return ContentRange{*first, *last, *total};
    }
    return invalid_argument("Content-Range must read `bytes first-last/total`.");
}

// Where in the blob the body belongs: what Content-Range says, or all of it.
struct Part {
    std::uint64_t first = 0;
    std::uint64_t total = 0;
    bool last = true;  // the blob is whole after it
};

Result<Part> part_of(const Request& request) {
    const auto length = parse_whole<std::uint64_t>(request.headers.get("Content-Length").value_or(""));
    if (!length) return invalid_argument("A blob is sent with a Content-Length, not chunked.");
    Part part{.first = 0, .total = *length, .last = true};
    if (const auto header = request.headers.get("Content-Range")) {
        BATON_ASSIGN(const ContentRange range, parse_content_range(*header));
        if (range.last < range.first || range.last >= range.total || range.last - range.first + 1 != *length) {
            return invalid_argument("Content-Range and Content-Length do not fit each other.");
        }
        part = {.first = range.first, .total = range.total, .last = range.last + 1 == range.total};
    }
    if (part.total > max_blob_size) return Error{.code = Code::too_large, .message = "A blob may have at most 1 TiB."};
    return part;
}

Response answered(int status, std::uint64_t offset, const std::string& request_id) {
    Response response = Response::json(status, "{\"offset\":" + std::to_string(offset) + "}");
    response.headers.set("Upload-Offset", std::to_string(offset));
    response.headers.set("X-Request-Id", request_id);
    return response;
}

class StoringSink : public BodySink {
public:
    StoringSink(std::unique_ptr<artifacts::BlobUpload> upload, bool last, std::string request_id)
        : upload_(std::move(upload)), last_(last), request_id_(std::move(request_id)) {}

    Status write(std::span<const std::byte> chunk) override { return upload_->write(chunk); }

    Response finish() override {
        const std::uint64_t offset = upload_->offset();
        if (!last_) return answered(202, offset, request_id_);
        if (Status status = upload_->commit(); !status.ok()) return problem(status.error(), request_id_);
        return answered(201, offset, request_id_);
    }

private:
    std::unique_ptr<artifacts::BlobUpload> upload_;
    bool last_;
    std::string request_id_;
};

// For bytes that are there already: they are read and dropped, so that simple clients are not cut off while they send.
class DroppingSink : public BodySink {
public:
    DroppingSink(std::uint64_t size, std::string request_id) : size_(size), request_id_(std::move(request_id)) {}
    Status write(std::span<const std::byte>) override { return {}; }
    Response finish() override { return answered(200, size_, request_id_); }

private:
    std::uint64_t size_;
    std::string request_id_;
};

using UploadStart = std::variant<Response, std::unique_ptr<BodySink>>;

UploadStart put(const Api& api, const Request& request) {
    const std::string request_id = request_id_of(request);
    const auto start = [&]() -> Result<std::unique_ptr<BodySink>> {
        BATON_ASSIGN(const registry::Caller caller, authenticate(request, api.authenticator()));
        BATON_TRY(require_role(caller, registry::Role::developer));
        BATON_TRY(require_plain_body(request));
        BATON_ASSIGN(const Digest digest, digest_parameter(request));
        BATON_ASSIGN(const Part part, part_of(request));
        BATON_ASSIGN(const std::optional<std::uint64_t> size, api.blobs().size(digest));
        if (size) return std::unique_ptr<BodySink>(new DroppingSink(*size, request_id));
        BATON_ASSIGN(std::unique_ptr<artifacts::BlobUpload> upload, api.blobs().upload(digest, part.total, part.first));
        return std::unique_ptr<BodySink>(new StoringSink(std::move(upload), part.last, request_id));
    };
    Result<std::unique_ptr<BodySink>> sink = start();
    if (!sink.ok()) return problem(sink.error(), request_id);
    return *std::move(sink);
}

}  // namespace

void add_blob_routes(Router& router, const Api& api) {
    pooled(router, api, Method::post, "/api/v1/blobs/missing", missing);
    pooled(router, api, Method::head, "/api/v1/blobs/{digest}", head);
    add_route(router, {Method::put, "/api/v1/blobs/{digest}",
                       Upload{[&api](const Request& request) { return put(api, request); }}, max_blob_size});
}

}  // namespace baton::server::native
