// Test data that others wrote, kept outside the project.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace baton {

// The path of one set or file; empty when it is not on this machine.
inline std::filesystem::path vectors(const std::string& name) {
    const char* configured = std::getenv("BATON_VECTORS");
    const std::filesystem::path path =
        std::filesystem::path(configured != nullptr ? configured : BATON_SOURCE_DIR "/../shared/vectors") / name;
    return std::filesystem::exists(path) ? path : std::filesystem::path();
}

inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace baton
