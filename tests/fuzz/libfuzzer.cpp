// The entry of a libFuzzer program: runs the target that BATON_FUZZ_TARGET names.
#ifdef BATON_FUZZ_TARGET

#include <cstddef>
#include <cstdint>

#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    baton::fuzz::BATON_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
    return 0;
}

#endif
