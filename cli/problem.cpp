#include "cli/problem.h"

#include <nlohmann/json.hpp>
#include <ostream>

#include "base/error_codes.h"

namespace baton::cli {
namespace {

// For answers without a code of ours: from another protocol, or from a proxy in between.
Code code_of_status(int status) {
    switch (status) {
        case 401:
            return Code::unauthenticated;
        case 403:
            return Code::permission_denied;
        case 404:
        case 410:
            return Code::not_found;
        case 409:
            return Code::failed_precondition;
        case 412:
            return Code::aborted;
        case 413:
            return Code::too_large;
        case 429:
            return Code::resource_exhausted;
        case 502:
        case 503:
            return Code::unavailable;
        case 504:
            return Code::deadline_exceeded;
        case 507:
            return Code::out_of_space;
        default:
            return status >= 400 && status < 500 ? Code::invalid_argument : Code::internal;
    }
}

std::string first_of(const Json& document, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
        if (std::string value = text(document, name); !value.empty()) return value;
    }
    return {};
}

// Errors of a single field often say all of it in the message already.
bool is_said_in(const std::string& message, const FieldError& field) {
    return message.find(field.field) != std::string::npos && message.find(field.message) != std::string::npos;
}

}  // namespace

Error problem(const server::ClientResponse& response) {
    const Result<Json> parsed = parse_json(response.body, "the answer");
    const Json document = parsed.ok() ? *parsed : Json();
    Error error{.code = code_from_name(text(document, "code")).value_or(code_of_status(response.status)),
                .message = first_of(document, {"detail", "error", "title"}),
                .hint = text(document, "hint")};
    if (error.message.empty()) error.message = "the server answered with status " + std::to_string(response.status);
    if (error.code == Code::internal) {
        if (const std::string id = text(document, "request_id"); !id.empty()) error.message += " (request " + id + ")";
    }
    for (const Json& field : member(document, "errors")) {
        error.fields.push_back({text(field, "field"), text(field, "message")});
    }
    for (const Json& missing : member(document, "missing")) {
        error.missing.push_back({text(missing, "requirement"), text(missing, "explanation")});
    }
    error.digests = texts(document, "digests");
    return error;
}

void print_error(std::ostream& out, const Error& error, const Style& style) {
    out << style.paint(Colour::red, "error:") << " " << printable(error.message) << "\n";
    for (const FieldError& field : error.fields) {
        if (is_said_in(error.message, field)) continue;
        out << "  " << printable(field.field) << ": " << printable(field.message) << "\n";
    }
    for (const Missing& missing : error.missing) {
        if (missing.explanation == error.message) continue;
        out << "  missing " << printable(missing.requirement) << ": " << printable(missing.explanation) << "\n";
    }
    for (const std::string& digest : error.digests) out << "  " << printable(digest) << "\n";
    if (!error.hint.empty()) out << style.paint(Colour::yellow, "hint:") << " " << printable(error.hint) << "\n";
}

Json error_document(const Error& error) {
    Json body = {{"code", code_name(error.code)}, {"message", error.message}};
    if (!error.hint.empty()) body["hint"] = error.hint;
    for (const FieldError& field : error.fields) {
        body["fields"].push_back({{"field", field.field}, {"message", field.message}});
    }
    for (const Missing& missing : error.missing) {
        body["missing"].push_back({{"requirement", missing.requirement}, {"explanation", missing.explanation}});
    }
    if (!error.digests.empty()) body["digests"] = error.digests;
    return {{"error", std::move(body)}};
}

bool is_transient(const Error& error) {
    return error.code == Code::unavailable || error.code == Code::resource_exhausted ||
           error.code == Code::deadline_exceeded;
}

}  // namespace baton::cli
