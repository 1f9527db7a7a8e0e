#include "server/inference/json_reader.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "server/inference/json_value.h"
#include "server/transport/http.h"

namespace baton::server {
namespace {

namespace ondemand = simdjson::ondemand;

static_assert(Request::body_padding >= simdjson::SIMDJSON_PADDING);

// Bodies up to this size are read with a parser that their thread keeps, so that they cost no allocation.
constexpr std::size_t small_body = 64 * 1024;
constexpr std::size_t usual_keys = 8;

// The parser's memory for larger bodies lives as long as their reading.
class Parser {
public:
    explicit Parser(std::size_t size) : parser_(size <= small_body ? kept() : own_) {}
    ondemand::parser& operator*() { return parser_; }

    // Memory that one takes for a document: four bytes for each token, which may be a byte, and all strings unescaped.
    static constexpr std::size_t cost(std::size_t size) { return size * 4 + size * 5 / 3; }

private:
    static ondemand::parser& kept() {
        thread_local ondemand::parser parser = [] {
            ondemand::parser fresh;
            if (fresh.allocate(small_body)) return ondemand::parser();  // tries again when it is used
            return fresh;
        }();
        return parser;
    }

    ondemand::parser own_;
    ondemand::parser& parser_;
};

// Puts a zero behind the JSON while it is read, as the parser looks there when the JSON is cut off: what follows must
// not go on with it.
class EndMark {
public:
    EndMark(std::string& body, std::size_t at) : body_(body), at_(at), hidden_(body[at]) { body_[at_] = '\0'; }
    ~EndMark() { body_[at_] = hidden_; }
    EndMark(const EndMark&) = delete;
    EndMark& operator=(const EndMark&) = delete;

private:
    std::string& body_;
    const std::size_t at_;
    const char hidden_;
};

Error unexpected(const JsonPlace& place, std::string_view expected, ondemand::value& found) {
    return invalid_argument(place.text() + ": expected " + std::string(expected) + ", found " + describe_json(found));
}

Status check_unread(JsonValue& value);

// The keys of one object, none of which may be there twice. Usual objects cost no allocation.
class Keys {
public:
    Status add(std::string_view key) {
        if (count_ == few_.size()) {
            more_.push_back(key);
            return {};
        }
        for (std::size_t i = 0; i < count_; ++i) {
            if (few_[i] == key) return twice(key);
        }
        few_[count_++] = key;
        return {};
    }

    Status finish() {
        if (more_.empty()) return {};
        more_.insert(more_.end(), few_.begin(), few_.end());
        std::ranges::sort(more_);
        const auto found = std::ranges::adjacent_find(more_);
        return found == more_.end() ? Status() : twice(*found);
    }

private:
    static Error twice(std::string_view key) {
        return invalid_argument("the key \"" + std::string(key) + "\" is there twice");
    }

