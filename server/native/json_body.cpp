#include "server/native/json_body.h"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "base/joined.h"
#include "registry/canonical_json.h"

namespace baton::server::native {
namespace {

using nlohmann::json;

constexpr std::size_t max_depth = 64;
constexpr std::size_t most_findings = 100;

// Refuses what nlohmann's parser lets pass: duplicate names and deep nesting.
class StrictnessCheck {
public:
    bool operator()(int depth, json::parse_event_t event, json& parsed) {
        if (depth > static_cast<int>(max_depth)) too_deep = true;
        if (event == json::parse_event_t::object_start) names_.emplace_back();
        if (event == json::parse_event_t::object_end) names_.pop_back();
        if (event == json::parse_event_t::key && !names_.back().insert(parsed.get<std::string>()).second) {
            duplicate = parsed.get<std::string>();
        }
        return true;
    }

    bool too_deep = false;
    std::optional<std::string> duplicate;

private:
    std::vector<std::set<std::string>> names_;
};

// Nesting, seen before the parser recurses or allocates for it.
bool nested_too_deep(std::string_view text) {
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > max_depth) return true;
        } else if ((c == ']' || c == '}') && depth > 0) {
            --depth;
        }
    }
    return false;
}

}  // namespace

struct JsonBody::State {
    json document;
    std::vector<FieldError> errors;
};

struct JsonBody::Node {
    const json* value;
    std::string path;  // "report." before the names of nested fields
    std::set<std::string> known;
};

JsonBody::JsonBody(std::shared_ptr<State> state, std::unique_ptr<Node> node)
    : state_(std::move(state)), node_(std::move(node)) {}

// Whatever was not asked for is unknown. A moved-from object has no node.
JsonBody::~JsonBody() {
    if (node_) note_unknown_fields();
}

void JsonBody::note_unknown_fields() {
    const std::string known = node_->known.empty() ? "none is known here" : "known are " + joined(node_->known);
    for (const auto& [name, value] : node_->value->items()) {
        if (state_->errors.size() == most_findings) return;
        if (node_->known.insert(name).second) wrong(name, "is not a known field; " + known);
    }
}

JsonBody::JsonBody(JsonBody&&) noexcept = default;
JsonBody& JsonBody::operator=(JsonBody&&) noexcept = default;

Result<JsonBody> JsonBody::parse(std::string_view text) {
    auto state = std::make_shared<State>();
    if (text.empty()) text = "{}";
    if (text.starts_with("\xef\xbb\xbf")) return invalid_argument("The body begins with a byte-order mark.");
    if (nested_too_deep(text)) return invalid_argument("The body is nested more than 64 levels deep.");
    StrictnessCheck check;
    try {
        state->document = json::parse(text, std::ref(check));
    } catch (const json::exception& error) {
        const std::string_view what = error.what();  // "[json.exception…] what is wrong and where"
        return invalid_argument("The body is not valid JSON: " + std::string(what.substr(what.find("] ") + 2)));
    }
    if (check.duplicate) return invalid_argument("The body has the name \"" + *check.duplicate + "\" twice.");
    if (!state->document.is_object()) return invalid_argument("The body must be a JSON object.");
    auto node = std::make_unique<Node>();
    node->value = &state->document;
    return JsonBody(std::move(state), std::move(node));
}

void JsonBody::wrong(const std::string& field, const std::string& message) {
    if (state_->errors.size() == most_findings) return;
    const std::string path = node_->path + field;
    const bool known =
        std::ranges::any_of(state_->errors, [&](const FieldError& error) { return error.field == path; });
    if (!known) state_->errors.push_back({path, message});
}

namespace {

const json* member(const json& object, std::set<std::string>& known, const std::string& field) {
    known.insert(field);
    const auto found = object.find(field);
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace

std::optional<std::string> JsonBody::text(const std::string& field) {
    const json* value = member(*node_->value, node_->known, field);
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) return value->get<std::string>();
    wrong(field, "must be a string");
    return std::nullopt;
}

std::string JsonBody::required_text(const std::string& field) {
    const json* value = member(*node_->value, node_->known, field);
    if (value == nullptr) {
        wrong(field, "is missing: a string is expected");
        return {};
    }
    return text(field).value_or("");
}

std::optional<std::int64_t> JsonBody::integer(const std::string& field) {
    const json* value = member(*node_->value, node_->known, field);
    if (value == nullptr) return std::nullopt;
    const bool fits = value->is_number_unsigned() ? value->get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX)
                                                  : value->is_number_integer();
    if (fits) return value->get<std::int64_t>();
    wrong(field, "must be an integer");
    return std::nullopt;
}

std::optional<double> JsonBody::number(const std::string& field) {
    const json* value = member(*node_->value, node_->known, field);
    if (value == nullptr) return std::nullopt;
    if (value->is_number()) return value->get<double>();
    wrong(field, "must be a number");
    return std::nullopt;
}

