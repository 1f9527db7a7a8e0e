// Reads a JSON request body field by field and collects everything that is wrong with it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"

namespace baton::server::native {

// An object of the body. Readers answer the absent value for a field that is absent or of the wrong type; the second is
// remembered. finish() on the outermost object, called when the nested ones are gone, answers all that was wrong: wrong
// types, missing and unknown fields.
class JsonBody {
public:
    // Strict: one object, no duplicate names, at most 64 levels deep, valid UTF-8, no byte-order mark, finite numbers.
    // An empty body is the empty object.
    static Result<JsonBody> parse(std::string_view text);
    ~JsonBody();
    JsonBody(JsonBody&&) noexcept;
    JsonBody& operator=(JsonBody&&) noexcept;

    std::optional<std::string> text(const std::string& field);
    std::string required_text(const std::string& field);
    std::optional<std::int64_t> integer(const std::string& field);
    std::optional<double> number(const std::string& field);
    std::optional<bool> boolean(const std::string& field);
    std::optional<Digest> digest(const std::string& field);
    std::optional<std::vector<std::string>> texts(const std::string& field);
    std::map<std::string, std::string> string_map(const std::string& field);
    // null means "remove".
    std::map<std::string, std::optional<std::string>> string_edits(const std::string& field);
    std::map<std::string, double> numbers(const std::string& field);
    std::optional<JsonBody> object(const std::string& field);
    std::vector<JsonBody> objects(const std::string& field);
    // The members of `fields` that are there, together as one canonical JSON object (RFC 8785), unchecked inside.
    std::string rest(const std::vector<std::string>& fields);

    // A finding of the caller's own. A field's first counts, and a hundred in all.
    void wrong(const std::string& field, const std::string& message);
    Status finish();

private:
    struct State;
    struct Node;
    void note_unknown_fields();  // each once
    JsonBody(std::shared_ptr<State> state, std::unique_ptr<Node> node);

    std::shared_ptr<State> state_;
    std::unique_ptr<Node> node_;
};

}  // namespace baton::server::native
