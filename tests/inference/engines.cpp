#include "tests/inference/engines.h"

#include <cstdlib>

// ONNX Runtime keeps 14 bytes of its own start to the end of the process.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libonnxruntime.so"; }

namespace baton::inference {

const Engines& engines() {
    static const Engines all = [] {
        const char* library = std::getenv("BATON_ONNXRUNTIME");
        return Engines(onnxruntime::Runtime::start({.library = library != nullptr ? library : ""}));
    }();
    return all;
}

}  // namespace baton::inference
