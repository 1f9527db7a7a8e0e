// The engines as the tests use them.
#pragma once

#include "inference/engines.h"

namespace baton::inference {

// With ONNX Runtime if it is where set-up puts it, or named by BATON_ONNXRUNTIME.
const Engines& engines();

// Sanitizers keep freed memory, and end the process where an allocation could never succeed.
inline constexpr bool kSanitized =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    true;
#else
    false;
#endif

}  // namespace baton::inference

#define BATON_NEED_ONNXRUNTIME()   \
    if (!engines().runtime().ok()) \
    GTEST_SKIP() << engines().runtime().error().message << ": " << engines().runtime().error().hint
