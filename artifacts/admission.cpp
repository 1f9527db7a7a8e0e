#include "artifacts/admission.h"

#include <algorithm>
#include <array>

#include "artifacts/scan/content.h"
#include "artifacts/unicode.h"
#include "base/encoding.h"

namespace baton::artifacts {
namespace {

constexpr std::size_t head_size = 64 * 1024;
constexpr std::size_t named_members = 3;  // in one message

std::string printable(std::string_view name) {
    const bool is_good = is_valid_utf8(name) && std::none_of(name.begin(), name.end(), [](char c) {
                             const auto byte = static_cast<unsigned char>(c);
                             return byte < 0x20 || byte == 0x7f;
                         });
    return is_good ? std::string(name) : "(a name that cannot be printed)";
}

std::string extension_of(std::string_view path) {
    const std::size_t dot = path.find_last_of("./");
    if (dot == std::string_view::npos || path[dot] == '/' || !is_valid_utf8(path)) return {};
    return fold_case(path.substr(dot + 1));
}

bool promises_pickle(const std::string& extension) {
    constexpr std::array<std::string_view, 8> endings = {"pkl", "pickle", "pt", "pth", "ckpt", "joblib", "dill", "p"};
    return std::find(endings.begin(), endings.end(), extension) != endings.end();
}

std::string list_names(const std::vector<std::string_view>& names) {
    std::string list;
    for (std::size_t i = 0; i < std::min(names.size(), named_members); ++i) {
        list += (i == 0 ? "" : ", ") + printable(names[i]);
    }
    if (names.size() > named_members) list += " and " + std::to_string(names.size() - named_members) + " more";
    return list;
}

// A member that has the name of a pickle and content that is nothing known.
bool breaks_promise(const ArchiveMember& member) {
    if (member.method != ArchiveMember::Method::stored || member.data.empty()) return false;
    return promises_pickle(extension_of(member.name)) && recognise(member.data.substr(0, head_size)) == Format::unknown;
}

std::vector<Finding> scan_archive(const std::string& name, const Archive& archive) {
    std::vector<Finding> findings;
    std::vector<std::string_view> pickles, unscannable;
    std::uint64_t budget = inflate_budget;
    for (const ArchiveMember& member : archive.members) {
        Verdict verdict = scan_member(member, budget);
        if (verdict == Verdict::clean && breaks_promise(member)) verdict = Verdict::unscannable;
        if (verdict == Verdict::pickle) pickles.push_back(member.name);
        if (verdict == Verdict::unscannable) unscannable.push_back(member.name);
    }
    if (!pickles.empty()) {
        findings.push_back(
            {"blocking", "pickle_in_archive",
             name + " is an archive that holds pickles, which run code when they are loaded: " + list_names(pickles)});
    }
    if (!unscannable.empty()) {
        findings.push_back(
            {"blocking", "unscannable",
             name + " is an archive with members that cannot be looked into: " + list_names(unscannable)});
    }
    if (!archive.fault.empty()) {
        findings.push_back({"blocking", "unscannable", name + " is a broken archive: " + std::string(archive.fault)});
    }
    return findings;
}

// What the name's ending promises, where that is one format.
std::optional<Format> promised_format(const std::string& extension) {
    constexpr std::array<std::pair<std::string_view, Format>, 9> endings = {{
        {"onnx", Format::onnx},
        {"zip", Format::zip},
        {"npz", Format::zip},
        {"npy", Format::npy},
        {"safetensors", Format::safetensors},
        {"h5", Format::hdf5},
        {"hdf5", Format::hdf5},
        {"json", Format::json},
        {"keras", Format::zip},
    }};
    for (const auto& [ending, format] : endings) {
        if (extension == ending) return format;
    }
    return std::nullopt;
}

void scan_label(const std::string& name, const std::string& extension, Format format, std::vector<Finding>& findings) {
    const auto promised = promised_format(extension);
    const bool is_kept = format == promised || (promised == Format::npy && format == Format::npy_objects);
    if (promised && !is_kept) {
        findings.push_back({"warning", "mislabelled",
                            name + " is not what its name says: its content is " +
                                (format == Format::unknown ? "of no known format" : std::string(format_name(format)))});
    }
    if (format == Format::hdf5) {
        findings.push_back(
            {"info", "hdf5", name + " is an HDF5 file, which can carry code; it is stored, never loaded"});
    }
    if (format == Format::unknown && extension == "bin") {
        findings.push_back({"info", "unknown_format", name + " is of no known format"});
    }
}

}  // namespace

std::vector<Finding> scan_file(std::string_view path, std::string_view content) {
    const std::string name = printable(path);
    const std::string extension = extension_of(path);
    const Format format = recognise(content.substr(0, head_size));
    const Archive archive = read_archive(content);
    std::vector<Finding> findings = scan_archive(name, archive);
    std::uint64_t budget = inflate_budget;
    Verdict verdict = scan_content(content, budget);  // of an archive as well: a file can be both
    const bool is_known = format != Format::unknown || archive.is_archive || content.empty();
    if (verdict == Verdict::clean && !is_known && promises_pickle(extension)) verdict = Verdict::unscannable;
    if (verdict == Verdict::pickle) {
        findings.push_back(
            {"blocking", "pickle",
             name + " is a pickle or holds one, which runs code when it is loaded; export the model to ONNX"});
    } else if (verdict == Verdict::unscannable) {
        findings.push_back(
            {"blocking", "unscannable", name + " cannot be looked into, so what it does when it is loaded is unknown"});
    }
    scan_label(name, extension, format, findings);
    return findings;
}

}  // namespace baton::artifacts
