#include "cli/mirror.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "cli/files.h"

namespace baton::cli {
namespace {

namespace fs = std::filesystem;

constexpr unsigned file_mode = 0644;

Error mismatch(const artifacts::ManifestFile& file, const std::string& why) {
    return {.code = Code::integrity,
            .message = "'" + file.path + "' does not match the manifest: " + why,
            .hint = "nothing was replaced; baton fsck on the server tells whether its copy is damaged"};
}

Status fetch_file(const fs::path& target, const artifacts::ManifestFile& file, const Mirror::Fetch& fetch) {
    BATON_ASSIGN(FileWriter writer, FileWriter::create(target, file_mode));
    Sha256 hash;
    std::uint64_t size = 0;
    Status written;
    const Status fetched = fetch(file, [&](std::span<const char> bytes) {
        const std::string_view piece(bytes.data(), bytes.size());
        size += piece.size();
        hash.update(piece);
        if (size <= file.size) written = writer.write(piece);
        return written.ok() && size <= file.size;
    });
    BATON_TRY(std::move(written));
    if (size <= file.size) BATON_TRY(fetched);  // longer: it was stopped here, which is no failure of the transfer
    if (size != file.size) {
        return mismatch(file, (size > file.size ? "more than " : std::to_string(size) + " bytes instead of ") +
                                  std::to_string(file.size) + (size > file.size ? " bytes" : ""));
    }
    if (const Digest digest = hash.finish(); digest != file.digest) {
        return mismatch(file, digest.text() + " instead of " + file.digest.text());
    }
    return writer.finish();
}

bool holds(const fs::path& folder, const artifacts::Manifest& manifest) {
    std::error_code error;
    for (const artifacts::ManifestFile& file : manifest.files()) {
        if (!fs::is_regular_file(fs::symlink_status(folder / file.path, error))) return false;
        LocalFile local{.path = file.path, .source = folder / file.path, .size = 0, .digest = {}};
        if (!hash_file(local, [](std::uint64_t) {}).ok()) return false;
        if (local.digest != file.digest || local.size != file.size) return false;
    }
    return true;
}

Status sync_tree(const fs::path& folder) {
    std::error_code error;
    for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        if (it->is_directory(error)) BATON_TRY(sync_folder(it->path()));
    }
    if (error) return system_error("cannot list", folder, error.value());
    return sync_folder(folder);
}

Status make_folder(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return system_error("cannot create", folder, error.value());
    return {};
}

// DIR must be absent, an empty folder (which goes) or a link that an earlier pull made.
Status check_place(const fs::path& directory, const fs::path& versions) {
    std::error_code error;
    const fs::file_status status = fs::symlink_status(directory, error);
    if (!fs::exists(status)) return {};
    if (fs::is_symlink(status)) {
        if (fs::read_symlink(directory, error).parent_path() == versions.filename()) return {};
        return failed_precondition("'" + directory.string() + "' is a link that no pull has made",
                                   "name another folder, or remove the link");
    }
    if (fs::is_directory(status) && ::rmdir(directory.c_str()) == 0) return {};
    return failed_precondition("'" + directory.string() + "' exists and was not made by a pull",
                               "name another folder: DIR becomes a link into DIR.versions");
}

Result<int> take_lock(const fs::path& versions) {
    const fs::path file = versions / ".lock";
    const int lock = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, file_mode);
    if (lock < 0) return system_error("cannot open", file, errno);
    if (::flock(lock, LOCK_EX | LOCK_NB) == 0) return lock;
    ::close(lock);
    return failed_precondition("another pull is at work in '" + versions.string() + "'", "wait for it, or stop it");
}

}  // namespace

Result<Mirror> Mirror::open(const fs::path& directory) {
    std::error_code error;  // of an empty name, or a working folder that is gone
    fs::path place = fs::absolute(directory, error).lexically_normal();
    if (!place.has_filename()) place = place.parent_path();
    if (error || !place.has_filename())
        return invalid_argument("'" + directory.string() + "' cannot hold a pulled version");
    const fs::path versions = place.string() + ".versions";
    BATON_TRY(check_place(place, versions));
    BATON_TRY(make_folder(versions));
    BATON_ASSIGN(const int lock, take_lock(versions));
    return Mirror(std::move(place), versions, lock);
}

Mirror::Mirror(fs::path directory, fs::path versions, int lock)
    : directory_(std::move(directory)), versions_(std::move(versions)), lock_(lock) {}

Mirror::Mirror(Mirror&& other) noexcept
    : directory_(std::move(other.directory_)),
      versions_(std::move(other.versions_)),
      lock_(std::exchange(other.lock_, -1)) {}

Mirror::~Mirror() {
    if (lock_ >= 0) ::close(lock_);
}

std::optional<Digest> Mirror::shown() const {
    std::error_code error;
    const fs::path target = fs::read_symlink(directory_, error);
    return error ? std::nullopt : Digest::from_hex(target.filename().string());
}

Status Mirror::show(const artifacts::Manifest& manifest, const Fetch& fetch) {
    const Digest digest = manifest.digest();
    const std::optional<Digest> before = shown();
    if (!holds(versions_ / digest.hex(), manifest)) BATON_TRY(fetch_all(manifest, fetch));
    if (before == digest) return {};
    BATON_TRY(swap_link(digest));
    remove_old(digest, before);
    return {};
}

Status Mirror::fetch_all(const artifacts::Manifest& manifest, const Fetch& fetch) const {
    const fs::path incoming = versions_ / ".incoming";
    const fs::path final_place = versions_ / manifest.digest().hex();
    std::error_code error;
    fs::remove_all(incoming, error);
    const auto fetch_into = [&]() -> Status {
        for (const artifacts::ManifestFile& file : manifest.files()) {
            const fs::path target = incoming / file.path;
            BATON_TRY(make_folder(target.parent_path()));
            BATON_TRY(fetch_file(target, file, fetch));
        }
        return sync_tree(incoming);
    };
    Status fetched = fetch_into();
    if (!fetched.ok()) {
        fs::remove_all(incoming, error);
        return fetched;
    }
    // A damaged copy that is already there, and may be shown, is exchanged in one step and then removed.
    const unsigned flags = fs::exists(final_place, error) ? RENAME_EXCHANGE : RENAME_NOREPLACE;
    if (::renameat2(AT_FDCWD, incoming.c_str(), AT_FDCWD, final_place.c_str(), flags) != 0) {
        return system_error("cannot put into place", final_place, errno);
    }
    fs::remove_all(incoming, error);
    return sync_folder(versions_);
}

Status Mirror::swap_link(const Digest& digest) const {
    const fs::path link = versions_ / ".link";
    std::error_code error;
    fs::remove(link, error);
    fs::create_symlink(versions_.filename() / digest.hex(), link, error);  // relative: the pair can be moved together
    if (error) return system_error("cannot link", link, error.value());
    if (::rename(link.c_str(), directory_.c_str()) != 0) return system_error("cannot replace", directory_, errno);
    return sync_folder(directory_.parent_path());
}

void Mirror::remove_old(const Digest& current, const std::optional<Digest>& previous) const {
    std::error_code error;
    std::vector<fs::path> old;
    for (fs::directory_iterator it(versions_, error), end; !error && it != end; it.increment(error)) {
        const auto digest = Digest::from_hex(it->path().filename().string());
        if (digest && digest != current && digest != previous) old.push_back(it->path());
    }
    for (const fs::path& folder : old) fs::remove_all(folder, error);
}

}  // namespace baton::cli
