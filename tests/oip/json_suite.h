// The files of JSONTestSuite, wherever BATON_VECTORS says they are.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace baton::testing_support {

struct JsonFile {
    std::string name;  // y_: must be accepted, n_: must be refused, i_: either
    std::string text;
};

// Empty if the vectors are not there.
inline std::vector<JsonFile> json_suite() {
    const char* chosen = std::getenv("BATON_VECTORS");
    const std::filesystem::path vectors = chosen != nullptr ? chosen : BATON_SOURCE_DIR "/../shared/vectors";
    const auto folder = vectors / "json" / "test_parsing";
    std::vector<JsonFile> files;
    if (!std::filesystem::is_directory(folder)) return files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        std::ifstream stream(entry.path(), std::ios::binary);
        files.push_back({entry.path().filename().string(), std::string(std::istreambuf_iterator<char>(stream), {})});
    }
    return files;
}

}  // namespace baton::testing_support
