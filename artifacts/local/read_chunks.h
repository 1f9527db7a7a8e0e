// Reads a file from its place to the end in pieces, so that its size costs no memory.
#pragma once

#include "artifacts/local/file_system.h"

namespace baton::artifacts {

template <class Visit>  // void(std::span<const std::byte>)
Status read_chunks(File& file, Visit visit) {
    std::vector<std::byte> buffer(256 * 1024);
    while (true) {
        BATON_ASSIGN(const std::size_t count, file.read(buffer));
        if (count == 0) return {};
        visit(std::span<const std::byte>(buffer).first(count));
    }
}

}  // namespace baton::artifacts
