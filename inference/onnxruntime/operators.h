// The operators that ONNX Runtime knows by name.
#pragma once

#include <string_view>

namespace baton::inference::onnxruntime {

// `domain` "" is ai.onnx. True for the operators of ai.onnx (to opset 28) and ai.onnx.ml (to 5), and for ONNX Runtime's
// own domain as a whole; false for those of any other domain, which are custom. A known operator may still have no
// implementation for a data type: that shows when the session is made.
bool knows_operator(std::string_view domain, std::string_view type);

}  // namespace baton::inference::onnxruntime
