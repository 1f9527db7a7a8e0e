#include "server/auth/credentials.h"

#include "base/encoding.h"

namespace baton::server {
namespace {

Error no_credentials(std::string message) {
    return {.code = Code::unauthenticated,
            .message = std::move(message),
            .hint = "Send `Authorization: Bearer <token>`; `baton login URL --token T` does it for the command line."};
}

}  // namespace

Result<std::string> request_token(const Request& request) {
    const auto header = request.headers.get("Authorization");
    if (!header) return no_credentials("This needs a token, and the request carries none.");
    if (request.headers.count("Authorization") > 1) {
        return no_credentials("The request has more than one Authorization header.");
    }
    const std::size_t space = header->find(' ');
    if (space == std::string_view::npos) return no_credentials("The Authorization header is malformed.");
    const std::string_view scheme = header->substr(0, space);
    std::string_view value = header->substr(space + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    if (equal_ignoring_case(scheme, "bearer")) return std::string(value);
    if (equal_ignoring_case(scheme, "basic")) {
        const auto decoded = decode_base64(value);
        const std::size_t colon = decoded ? decoded->find(':') : std::string::npos;
        if (colon != std::string::npos) return decoded->substr(colon + 1);
    }
    return no_credentials("The Authorization header is neither a bearer token nor well-formed basic credentials.");
}

Result<registry::Caller> authenticate(const Request& request, const registry::Authenticator& authenticator) {
    BATON_ASSIGN(const std::string token, request_token(request));
    return authenticator.authenticate(token);
}

}  // namespace baton::server
