#include <algorithm>
#include <array>

#include "artifacts/admission.h"
#include "artifacts/scan/npy.h"
#include "artifacts/scan/pickle.h"
#include "base/encoding.h"

namespace baton::artifacts {
namespace {

constexpr std::size_t head_size = 64 * 1024;

// Reads protobuf fields as far as they go.
class ProtobufReader {
public:
    explicit ProtobufReader(std::string_view bytes) : bytes_(bytes) {}
    bool at_end() const { return bytes_.empty(); }

    bool varint(std::uint64_t& value) {
        value = 0;
        for (unsigned shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(bytes_.front());
            bytes_.remove_prefix(1);
            value |= std::uint64_t{byte & 0x7fU} << shift;
            if (byte < 0x80) return true;
        }
        return false;
    }
    // May end before the field does: then nothing is left.
    void skip(std::uint64_t count) { bytes_.remove_prefix(std::min<std::uint64_t>(count, bytes_.size())); }

private:
    std::string_view bytes_;
};

// The fields of an ONNX ModelProto: a small IR version, a graph, and nothing that does not belong.
bool is_onnx(std::string_view head) {
    ProtobufReader reader(head);
    bool has_version = false, has_graph = false;
    while (!reader.at_end()) {
        std::uint64_t tag = 0, value = 0;
        if (!reader.varint(tag)) break;  // cut off
        const std::uint64_t field = tag >> 3, wire_type = tag & 7;
        const bool is_number = field == 1 || field == 5;  // ir_version, model_version
        const bool is_message = (field >= 2 && field <= 8) || field == 14 || field == 20 || field == 25 || field == 26;
        if (wire_type != (is_number ? 0U : 2U) || (!is_number && !is_message)) return false;
        if (!reader.varint(value)) break;
        if (field == 1 && (value == 0 || value > 1000)) return false;
        has_version |= field == 1;
        has_graph |= field == 7;
        if (!is_number) reader.skip(value);
    }
    return has_version && has_graph;
}

bool is_safetensors(std::string_view head) {
    if (head.size() < 10) return false;
    std::uint64_t size = 0;
    for (std::size_t i = 8; i-- > 0;) size = size << 8 | static_cast<unsigned char>(head[i]);
    return size >= 2 && size <= 100'000'000 && head[8] == '{' && (head[9] == '"' || head[9] == '}' || head[9] == ' ');
}

bool is_text(std::string_view head) {
    if (head.empty()) return false;
    if (head.size() >= head_size) {  // the last character may be cut
        for (int i = 0; i < 3 && (head.back() & 0xc0) == 0x80; ++i) head.remove_suffix(1);
        if ((head.back() & 0x80) != 0) head.remove_suffix(1);
    }
    return is_valid_utf8(head) && std::none_of(head.begin(), head.end(), [](char c) {
               const auto byte = static_cast<unsigned char>(c);
               return (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r' && byte != '\f') || byte == 0x7f;
           });
}

bool looks_like_json(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos || (text[first] != '{' && text[first] != '[')) return false;
    const std::size_t second = text.find_first_not_of(blanks, first + 1);
    if (second == std::string_view::npos) return false;
    const std::string_view allowed = text[first] == '{' ? "\"}" : "\"]{[-0123456789tfn";
    return allowed.find(text[second]) != std::string_view::npos;
}

}  // namespace

std::string_view format_name(Format format) {
    constexpr std::array<std::string_view, 10> names = {"unknown",     "onnx",        "pickle", "zip",  "npy",
                                                        "npy_objects", "safetensors", "hdf5",   "json", "text"};
    return names[static_cast<std::size_t>(format)];
}

Format recognise(std::string_view head) {
    if (head.starts_with("PK\x03\x04") || head.starts_with("PK\x05\x06")) return Format::zip;
    if (head.starts_with("\x89HDF\r\n\x1a\n")) return Format::hdf5;
    if (is_npy(head)) return npy_holds_objects(head) ? Format::npy_objects : Format::npy;
    const bool is_whole = head.size() < head_size;
    const PickleVerdict verdict = walk_pickle(head, is_whole ? head.size() : ~std::uint64_t{0});
    if (verdict == PickleVerdict::pickle) return Format::pickle;
    if (verdict == PickleVerdict::undecided && head.starts_with('\x80')) return Format::pickle;
    if (is_onnx(head)) return Format::onnx;
    if (is_safetensors(head)) return Format::safetensors;
    if (is_text(head)) return looks_like_json(head) ? Format::json : Format::text;
    return Format::unknown;
}

}  // namespace baton::artifacts
