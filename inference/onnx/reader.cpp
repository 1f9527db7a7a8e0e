// The one file that sees ONNX's protobuf classes.
#include "inference/onnx/reader.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <unordered_set>

#include "base/encoding.h"
#include "inference/onnx/wire.h"

namespace baton::inference::onnx {
namespace {

namespace pb = ::onnx;

constexpr int kMaxNodes = 200'000;
constexpr int kMaxSubgraphDepth = 16;

std::string quoted(const std::string& name) { return "'" + (is_valid_utf8(name) ? name : std::string("?")) + "'"; }

Error bad_model(std::string message) { return invalid_argument("the ONNX model is malformed: " + message); }

std::string plain_domain(const std::string& domain) { return domain == "ai.onnx" ? std::string() : domain; }

std::optional<DataType> data_type_of(std::int32_t onnx_type) {
    switch (onnx_type) {
        case pb::TensorProto::FLOAT:
            return DataType::fp32;
        case pb::TensorProto::UINT8:
            return DataType::uint8;
        case pb::TensorProto::INT8:
            return DataType::int8;
        case pb::TensorProto::UINT16:
            return DataType::uint16;
        case pb::TensorProto::INT16:
            return DataType::int16;
        case pb::TensorProto::INT32:
            return DataType::int32;
        case pb::TensorProto::INT64:
            return DataType::int64;
        case pb::TensorProto::STRING:
            return DataType::bytes;
        case pb::TensorProto::BOOL:
            return DataType::boolean;
        case pb::TensorProto::FLOAT16:
            return DataType::fp16;
        case pb::TensorProto::DOUBLE:
            return DataType::fp64;
        case pb::TensorProto::UINT32:
            return DataType::uint32;
        case pb::TensorProto::UINT64:
            return DataType::uint64;
        case pb::TensorProto::BFLOAT16:
            return DataType::bf16;
        default:
            return std::nullopt;
    }
}

// Tensors.

bool is_external(const pb::TensorProto& tensor) {
    return tensor.data_location() == pb::TensorProto::EXTERNAL || tensor.external_data_size() > 0;
}

Error external_data(const pb::TensorProto& tensor) {
    return invalid_argument("the tensor " + quoted(tensor.name()) + " keeps its data in another file",
                            "save the model with its weights inside the .onnx file");
}

template <class T, class Field>
Status copy_field(const Field& field, Tensor& tensor) {
    if (static_cast<std::size_t>(field.size()) != tensor.size()) {
        return bad_model("the tensor " + quoted(tensor.name) + " has " + std::to_string(field.size()) +
                         " elements, its shape says " + shape_text(tensor.shape()));
    }
    std::ranges::transform(field, tensor.values<T>().begin(), [](const auto& v) { return static_cast<T>(v); });
    return {};
}

int elements_stored(const pb::TensorProto& source) {
    return std::max({source.float_data_size(), source.int32_data_size(), source.int64_data_size(),
                     source.double_data_size(), source.uint64_data_size(), source.string_data_size()});
}

Status copy_typed(const pb::TensorProto& source, Tensor& tensor) {
    switch (tensor.type()) {
        case DataType::fp32:
            return copy_field<float>(source.float_data(), tensor);
        case DataType::fp64:
            return copy_field<double>(source.double_data(), tensor);
        case DataType::int64:
            return copy_field<std::int64_t>(source.int64_data(), tensor);
        case DataType::uint64:
            return copy_field<std::uint64_t>(source.uint64_data(), tensor);
        case DataType::uint32:
            return copy_field<std::uint32_t>(source.uint64_data(), tensor);
        case DataType::int32:
            return copy_field<std::int32_t>(source.int32_data(), tensor);
        case DataType::int16:
            return copy_field<std::int16_t>(source.int32_data(), tensor);
        case DataType::int8:
            return copy_field<std::int8_t>(source.int32_data(), tensor);
        case DataType::boolean:
        case DataType::uint8:
            return copy_field<std::uint8_t>(source.int32_data(), tensor);
        case DataType::uint16:
        case DataType::fp16:
        case DataType::bf16:
            return copy_field<std::uint16_t>(source.int32_data(), tensor);
        case DataType::bytes:
            return copy_field<std::string>(source.string_data(), tensor);
    }
    return {};
}

// The stored sizes are compared with the shape before anything is allocated by it.
Result<Tensor> read_tensor(const pb::TensorProto& source, DataType type) {
    const std::string name = quoted(source.name());
    if (source.has_segment()) return bad_model("the tensor " + name + " is stored in segments");
    Shape shape(source.dims().begin(), source.dims().end());
    if (shape.size() > kMaxRank) return bad_model("the tensor " + name + " has too many dimensions");
    const auto count = element_count(shape);
    if (!count) return bad_model("the tensor " + name + " has the impossible shape " + shape_text(shape));

    const bool raw = source.has_raw_data() && (elements_stored(source) == 0 || !source.raw_data().empty());
    const std::size_t width = element_size(type);
    const auto stored = static_cast<std::size_t>(elements_stored(source));
    if (raw && (type == DataType::bytes || stored > 0)) {
        return bad_model("the tensor " + name + " stores its data twice, or strings as raw data");
    }
    const bool fits =
        raw ? *count <= kMaxModelBytes / width && source.raw_data().size() == *count * width : stored == *count;
    if (!fits) {
        return bad_model("the tensor " + name + " does not have as many elements as its shape " + shape_text(shape) +
                         " says");
    }
    Tensor tensor(source.name(), type, std::move(shape));
    if (!raw) {
        BATON_TRY(copy_typed(source, tensor));
    } else if (!source.raw_data().empty()) {
        std::memcpy(tensor.raw().data(), source.raw_data().data(), source.raw_data().size());
    }
    return tensor;
}

// Values.

Result<ValueInfo> read_value(const pb::ValueInfoProto& source) {
    if (source.name().empty() || !is_valid_utf8(source.name())) return bad_model("an input or output without a name");
    ValueInfo value{.name = source.name(), .type = std::nullopt, .map_values = std::nullopt, .shape = std::nullopt};
    if (source.type().has_sequence_type()) {
        const auto& element = source.type().sequence_type().elem_type().map_type();
        value.map_values = data_type_of(element.value_type().tensor_type().elem_type());
    }
    if (!source.type().has_tensor_type()) return value;
    const auto& tensor = source.type().tensor_type();
    value.type = data_type_of(tensor.elem_type());
    if (!tensor.has_shape()) return value;
    if (static_cast<std::size_t>(tensor.shape().dim_size()) > kMaxRank)
        return bad_model(quoted(value.name) + " has too many dimensions");
    Shape shape;
    for (const auto& dim : tensor.shape().dim()) {
        // Old exporters write 0 or a negative number for a dimension that varies.
        shape.push_back(dim.has_dim_value() && dim.dim_value() > 0 ? dim.dim_value() : -1);
    }
    value.shape = std::move(shape);
    return value;
}

class Reader {
public:
    explicit Reader(const pb::ModelProto& model) : model_(model) {}