    std::array<std::string_view, usual_keys> few_;  // the first count_ of them
    std::size_t count_ = 0;
    std::vector<std::string_view> more_;
};

Status read_object(ondemand::object object, int depth, const JsonFieldReader& reader) {
    BATON_TRY(check_json_depth(depth));
    Keys keys;
    for (auto item : object) {
        ondemand::field field;
        std::string_view key;
        if (const auto error = std::move(item).get(field)) return malformed_json(error);
        if (const auto error = field.unescaped_key().get(key)) return malformed_json(error);
        BATON_TRY(keys.add(key));
        JsonValue child{field.value(), depth + 1};
        BATON_TRY(reader(key, child));
        if (!child.read) BATON_TRY(check_unread(child));
    }
    return keys.finish();
}

Status read_list(ondemand::array array, int depth, const JsonElementReader& reader) {
    BATON_TRY(check_json_depth(depth));
    for (auto item : array) {
        JsonValue child{{}, depth + 1};
        if (const auto error = std::move(item).get(child.value)) return malformed_json(error);
        BATON_TRY(reader(child));
        if (!child.read) BATON_TRY(check_unread(child));
    }
    return {};
}

template <class T>
Status check_scalar(ondemand::value& value) {
    T ignored;
    if (const auto error = value.get(ignored)) return malformed_json(error);
    return {};
}

Status check_unread(JsonValue& value) {
    const auto leave_alone = [](auto&&...) -> Status { return {}; };
    ondemand::json_type type{};
    if (const auto error = value.value.type().get(type)) return malformed_json(error);
    switch (type) {
        case ondemand::json_type::object:
            return read_fields(value, "", leave_alone);
        case ondemand::json_type::array:
            return read_elements(value, "", leave_alone);
        case ondemand::json_type::number:
            return check_scalar<double>(value.value);
        case ondemand::json_type::string:
            return check_scalar<std::string_view>(value.value);
        case ondemand::json_type::boolean:
            return check_scalar<bool>(value.value);
        case ondemand::json_type::null:
            break;
    }
    bool null = false;
    if (const auto error = value.value.is_null().get(null)) return malformed_json(error);
    return {};
}

template <class T>
Result<T> read_scalar(JsonValue& value, const JsonPlace& place, std::string_view expected) {
    T scalar;
    if (value.value.get(scalar)) return unexpected(place, expected, value.value);
    value.read = true;
    return scalar;
}

Status check_end(ondemand::document& document) {
    // The parser's way to say that there is nothing left.
    if (document.current_location().error() == simdjson::OUT_OF_BOUNDS) return {};
    return malformed_json(simdjson::TRAILING_CONTENT);
}

ondemand::json_type type_of(JsonValue& value) {
    ondemand::json_type type{};
    return value.value.type().get(type) ? ondemand::json_type::null : type;
}

}  // namespace

std::string describe_json(ondemand::value& value) {
    switch (const std::string_view token = token_of(value); token.empty() ? '\0' : token.front()) {
        case '"':
            return "a string";
        case '{':
            return "an object";
        case '[':
            return "a list";
        case 't':
        case 'f':
            return "a boolean";
        case 'n':
            return "null";
        case 'N':
        case 'I':
            return "NaN or Infinity, which JSON does not have";
        default:
            return "'" + std::string(token) + "'";
    }
}

std::string_view token_of(ondemand::value& value) {
    constexpr std::size_t longest = 40;
    const std::string_view token = std::string_view(value.raw_json_token()).substr(0, longest);
    return token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
}

Error too_deep() {
    return invalid_argument("the body is nested deeper than " + std::to_string(json_depth_limit) + " levels");
}

Status read_json_object(std::string& body, const JsonFieldReader& reader) {
    return read_json_object(body, body.size(), {}, reader);
}

Status read_json_object(std::string& body, std::size_t size, const DecodeLimits& limits,
                        const JsonFieldReader& reader) {
    if (size > small_body) BATON_TRY(limits.take(Parser::cost(size)));
    const EndMark mark(body, size);
    body.reserve(size + simdjson::SIMDJSON_PADDING);
    Parser parser(size);
    ondemand::document document;
    ondemand::object object;
    if (const auto error = (*parser).iterate(body.data(), size, body.capacity()).get(document)) {
        return malformed_json(error);
    }
    if (const auto error = document.get_object().get(object)) {
        if (error != simdjson::INCORRECT_TYPE) return malformed_json(error);
        return invalid_argument("the body must be a JSON object");
    }
    BATON_TRY(read_object(object, 0, reader));
    return check_end(document);
}

Status read_fields(JsonValue& value, const JsonPlace& place, const JsonFieldReader& reader) {
    ondemand::object object;
    if (value.value.get(object)) return unexpected(place, "an object", value.value);
    value.read = true;
    return read_object(object, value.depth, reader);
}

Status read_elements(JsonValue& value, const JsonPlace& place, const JsonElementReader& reader) {
    ondemand::array array;
    if (value.value.get(array)) return unexpected(place, "a list", value.value);
    value.read = true;
    return read_list(array, value.depth, reader);
}

Result<std::string_view> read_string(JsonValue& value, const JsonPlace& place) {
    return read_scalar<std::string_view>(value, place, "a string");
}

Result<bool> read_bool(JsonValue& value, const JsonPlace& place) {
    return read_scalar<bool>(value, place, "true or false");
}

Result<std::int64_t> read_integer(JsonValue& value, const JsonPlace& place) {
    return read_scalar<std::int64_t>(value, place, "an integer");
}

bool is_null(JsonValue& value) { return value.value.raw_json_token().starts_with("null"); }
bool is_object(JsonValue& value) { return type_of(value) == ondemand::json_type::object; }
bool is_number(JsonValue& value) { return type_of(value) == ondemand::json_type::number; }

bool is_list_of_objects(JsonValue& value) {
    if (type_of(value) != ondemand::json_type::array) return false;
    const std::string_view bracket = value.value.raw_json_token();  // with the white space up to the next token
    return *(bracket.data() + bracket.size()) == '{';
}

Result<PostponedList> postpone_list(JsonValue& value, const JsonPlace& place) {
    ondemand::array array;
    std::string_view text;
    if (value.value.get(array)) return unexpected(place, "a list", value.value);
    if (const auto error = array.raw_json().get(text)) return malformed_json(error);
    value.read = true;
    return PostponedList{text, value.depth};
}

Status read_postponed(const PostponedList& list, const DecodeLimits& limits, const JsonElementReader& reader) {
    BATON_TRY(limits.take(Parser::cost(list.text.size())));
    // A parser of its own, as the thread's one is in the middle of the body. The list is a part of that body, so the
    // padding behind the body is behind the list too.
    ondemand::parser parser;
    ondemand::document document;
    JsonValue whole{{}, list.depth};
    const std::size_t padded = list.text.size() + simdjson::SIMDJSON_PADDING;
    if (const auto error = parser.iterate(list.text, padded).get(document)) return malformed_json(error);
    if (const auto error = document.get_value().get(whole.value)) return malformed_json(error);
    BATON_TRY(reader(whole));
    if (!whole.read) BATON_TRY(check_unread(whole));
    return check_end(document);
}

}  // namespace baton::server
