#include "cli/json.h"

#include <nlohmann/json.hpp>

namespace baton::cli {
namespace {

constexpr int deepest = 100;

std::string scalar_text(const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number() || value.is_boolean()) return value.dump();
    return "";
}

}  // namespace

Result<Json> parse_json(std::string_view bytes, std::string_view what) {
    bool too_deep = false;
    const auto within_depth = [&](int depth, Json::parse_event_t, const Json&) {
        too_deep = too_deep || depth > deepest;
        return !too_deep;  // what is deeper is not kept
    };
    try {
        Json document = Json::parse(bytes, within_depth);
        if (!too_deep) return document;
    } catch (const Json::parse_error& error) {
        if (!too_deep) {
            return invalid_argument(std::string(what) + " is no JSON document: it breaks off or is wrong at byte " +
                                    std::to_string(error.byte));
        }
    } catch (const Json::out_of_range&) {
        return invalid_argument(std::string(what) + " has a number that is too large: beyond about 1.8e308");
    }
    return invalid_argument(std::string(what) + " is nested more than " + std::to_string(deepest) + " levels deep");
}

std::string dump(const Json& document, int indent) {
    return document.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Result<std::string> dump_strictly(const Json& document) {
    try {
        return document.dump();
    } catch (const Json::type_error&) {
        return invalid_argument("a text is not valid UTF-8", "check the locale of the terminal, and what was pasted");
    }
}

std::string text(const Json& object, std::string_view name) { return scalar_text(member(object, name)); }

const Json& member(const Json& object, std::string_view name) {
    static const Json null;
    if (!object.is_object()) return null;
    const auto found = object.find(std::string(name));
    return found == object.end() ? null : *found;
}

std::vector<std::string> texts(const Json& object, std::string_view name) {
    std::vector<std::string> out;
    const Json& list = member(object, name);
    if (!list.is_array()) return out;
    for (const Json& element : list) out.push_back(scalar_text(element));
    return out;
}

}  // namespace baton::cli