    Result<Graph> read() {
        if (!model_.has_graph()) return bad_model("it has no graph");
        if (model_.ir_version() < 1) return bad_model("it does not say its IR version");
        if (is_valid_utf8(model_.producer_name() + model_.producer_version())) {
            graph_.producer = model_.producer_name();
            if (!model_.producer_version().empty()) graph_.producer += " " + model_.producer_version();
        }
        BATON_TRY(read_opsets());
        BATON_TRY(read_initializers());
        BATON_TRY(read_inputs());
        BATON_TRY(read_nodes());
        BATON_TRY(read_outputs());
        for (const auto& function : model_.functions()) BATON_TRY(scan(function.node(), 1));
        if (model_.functions_size() > 0) beyond_.insert("functions of its own");
        graph_.beyond.assign(beyond_.begin(), beyond_.end());
        return std::move(graph_);
    }

private:
    Status read_opsets() {
        for (const auto& opset : model_.opset_import()) {
            if (!is_valid_utf8(opset.domain())) return bad_model("a domain name is not UTF-8");
            const auto [entry, fresh] = graph_.opsets.emplace(plain_domain(opset.domain()), opset.version());
            if (!fresh && entry->second != opset.version()) {
                return bad_model("it imports two versions of the domain " + quoted(opset.domain()));
            }
        }
        return {};
    }

    Status define(const std::string& name, std::string_view what) {
        if (name.empty() || !is_valid_utf8(name)) return bad_model("a nameless " + std::string(what));
        if (!defined_.insert(name).second) return bad_model("the name " + quoted(name) + " is defined twice");
        return {};
    }

    Status read_initializers() {
        if (model_.graph().sparse_initializer_size() > 0) beyond_.insert("sparse initializers");
        for (const auto& sparse : model_.graph().sparse_initializer()) {
            if (is_external(sparse.values())) return external_data(sparse.values());
            if (is_external(sparse.indices())) return external_data(sparse.indices());
            BATON_TRY(define(sparse.values().name(), "initializer"));
        }
        for (const auto& source : model_.graph().initializer()) {
            if (is_external(source)) return external_data(source);
            BATON_TRY(define(source.name(), "initializer"));
            const auto type = data_type_of(source.data_type());
            if (!type) {
                beyond_.insert("tensors of ONNX type " + std::to_string(source.data_type()));
                continue;
            }
            BATON_ASSIGN(Tensor tensor, read_tensor(source, *type));
            graph_.initializers.emplace(source.name(), std::move(tensor));
        }
        return {};
    }

    Status read_inputs() {
        std::set<std::string> names;
        for (const auto& source : model_.graph().input()) {
            BATON_ASSIGN(ValueInfo value, read_value(source));
            if (!names.insert(value.name).second) return bad_model("two inputs are named " + quoted(value.name));
            // Up to IR version 3 every initializer is listed as an input too: a constant with a default.
            if (!defined_.insert(value.name).second) continue;
            graph_.inputs.push_back(std::move(value));
        }
        return {};
    }

