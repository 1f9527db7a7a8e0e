// Runtime in a build without ONNX Runtime's headers.
#include "inference/onnxruntime/runtime.h"

namespace baton::inference::onnxruntime {

struct Runtime::Impl {
    std::string none;
};

Result<std::shared_ptr<const Runtime>> Runtime::start(const Options&) {
    return Error{.code = Code::unavailable,
                 .message = "this build of Baton knows no ONNX Runtime",
                 .hint = std::string(how_to_get)};
}

const std::string& Runtime::version() const { return impl_->none; }
const std::string& Runtime::path() const { return impl_->none; }

Result<std::unique_ptr<Model>> Runtime::load(std::string_view, const onnx::Graph&) const {
    return internal_error("there is no ONNX Runtime");
}

void Runtime::stop_all() const {}

}  // namespace baton::inference::onnxruntime
