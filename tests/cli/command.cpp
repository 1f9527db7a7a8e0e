#include "tests/cli/command.h"

#include <fstream>

namespace baton::cli {

namespace fs = std::filesystem;

CommandTest::CommandTest() : folder(temporary_.path()) { environment["HOME"] = folder.string(); }

Outcome CommandTest::baton(const std::vector<std::string>& arguments, const std::string& input) {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    std::ofstream full("/dev/full");
    Io io{.in = in,
          .out = output_is_full ? static_cast<std::ostream&>(full) : out,
          .err = err,
          .out_is_terminal = on_terminal,
          .err_is_terminal = on_terminal,
          .environment = [this](const std::string& name) -> std::optional<std::string> {
              const auto found = environment.find(name);
              return found == environment.end() ? std::nullopt : std::optional(found->second);
          },
          .pause = [this](std::chrono::milliseconds time) { pauses.push_back(time); },
          .stop_requested = [] { return false; }};
    const int code = run(arguments, io);
    return {code, out.str(), err.str()};
}

fs::path CommandTest::write(const std::string& name, const std::string& content) const {
    const fs::path file = folder / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
    return file;
}

std::string CommandTest::read(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace baton::cli
