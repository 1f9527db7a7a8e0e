#include "tests/inference/model_builder.h"

namespace baton::inference {
namespace {

using ::onnx::AttributeProto;
using ::onnx::TensorProto;

std::int32_t onnx_type(DataType type) {
    switch (type) {
        case DataType::boolean:
            return TensorProto::BOOL;
        case DataType::uint8:
            return TensorProto::UINT8;
        case DataType::uint16:
            return TensorProto::UINT16;
        case DataType::uint32:
            return TensorProto::UINT32;
        case DataType::uint64:
            return TensorProto::UINT64;
        case DataType::int8:
            return TensorProto::INT8;
        case DataType::int16:
            return TensorProto::INT16;
        case DataType::int32:
            return TensorProto::INT32;
        case DataType::int64:
            return TensorProto::INT64;
        case DataType::fp16:
            return TensorProto::FLOAT16;
        case DataType::bf16:
            return TensorProto::BFLOAT16;
        case DataType::fp32:
            return TensorProto::FLOAT;
        case DataType::fp64:
            return TensorProto::DOUBLE;
        case DataType::bytes:
            return TensorProto::STRING;
    }
    return TensorProto::UNDEFINED;
}

void describe(::onnx::ValueInfoProto& value, const std::string& name, DataType type, const Shape& shape) {
    value.set_name(name);
    auto& tensor = *value.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(onnx_type(type));
    tensor.mutable_shape();
    for (const std::int64_t extent : shape) {
        auto* dim = tensor.mutable_shape()->add_dim();
        if (extent >= 0) dim->set_dim_value(extent);
    }
}

}  // namespace

AttributeProto& NodeBuilder::attribute(const std::string& name, AttributeProto::AttributeType type) {
    AttributeProto& attribute = *node_.add_attribute();
    attribute.set_name(name);
    attribute.set_type(type);
    return attribute;
}

NodeBuilder& NodeBuilder::set(const std::string& name, std::int64_t value) {
    attribute(name, AttributeProto::INT).set_i(value);
    return *this;
}

NodeBuilder& NodeBuilder::set(const std::string& name, float value) {
    attribute(name, AttributeProto::FLOAT).set_f(value);
    return *this;
}

NodeBuilder& NodeBuilder::set(const std::string& name, const std::string& value) {
    attribute(name, AttributeProto::STRING).set_s(value);
    return *this;
}

NodeBuilder& NodeBuilder::set(const std::string& name, const std::vector<std::int64_t>& values) {
    attribute(name, AttributeProto::INTS).mutable_ints()->Assign(values.begin(), values.end());
    return *this;
}

NodeBuilder& NodeBuilder::set(const std::string& name, const std::vector<float>& values) {
    attribute(name, AttributeProto::FLOATS).mutable_floats()->Assign(values.begin(), values.end());
    return *this;
}

NodeBuilder& NodeBuilder::set(const std::string& name, const std::vector<std::string>& values) {
    AttributeProto& strings = attribute(name, AttributeProto::STRINGS);
    for (const auto& value : values) strings.add_strings(value);
    return *this;
}

ModelBuilder::ModelBuilder() {
    model_.set_ir_version(8);
    model_.set_producer_name("test");
    model_.set_producer_version("1.0");
    auto* plain = model_.add_opset_import();
    plain->set_domain("");
    plain->set_version(15);
    auto* ml = model_.add_opset_import();
    ml->set_domain("ai.onnx.ml");
    ml->set_version(1);
}

ModelBuilder& ModelBuilder::input(const std::string& name, DataType type, const Shape& shape) {
    describe(*graph().add_input(), name, type, shape);
    return *this;
}

ModelBuilder& ModelBuilder::output(const std::string& name, DataType type, const Shape& shape) {
    describe(*graph().add_output(), name, type, shape);
    return *this;
}

NodeBuilder ModelBuilder::node(const std::string& op, const std::vector<std::string>& inputs,
                               const std::vector<std::string>& outputs) {
    ::onnx::NodeProto& node = *graph().add_node();
    const std::size_t dot = op.rfind('.');
    if (dot != std::string::npos) node.set_domain(op.substr(0, dot));
    node.set_op_type(dot == std::string::npos ? op : op.substr(dot + 1));
    for (const auto& input : inputs) node.add_input(input);
    for (const auto& output : outputs) node.add_output(output);
    return NodeBuilder(node);
}

ModelBuilder& ModelBuilder::initializer(const std::string& name, const Shape& shape, const std::vector<float>& values) {
    TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(TensorProto::FLOAT);
    tensor.mutable_dims()->Assign(shape.begin(), shape.end());
    tensor.mutable_float_data()->Assign(values.begin(), values.end());
    return *this;
}

ModelBuilder& ModelBuilder::initializer(const std::string& name, const Shape& shape,
                                        const std::vector<std::int64_t>& values) {
    TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(TensorProto::INT64);
    tensor.mutable_dims()->Assign(shape.begin(), shape.end());
    tensor.mutable_int64_data()->Assign(values.begin(), values.end());
    return *this;
}

}  // namespace baton::inference
