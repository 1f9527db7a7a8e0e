// The servers a person has logged in to: ${XDG_CONFIG_HOME:-~/.config}/baton/profiles.json
//   {"default": "work", "profiles": {"work": {"url": "https://…", "token": "bt…"}}}
// The Python package reads the same file.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"
#include "cli/io.h"

namespace baton::cli {

struct Profile {
    std::string url;
    std::string token;
};

struct Profiles {
    std::string default_name = "default";
    std::map<std::string, Profile> profiles;
};

Result<Profile> named_profile(const Profiles& profiles, const std::string& name);  // not_found says how to make it

// One file; the caller sees that no two processes save at once (the last one wins, never a torn file).
class ProfileStore {
public:
    explicit ProfileStore(std::filesystem::path file) : file_(std::move(file)) {}
    // failed_precondition when neither XDG_CONFIG_HOME nor HOME is set.
    static Result<ProfileStore> locate(const Io& io);

    Result<Profiles> load() const;  // a missing file is an empty store
    // Writes beside the file and renames, readable by its owner alone (0600).
    Status save(const Profiles& profiles) const;
    const std::filesystem::path& file() const { return file_; }

private:
    std::filesystem::path file_;
};

}  // namespace baton::cli
