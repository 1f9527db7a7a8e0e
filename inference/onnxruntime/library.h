// Finds and loads the ONNX Runtime library. Private to this folder.
#pragma once

#include <string>

#include "base/result.h"

struct OrtApi;

namespace baton::inference::onnxruntime {

struct Library {
    const OrtApi* api = nullptr;
    std::string version;  // "1.30.0"
    std::string path;
};

// `wanted` is the library's path; empty: lib/baton/ beside the program's own folder, then wherever the system keeps
// libraries. Stays loaded until the process ends. unavailable when there is none or it is too old, with a hint.
Result<Library> load_library(const std::string& wanted);

}  // namespace baton::inference::onnxruntime
