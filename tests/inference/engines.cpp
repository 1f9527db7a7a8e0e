#include "tests/inference/engines.h"

#include <cstdlib>

namespace baton::inference {

const Engines& engines() {
    static const Engines all = [] {
        const char* library = std::getenv("BATON_ONNXRUNTIME");
        return Engines(onnxruntime::Runtime::start({.library = library != nullptr ? library : ""}));
    }();
    return all;
}

}  // namespace baton::inference