    Status read_outputs() {
        std::set<std::string> names;
        for (const auto& source : model_.graph().output()) {
            BATON_ASSIGN(ValueInfo value, read_value(source));
            if (!names.insert(value.name).second) return bad_model("two outputs are named " + quoted(value.name));
            if (!defined_.contains(value.name)) return bad_model("nothing makes the output " + quoted(value.name));
            graph_.outputs.push_back(std::move(value));
        }
        if (graph_.outputs.empty()) return bad_model("it has no outputs");
        return {};
    }

    Status read_nodes() {
        if (model_.graph().node_size() > kMaxNodes) {
            return Error{.code = Code::too_large,
                         .message = "the ONNX model has more than " + std::to_string(kMaxNodes) + " nodes"};
        }
        BATON_TRY(scan(model_.graph().node(), 0));
        graph_.nodes.reserve(static_cast<std::size_t>(model_.graph().node_size()));
        for (const auto& source : model_.graph().node()) BATON_TRY(read_node(source));
        return {};
    }

    Status read_node(const pb::NodeProto& source) {
        Node node;
        node.name = is_valid_utf8(source.name()) ? source.name() : std::string();
        node.domain = plain_domain(source.domain());
        node.type = source.op_type();
        for (const auto& input : source.input()) {
            if (!input.empty() && !defined_.contains(input)) {
                return bad_model("the operator " + node.op() + " uses " + quoted(input) +
                                 ", which nothing before it makes (a dangling name or a cycle)");
            }
            node.inputs.push_back(input);
        }
        for (const auto& output : source.output()) {
            if (!output.empty()) BATON_TRY(define(output, "output of " + node.op()));
            node.outputs.push_back(output);
        }
        for (const auto& attribute : source.attribute()) BATON_TRY(read_attribute(attribute, node));
        graph_.nodes.push_back(std::move(node));
        return {};
    }

    Status read_attribute(const pb::AttributeProto& source, Node& node) {
        if (source.name().empty() || node.attributes.contains(source.name())) {
            return bad_model("the operator " + node.op() + " has a nameless or double attribute");
        }
        AttributeValue value;
        switch (source.type()) {
            case pb::AttributeProto::INT:
                value = source.i();
                break;
            case pb::AttributeProto::FLOAT:
                value = source.f();
                break;
            case pb::AttributeProto::STRING:
                value = source.s();
                break;
            case pb::AttributeProto::INTS:
                value = std::vector<std::int64_t>(source.ints().begin(), source.ints().end());
                break;
            case pb::AttributeProto::FLOATS:
                value = std::vector<float>(source.floats().begin(), source.floats().end());
                break;
            case pb::AttributeProto::STRINGS:
                value = std::vector<std::string>(source.strings().begin(), source.strings().end());
                break;
            case pb::AttributeProto::TENSOR: {
                const auto type = data_type_of(source.t().data_type());
                if (!type) {
                    beyond_.insert(node.op() + " (tensors of ONNX type " + std::to_string(source.t().data_type()) +
                                   ")");
                    return {};
                }
                BATON_ASSIGN(value, read_tensor(source.t(), *type));
                break;
            }
            default:
                beyond_.insert(node.op() + " (carries a subgraph or another unusual attribute)");
                return {};
        }
        node.attributes.emplace(source.name(), std::move(value));
        return {};
    }

    // Makes sure that these nodes and all subgraphs below them name their operators and have no external data.
    template <class Nodes>
    Status scan(const Nodes& nodes, int depth) {
        if (depth > kMaxSubgraphDepth) return bad_model("subgraphs are nested too deeply");
        for (const pb::NodeProto& node : nodes) {
            if (node.op_type().empty() || !is_valid_utf8(node.op_type() + node.domain())) {
                return bad_model("a node without an operator name");
            }
            for (const auto& attribute : node.attribute()) {
                if (is_external(attribute.t())) return external_data(attribute.t());
                for (const auto& tensor : attribute.tensors()) {
                    if (is_external(tensor)) return external_data(tensor);
                }
                if (attribute.has_g()) BATON_TRY(scan_graph(attribute.g(), depth + 1));
                for (const auto& graph : attribute.graphs()) BATON_TRY(scan_graph(graph, depth + 1));
            }
        }
        return {};
    }

    Status scan_graph(const pb::GraphProto& graph, int depth) {
        for (const auto& tensor : graph.initializer()) {
            if (is_external(tensor)) return external_data(tensor);
        }
        return scan(graph.node(), depth);
    }

    const pb::ModelProto& model_;
    Graph graph_;
    std::unordered_set<std::string> defined_;
    std::set<std::string> beyond_;
};

}  // namespace

Result<Graph> read_graph(std::string_view bytes) {
    if (bytes.size() > kMaxModelBytes) {
        return Error{.code = Code::too_large,
                     .message = "the ONNX model is over " + std::to_string(kMaxModelBytes >> 20) + " MiB"};
    }
    BATON_TRY(check_wire(bytes, *pb::ModelProto::descriptor()));
    pb::ModelProto model;
    if (!model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return invalid_argument("the bytes are not an ONNX model");
    }
    return Reader(model).read();
}

}  // namespace baton::inference::onnx
