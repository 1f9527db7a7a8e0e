// What every verb file is made of: a function that adds the verb to the command and says what it does.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/context.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace baton::cli {

using Action = std::function<Status(Context&)>;

// A verb below `parent` with examples in its --help.
CLI::App* add_verb(CLI::App& parent, const std::string& name, const std::string& description,
                   std::initializer_list<std::string> examples);
// The argument NAME of a verb: a model. Names that no model can have are wrong usage.
CLI::Option* add_model(CLI::App* verb, std::string& model, const std::string& help);
// The option --allow-signature-change of a verb that makes a candidate.
void add_signature_change(CLI::App* verb, bool& allowed);
// The option's value is one of these: --help says so, completion offers them, others are wrong usage.
CLI::Option* one_of(CLI::Option* option, const std::vector<std::string>& values);
// As one_of, of the roles.
CLI::Option* one_role(CLI::Option* option);
// The values of such an option; of any other, none.
std::vector<std::string> values_of(const CLI::Option& option);
// When `verb` is the one on the command line, `action` is left in `chosen`.
void when_chosen(CLI::App* verb, Action& chosen, Action action);

}  // namespace baton::cli
