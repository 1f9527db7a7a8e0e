#include "inference/onnx/wire.h"

#include <google/protobuf/descriptor.h>

#include <optional>
#include <vector>

namespace baton::inference::onnx {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr std::size_t kMaxDepth = 100;  // protobuf's own

enum class Wire : std::uint8_t { varint = 0, eight_bytes = 1, length_delimited = 2, four_bytes = 5 };

std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 10 && i < bytes.size(); ++i) {
        const auto byte = static_cast<unsigned char>(bytes[i]);
        value |= static_cast<std::uint64_t>(byte & 0x7fu) << (7 * i);
        if ((byte & 0x80u) != 0) continue;
        bytes.remove_prefix(i + 1);
        return value;
    }
    return std::nullopt;
}

class Walk {
public:
    explicit Walk(const Descriptor& kind) : kind_(kind) {}

    Status run(std::string_view bytes) {
        open_.push_back({bytes, &kind_});
        while (!open_.empty()) {
            if (open_.back().left.empty()) {
                open_.pop_back();
                continue;
            }
            if (!take_field()) return invalid_argument("the bytes are not an ONNX model");
            if (messages_ > kMaxMessages) return too_many(kMaxMessages, "messages");
            if (texts_ > kMaxTexts) return too_many(kMaxTexts, "texts");
        }
        return {};
    }

private:
    struct Message {
        std::string_view left;
        const Descriptor* kind;
    };

    static Error too_many(std::size_t bound, const char* what) {
        return {.code = Code::too_large,
                .message = "the ONNX model has more than " + std::to_string(bound) + " " + what + " in its file"};
    }

    // One field of the innermost message, or the beginning of a message in it.
    bool take_field() {
        std::string_view& left = open_.back().left;
        const auto tag = take_varint(left);
        if (!tag || *tag >> 3 == 0 || *tag >> 3 > FieldDescriptor::kMaxNumber) return false;
        const FieldDescriptor* field = open_.back().kind->FindFieldByNumber(static_cast<int>(*tag >> 3));
        if (field == nullptr) ++messages_;
        switch (static_cast<Wire>(*tag & 7u)) {
            case Wire::varint:
                return take_varint(left).has_value();
            case Wire::eight_bytes:
                return skip(8);
            case Wire::four_bytes:
                return skip(4);
            case Wire::length_delimited:
                return take_length_delimited(field);
        }
        return false;  // groups, which ONNX has none of
    }

    bool take_length_delimited(const FieldDescriptor* field) {
        std::string_view& left = open_.back().left;
        const auto length = take_varint(left);
        if (!length || *length > left.size()) return false;
        const std::string_view content = left.substr(0, *length);
        left.remove_prefix(*length);
        if (field == nullptr) return true;
        if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) ++texts_;
        if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return true;
        ++messages_;
        if (open_.size() > kMaxDepth) return false;
        open_.push_back({content, field->message_type()});
        return true;
    }

    bool skip(std::size_t count) {
        std::string_view& left = open_.back().left;
        if (count > left.size()) return false;
        left.remove_prefix(count);
        return true;
    }

    const Descriptor& kind_;
    std::vector<Message> open_;  // from the outermost inwards
    std::size_t messages_ = 0;
    std::size_t texts_ = 0;
};

}  // namespace

Status check_wire(std::string_view bytes, const Descriptor& kind) { return Walk(kind).run(bytes); }

}  // namespace baton::inference::onnx
