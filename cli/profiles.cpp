#include "cli/profiles.h"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "cli/files.h"
#include "cli/json.h"

namespace baton::cli {

namespace fs = std::filesystem;

Result<Profile> named_profile(const Profiles& profiles, const std::string& name) {
    const auto found = profiles.profiles.find(name);
    if (found != profiles.profiles.end()) return found->second;
    return not_found(
        "there is no profile '" + name + "'",
        "`baton profile list` shows those there are; `baton login URL --token TOKEN --profile " + name + "` makes it");
}

Result<ProfileStore> ProfileStore::locate(const Io& io) {
    if (const auto config = io.environment("XDG_CONFIG_HOME"); config && !config->empty()) {
        return ProfileStore(fs::path(*config) / "baton" / "profiles.json");
    }
    if (const auto home = io.environment("HOME"); home && !home->empty()) {
        return ProfileStore(fs::path(*home) / ".config" / "baton" / "profiles.json");
    }
    return failed_precondition("there is no place for profiles: neither XDG_CONFIG_HOME nor HOME is set",
                               "use BATON_URL and BATON_TOKEN instead");
}

Result<Profiles> ProfileStore::load() const {
    std::error_code error;
    if (!fs::exists(file_, error)) return Profiles();
    std::ifstream in(file_, std::ios::binary);
    if (!in) return system_error("cannot open", file_, errno);
    const std::string content(std::istreambuf_iterator<char>(in), {});
    BATON_ASSIGN(const Json document, parse_json(content, "'" + file_.string() + "'"));
    Profiles out;
    if (std::string name = text(document, "default"); !name.empty()) out.default_name = std::move(name);
    for (const auto& [name, entry] : member(document, "profiles").items()) {
        out.profiles[name] = {.url = text(entry, "url"), .token = text(entry, "token")};
    }
    return out;
}

Status ProfileStore::save(const Profiles& profiles) const {
    Json entries = Json::object();
    for (const auto& [name, profile] : profiles.profiles) {
        entries[name] = {{"url", profile.url}, {"token", profile.token}};
    }
    const Json document = {{"default", profiles.default_name}, {"profiles", std::move(entries)}};
    std::error_code error;
    fs::create_directories(file_.parent_path(), error);
    if (error) return system_error("cannot create", file_.parent_path(), error.value());
    return write_private_file(file_, dump(document, 2) + "\n");
}

}  // namespace baton::cli
