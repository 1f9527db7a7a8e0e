#include "artifacts/manifest.h"

#include <algorithm>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "artifacts/unicode.h"

namespace baton::artifacts {
namespace {

constexpr std::size_t max_files = 10'000;
constexpr std::uint64_t max_total_size = (std::uint64_t{1} << 53) - 1;

// Collects what is wrong with the files of one list.
class Check {
public:
    explicit Check(const std::vector<ManifestFile>& files) : files_(files) {}

    std::vector<FieldError> run() {
        for (std::size_t i = 0; i < files_.size(); ++i) check_file(i);
        for (const auto& [folded, place] : places_) check_folders(folded, place);
        std::sort(errors_.begin(), errors_.end());
        std::vector<FieldError> fields;
        for (const auto& [place, message] : errors_) {
            fields.push_back({"files[" + std::to_string(place) + "]", message});
        }
        return fields;
    }

private:
    void check_file(std::size_t place) {
        const ManifestFile& file = files_[place];
        if (const Status status = check_path(file.path); !status.ok()) {
            errors_.emplace_back(place, status.error().message);
            return;
        }
        const auto [other, inserted] = places_.emplace(fold_case(file.path), place);
        if (!inserted) {
            const std::string& first = files_[other->second].path;
            errors_.emplace_back(place, first == file.path ? file.path + " is listed twice"
                                                           : file.path + " differs from " + first + " by case only");
        }
        if (file.size > max_total_size - total_) {
            errors_.emplace_back(place, file.path + " brings the total size beyond 2^53 - 1 bytes");
        } else {
            total_ += file.size;
        }
    }

    void check_folders(const std::string& folded, std::size_t place) {
        for (std::size_t slash = folded.find('/'); slash != std::string::npos; slash = folded.find('/', slash + 1)) {
            const auto other = places_.find(folded.substr(0, slash));
            if (other == places_.end()) continue;
            errors_.emplace_back(
                place, files_[place].path + " needs a folder where " + files_[other->second].path + " is a file");
        }
    }

    const std::vector<ManifestFile>& files_;
    std::unordered_map<std::string, std::size_t> places_;  // by folded path
    std::vector<std::pair<std::size_t, std::string>> errors_;
    std::uint64_t total_ = 0;
};

}  // namespace

Result<Manifest> Manifest::create(std::vector<ManifestFile> files) {
    if (files.empty()) return invalid_argument("a version needs at least one file");
    if (files.size() > max_files) {
        return invalid_argument("a version has at most 10000 files, not " + std::to_string(files.size()),
                                "pack small files together");
    }
    if (std::vector<FieldError> errors = Check(files).run(); !errors.empty()) {
        Error error = invalid_argument("the list of files is wrong: " + errors.front().message);
        error.fields = std::move(errors);
        return error;
    }
    std::sort(files.begin(), files.end(), [](const ManifestFile& a, const ManifestFile& b) { return a.path < b.path; });
    return Manifest(std::move(files));
}

std::uint64_t Manifest::total_size() const {
    std::uint64_t total = 0;
    for (const ManifestFile& file : files_) total += file.size;
    return total;
}

const ManifestFile* Manifest::find(std::string_view path) const {
    const auto file = std::lower_bound(files_.begin(), files_.end(), path,
                                       [](const ManifestFile& f, std::string_view p) { return f.path < p; });
    return file != files_.end() && file->path == path ? &*file : nullptr;
}

std::string Manifest::canonical() const {
    // RFC 8785 asks for sorted keys (the library keeps them so), no white space, strings as they are but for control
    // characters, quotes and backslashes, and integers that a double holds exactly: all of it true of this document.
    nlohmann::json list = nlohmann::json::array();
    for (const ManifestFile& file : files_) {
        list.push_back({{"digest", file.digest.text()}, {"path", file.path}, {"size", file.size}});
    }
    return nlohmann::json{{"files", std::move(list)}, {"format", "baton-manifest/1"}}.dump();
}

Digest Manifest::digest() const { return sha256(canonical()); }

}  // namespace baton::artifacts
