#include "cli/context.h"

#include <cerrno>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>

#include "cli/files.h"

namespace baton::cli {
namespace {

// The server takes up to 60 seconds for what may wait (promote --wait, pull --watch); its answer still has to arrive.
constexpr int answer_seconds = 90;
constexpr const char* default_url = "http://127.0.0.1:8080";

std::string variable(const Io& io, const std::string& name) { return io.environment(name).value_or(""); }

}  // namespace

std::string normal_url(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    return url;
}

Result<Profile> resolve_target(const GlobalOptions& options, const Io& io) {
    const Result<ProfileStore> store = ProfileStore::locate(io);
    Profiles profiles;
    if (store.ok()) {
        BATON_ASSIGN(profiles, store->load());
    }
    Profile chosen;
    if (!options.profile.empty()) {
        BATON_ASSIGN(chosen, named_profile(profiles, options.profile));
    } else if (const auto found = profiles.profiles.find(profiles.default_name); found != profiles.profiles.end()) {
        chosen = found->second;
    }
    Profile target{.url = normal_url(options.server), .token = {}};
    if (target.url.empty() && options.profile.empty()) target.url = normal_url(variable(io, "BATON_URL"));
    if (target.url.empty()) target.url = normal_url(chosen.url);
    if (target.url.empty()) target.url = default_url;

    if (options.profile.empty()) target.token = variable(io, "BATON_TOKEN");
    if (target.token.empty() && target.url == normal_url(chosen.url)) target.token = chosen.token;
    return target;
}

Context::Context(GlobalOptions& options, Io& io) : options_(options), io_(io) {}

Result<std::reference_wrapper<Api>> Context::api() {
    if (!api_) {
        BATON_ASSIGN(const Profile target, resolve_target(options_, io_));
        server::ClientOptions client_options{.url = target.url, .token = target.token};
        client_options.read_seconds = answer_seconds;
        if (target.url == default_url) {
            client_options.no_answer_hint =
                "that is where `baton serve` listens unless told otherwise; `baton login URL`, BATON_URL or --server "
                "name another server";
        }
        BATON_ASSIGN(auto client, server::HttpClient::create(client_options));
        api_ = std::make_unique<Api>(std::move(client));
    }
    return std::ref(*api_);
}

Status Context::answer(const Json& document, const std::function<void(std::ostream&)>& people) {
    answered_ = true;
    if (options_.json) return print(dump(document, 2) + "\n");
    std::ostringstream text;
    people(text);
    return print(text.str());
}

// At once, because only the write that fails knows why: the stream does not keep it.
Status Context::print(std::string_view text) {
    errno = 0;
    io_.out.write(text.data(), static_cast<std::streamsize>(text.size())).flush();
    if (io_.out.good()) return {};
    return system_error("cannot write", "standard output", errno == 0 ? EIO : errno);
}

void Context::note(const std::string& text) { io_.err << printable(text) << "\n" << std::flush; }

}  // namespace baton::cli
