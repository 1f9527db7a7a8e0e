#include "cli/upload.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"
#include "cli/problem.h"

namespace baton::cli {
namespace {

using server::ClientResponse;
using server::Headers;
using server::Method;

constexpr int attempts = 5;
constexpr std::chrono::milliseconds first_pause{200};
// From this size on it is worth asking for a part that an earlier run has sent.
constexpr std::uint64_t resume_from = 1 << 20;

// How far the server is with a blob.
struct Stored {
    bool whole = false;
    std::uint64_t offset = 0;
};

std::string blob_target(const Digest& digest) { return api_path({"blobs", digest.text()}); }

Result<Stored> ask_stored(Api& api, const LocalFile& file) {
    BATON_ASSIGN(const ClientResponse response, api.client().send(Method::head, blob_target(file.digest), {}));
    if (response.status == 200) return Stored{.whole = true};
    if (response.status != 404) return problem(response);
    Stored stored;
    if (const auto offset = response.headers.get("Upload-Offset")) {
        stored.offset = parse_whole<std::uint64_t>(*offset).value_or(0);
    }
    if (stored.offset > file.size) stored.offset = 0;
    return stored;
}

// Sends the bytes from `offset` on.
Status put_from(Api& api, const LocalFile& file, std::uint64_t offset, Progress& progress, std::uint64_t before) {
    std::ifstream in(file.source, std::ios::binary);
    if (!in.seekg(static_cast<std::streamoff>(offset))) return system_error("cannot read", file.source, errno);
    Headers headers;
    headers.add("Content-Type", "application/octet-stream");
    headers.add("Idempotency-Key", idempotency_key());
    if (offset > 0) {
        headers.add("Content-Range", "bytes " + std::to_string(offset) + "-" + std::to_string(file.size - 1) + "/" +
                                         std::to_string(file.size));
    }
    std::uint64_t done = offset;
    const auto read = [&](std::span<char> buffer) {
        in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
        const auto count = static_cast<std::size_t>(in.gcount());
        done += count;
        progress.show(before + done);
        return count;
    };
    BATON_ASSIGN(const ClientResponse response,
                 api.client().upload(Method::put, blob_target(file.digest), headers, file.size - offset, read));
    if (response.status >= 400) return problem(response);
    return {};
}

Status upload_blob(Api& api, const LocalFile& file, Io& io, Progress& progress, std::uint64_t before) {
    Error last;
    auto pause = first_pause;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        if (attempt > 0) {
            io.pause(pause);
            pause *= 2;
        }
        Stored stored;
        if (attempt > 0 || file.size >= resume_from) {
            auto answer = ask_stored(api, file);
            if (!answer.ok()) {
                last = answer.error();
                if (is_transient(last)) continue;
                return last;
            }
            stored = *answer;
        }
        if (stored.whole) return {};
        const Status sent = put_from(api, file, stored.offset == file.size ? 0 : stored.offset, progress, before);
        if (sent.ok()) return {};
        last = sent.error();
        if (!is_transient(last) && last.code != Code::aborted) return last;  // aborted: the offset was a stale one
    }
    last.hint = "run the same command again: it goes on where this one stopped";
    return last;
}

Result<std::set<Digest>> ask_missing(Api& api, const std::set<Digest>& digests) {
    Json wanted = Json::array();
    for (const Digest& digest : digests) wanted.push_back(digest.text());
    BATON_ASSIGN(const Json answer, api.post(api_path({"blobs", "missing"}), {{"digests", std::move(wanted)}}));
    std::set<Digest> missing;
    for (const std::string& digest_text : texts(answer, "missing")) {
        if (const auto digest = Digest::parse(digest_text)) missing.insert(*digest);
    }
    return missing;
}

}  // namespace

Result<UploadSummary> upload_missing(Api& api, const std::vector<LocalFile>& files, Io& io) {
    std::set<Digest> digests;
    for (const LocalFile& file : files) digests.insert(file.digest);
    BATON_ASSIGN(std::set<Digest> missing, ask_missing(api, digests));

    std::vector<const LocalFile*> wanted;
    UploadSummary summary;
    for (const LocalFile& file : files) {
        if (missing.erase(file.digest) == 0) continue;
        wanted.push_back(&file);
        summary.bytes += file.size;
    }
    summary.sent = wanted.size();
    Progress progress(io, "uploading", summary.bytes);
    std::uint64_t before = 0;
    for (const LocalFile* file : wanted) {
        BATON_TRY(upload_blob(api, *file, io, progress, before));
        before += file->size;
        progress.show(before);
    }
    return summary;
}

}  // namespace baton::cli
