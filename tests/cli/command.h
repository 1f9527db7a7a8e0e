// Runs one command line in the test's own process, in a folder and an environment of its own.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "cli/run.h"
#include "tests/support/temporary_folder.h"

namespace baton::cli {

struct Outcome {
    int code = 0;
    std::string out;
    std::string err;
};

class CommandTest : public testing::Test {
    TemporaryFolder temporary_;

protected:
    CommandTest();

    Outcome baton(const std::vector<std::string>& arguments, const std::string& input = "");
    std::filesystem::path write(const std::string& name, const std::string& content) const;
    static std::string read(const std::filesystem::path& file);

    const std::filesystem::path folder;  // of the temporary one
    std::map<std::string, std::string> environment;
    std::vector<std::chrono::milliseconds> pauses;
    bool on_terminal = false;
    bool output_is_full = false;  // standard output is a disk without room
};

}  // namespace baton::cli
