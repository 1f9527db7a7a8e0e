// What every verb file is made of: a function that adds the verb to the command and says what it does.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>

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
// When `verb` is the one on the command line, `action` is left in `chosen`.
void when_chosen(CLI::App* verb, Action& chosen, Action action);

}  // namespace baton::cli
