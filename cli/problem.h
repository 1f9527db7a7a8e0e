// Errors between the wire and the terminal.
#pragma once

#include <iosfwd>

#include "base/result.h"
#include "cli/json.h"
#include "cli/style.h"
#include "server/transport/client.h"

namespace baton::cli {

// The Error of an answer with an error status: of an application/problem+json body, an inference protocol's {"error":
// …}, or the bare status when something else (a proxy) answered.
Error problem(const server::ClientResponse& response);

// `error: …`, a line for every wrong field, missing requirement and digest, `hint: …`.
void print_error(std::ostream& out, const Error& error, const Style& style);
// The same as a document, for --json.
Json error_document(const Error& error);

// Worth another attempt: the server was busy or out of reach.
bool is_transient(const Error& error);

}  // namespace baton::cli
