// The engines as the tests use them.
#pragma once

#include "inference/engines.h"

namespace baton::inference {

// With ONNX Runtime if it is where set-up puts it, or named by BATON_ONNXRUNTIME.
const Engines& engines();

}  // namespace baton::inference

#define BATON_NEED_ONNXRUNTIME()   \
    if (!engines().runtime().ok()) \
    GTEST_SKIP() << engines().runtime().error().message << ": " << engines().runtime().error().hint
