#include "inference/onnx/graph.h"

namespace baton::inference::onnx {

std::string Node::op() const { return domain.empty() ? type : domain + "." + type; }

std::int64_t Graph::opset(std::string_view domain) const {
    const auto found = opsets.find(domain);
    return found == opsets.end() ? 0 : found->second;
}

}  // namespace baton::inference::onnx
