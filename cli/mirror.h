// A folder that shows one version at a time, whole and verified:
//
//   DIR                      a link to DIR.versions/<digest>, swapped by one rename
//   DIR.versions/<digest>/   the files of the version with that manifest digest (64 hex digits)
//   DIR.versions/.incoming/  a download in progress
//   DIR.versions/.lock       held while a pull is at work
//
// The version before the shown one is kept, for readers that still have its files open; older ones are removed.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>

#include "artifacts/manifest.h"
#include "base/digest.h"
#include "base/result.h"

namespace baton::cli {

// Not thread-safe; at most one object a folder on a machine.
class Mirror {
public:
    using Write = std::function<bool(std::span<const char>)>;
    // Gives the bytes of a file to `write` in order; stops when that answers false.
    using Fetch = std::function<Status(const artifacts::ManifestFile&, const Write&)>;

    // failed_precondition: DIR is something that a pull has not made, or another pull is at work.
    static Result<Mirror> open(const std::filesystem::path& directory);
    Mirror(Mirror&& other) noexcept;
    Mirror& operator=(Mirror&&) = delete;
    ~Mirror();

    // The digest of the version that DIR shows.
    std::optional<Digest> shown() const;
    // Fetches the files that the manifest names (or verifies those that are there already), checks every size and
    // digest and then shows them. integrity, and DIR is as before, when a file does not match.
    Status show(const artifacts::Manifest& manifest, const Fetch& fetch);

private:
    Mirror(std::filesystem::path directory, std::filesystem::path versions, int lock);
    Status fetch_all(const artifacts::Manifest& manifest, const Fetch& fetch) const;
    Status swap_link(const Digest& digest) const;
    void remove_old(const Digest& current, const std::optional<Digest>& previous) const;

    std::filesystem::path directory_;
    std::filesystem::path versions_;
    int lock_;
};

}  // namespace baton::cli
