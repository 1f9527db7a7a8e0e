// How the API's objects look to people; shared by the verbs that show them.
#pragma once

#include <iosfwd>

#include "base/joined.h"
#include "cli/json.h"
#include "cli/style.h"

namespace baton::cli {

void print_versions(std::ostream& out, const Style& style, const Json& versions);
void print_request(std::ostream& out, const Style& style, const Json& request);
void print_slot(std::ostream& out, const Json& slot);  // "credit-risk/3 is live in production"
// Who answers, where that is not the version that should: "credit-risk/2 answers"; "" otherwise.
std::string answering_note(const Json& slot);
// As a table, or a line that says there are none.
void print_slots(std::ostream& out, const Style& style, const Json& slots);

std::string number_text(const Json& number);   // six digits; whole numbers whole; "" for what is no number
std::string pairs_text(const Json& object);    // a=1, b=2
std::string shape_text(const Json& shape);     // [-1,30]
std::string version_name(const Json& object);  // NAME/3 of anything with model and version
std::string caller_name(const Json& whoami);   // the user that a token belongs to

}  // namespace baton::cli
