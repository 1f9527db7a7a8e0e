// Runs one command line.
#pragma once

#include <string>
#include <vector>

#include "cli/io.h"

namespace baton::cli {

// `arguments` without the program's name. Returns the exit code: 0, or that of the error's code (docs/cli.md).
int run(const std::vector<std::string>& arguments, Io& io);

}  // namespace baton::cli
