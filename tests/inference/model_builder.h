// Builds small ONNX models in tests, well-formed or not.
#pragma once

#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

#include "inference/tensor.h"

namespace baton::inference {

// One operator of a model under construction.
class NodeBuilder {
public:
    explicit NodeBuilder(::onnx::NodeProto& node) : node_(node) {}
    NodeBuilder& set(const std::string& name, std::int64_t value);
    NodeBuilder& set(const std::string& name, float value);
    NodeBuilder& set(const std::string& name, const std::string& value);
    NodeBuilder& set(const std::string& name, const std::vector<std::int64_t>& values);
    NodeBuilder& set(const std::string& name, const std::vector<float>& values);
    NodeBuilder& set(const std::string& name, const std::vector<std::string>& values);
    ::onnx::NodeProto& proto() { return node_; }

private:
    ::onnx::AttributeProto& attribute(const std::string& name, ::onnx::AttributeProto::AttributeType type);
    ::onnx::NodeProto& node_;
};

class ModelBuilder {
public:
    ModelBuilder();  // IR version 8, ai.onnx 15, ai.onnx.ml 1
    ModelBuilder& input(const std::string& name, DataType type, const Shape& shape);
    ModelBuilder& output(const std::string& name, DataType type, const Shape& shape);
    // `op` as Node::op() has it: "Gemm" or "ai.onnx.ml.Scaler".
    NodeBuilder node(const std::string& op, const std::vector<std::string>& inputs,
                     const std::vector<std::string>& outputs);
    ModelBuilder& initializer(const std::string& name, const Shape& shape, const std::vector<float>& values);
    ModelBuilder& initializer(const std::string& name, const Shape& shape, const std::vector<std::int64_t>& values);
    ::onnx::ModelProto& proto() { return model_; }
    ::onnx::GraphProto& graph() { return *model_.mutable_graph(); }
    std::string bytes() const { return model_.SerializeAsString(); }

private:
    ::onnx::ModelProto model_;
};

}  // namespace baton::inference