std::optional<bool> JsonBody::boolean(const std::string& field) {
    const json* value = member(*node_->value, node_->known, field);
    if (value == nullptr) return std::nullopt;
    if (value->is_boolean()) return value->get<bool>();
    wrong(field, "must be true or false");
    return std::nullopt;
}

std::optional<Digest> JsonBody::digest(const std::string& field) {
    const auto value = text(field);
    if (!value) return std::nullopt;
    const auto parsed = Digest::parse(*value);
    if (!parsed) wrong(field, "must be a digest: sha256: and 64 lower-case hex digits");
    return parsed;
}

std::optional<std::vector<std::string>> JsonBody::texts(const std::string& field) {
    const json* value = member(*node_->value, node_->known, field);
    if (value == nullptr) return std::nullopt;
    std::vector<std::string> result;
    bool good = value->is_array();
    if (good) {
        for (const json& item : *value) {
            if (item.is_string()) {
                result.push_back(item.get<std::string>());
            } else {
                good = false;
            }
        }
    }
    if (!good) wrong(field, "must be a list of strings");
    return result;
}

std::map<std::string, std::string> JsonBody::string_map(const std::string& field) {
    std::map<std::string, std::string> result;
    for (auto& [name, value] : string_edits(field)) {
        if (value) {
            result.emplace(name, std::move(*value));
        } else {
            wrong(field + "." + name, "must be a string");
        }
    }
    return result;
}

std::map<std::string, std::optional<std::string>> JsonBody::string_edits(const std::string& field) {
    std::map<std::string, std::optional<std::string>> result;
    const json* value = member(*node_->value, node_->known, field);
    if (value == nullptr) return result;
    if (!value->is_object()) {
        wrong(field, "must be an object of strings");
        return result;
    }
    for (const auto& [name, item] : value->items()) {
        if (item.is_string()) {
            result.emplace(name, item.get<std::string>());
        } else if (item.is_null()) {
            result.emplace(name, std::nullopt);
        } else {
            wrong(field + "." + name, "must be a string");
        }
    }
    return result;
}

std::map<std::string, double> JsonBody::numbers(const std::string& field) {
    std::map<std::string, double> result;
    const json* value = member(*node_->value, node_->known, field);
    if (value == nullptr) return result;
    if (!value->is_object()) {
        wrong(field, "must be an object of numbers");
        return result;
    }
    for (const auto& [name, item] : value->items()) {
        if (item.is_number()) {
            result.emplace(name, item.get<double>());
        } else {
            wrong(field + "." + name, "must be a finite number");
        }
    }
    return result;
}

std::optional<JsonBody> JsonBody::object(const std::string& field) {
    const json* value = member(*node_->value, node_->known, field);
    if (value == nullptr) return std::nullopt;
    if (!value->is_object()) {
        wrong(field, "must be an object");
        return std::nullopt;
    }
    auto node = std::make_unique<Node>();
    node->value = value;
    node->path = node_->path + field + ".";
    return JsonBody(state_, std::move(node));
}

std::vector<JsonBody> JsonBody::objects(const std::string& field) {
    std::vector<JsonBody> result;
    const json* value = member(*node_->value, node_->known, field);
    if (value == nullptr) return result;
    if (!value->is_array()) {
        wrong(field, "must be a list of objects");
        return result;
    }
    for (std::size_t i = 0; i < value->size(); ++i) {
        const std::string name = field + "[" + std::to_string(i) + "]";
        if (!(*value)[i].is_object()) {
            wrong(name, "must be an object");
            continue;
        }
        auto node = std::make_unique<Node>();
        node->value = &(*value)[i];
        node->path = node_->path + name + ".";
        result.push_back(JsonBody(state_, std::move(node)));
    }
    return result;
}

namespace {

std::string canonical(const json& value) {
    if (value.is_string()) return registry::canonical_string(value.get_ref<const std::string&>());
    if (value.is_number()) return registry::canonical_number(value.get<double>());
    if (value.is_array()) {
        std::vector<std::string> elements;
        for (const json& element : value) elements.push_back(canonical(element));
        return registry::canonical_array(elements);
    }
    if (value.is_object()) {
        std::map<std::string, std::string> members;
        for (const auto& [name, member] : value.items()) members.emplace(name, canonical(member));
        return registry::canonical_object(members);
    }
    return value.dump();  // true, false, null
}

}  // namespace

std::string JsonBody::rest(const std::vector<std::string>& fields) {
    json result = json::object();
    for (const std::string& field : fields) {
        if (const json* value = member(*node_->value, node_->known, field)) result[field] = *value;
    }
    return canonical(result);
}

Status JsonBody::finish() {
    note_unknown_fields();
    if (state_->errors.empty()) return {};
    Error error = invalid_argument(state_->errors.size() == 1
                                       ? state_->errors[0].field + " " + state_->errors[0].message + "."
                                       : std::to_string(state_->errors.size()) + " fields of the body " +
                                             (state_->errors.size() == most_findings ? "or more " : "") + "are wrong.");
    error.fields = state_->errors;
    return error;
}

}  // namespace baton::server::native
