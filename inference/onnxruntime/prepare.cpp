#include "inference/onnxruntime/prepare.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <map>
#include <set>

#include "inference/onnxruntime/operators.h"

namespace baton::inference::onnxruntime {
namespace {

namespace pb = ::onnx;

constexpr std::size_t kMaxUnfolded = 200'000;  // nodes, once every call of a function is replaced by its body

using Name = std::pair<std::string, std::string>;  // domain and type

Name name_of(const std::string& domain, const std::string& type) { return {domain == "ai.onnx" ? "" : domain, type}; }

std::string text_of(const Name& name) { return name.first.empty() ? name.second : name.first + "." + name.second; }

// How often each operator is used in a part of a model, and whether the part names other files.
struct Uses {
    std::map<Name, std::size_t> operators;
    bool external_data = false;
};

// Looks at every message below this one. Parsing has bounded how deep they nest.
void collect(const google::protobuf::Message& message, Uses& uses) {
    if (const auto* node = dynamic_cast<const pb::NodeProto*>(&message)) {
        ++uses.operators[name_of(node->domain(), node->op_type())];
    } else if (const auto* tensor = dynamic_cast<const pb::TensorProto*>(&message)) {
        uses.external_data |= tensor->data_location() == pb::TensorProto::EXTERNAL || tensor->external_data_size() > 0;
        return;
    }
    const auto* reflection = message.GetReflection();
    std::vector<const google::protobuf::FieldDescriptor*> fields;
    reflection->ListFields(message, &fields);
    for (const auto* field : fields) {
        if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
        if (!field->is_repeated()) {
            collect(reflection->GetMessage(message, field), uses);
            continue;
        }
        for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
            collect(reflection->GetRepeatedMessage(message, field, i), uses);
        }
    }
}

// The functions that a model brings along.
class Functions {
public:
    explicit Functions(const pb::ModelProto& model) {
        for (const auto& function : model.functions()) {
            Uses uses;
            for (const auto& node : function.node()) collect(node, uses);
            bodies_[name_of(function.domain(), function.name())] = std::move(uses.operators);
        }
    }

    // Calls that would never end, or a few calls that stand for billions of nodes, must not reach the one who unfolds.
    Status check(const std::map<Name, std::size_t>& graph) {
        BATON_ASSIGN(const std::size_t nodes, unfolded(graph));
        if (nodes <= kMaxUnfolded) return {};
        return invalid_argument("the model's own functions unfold to more than " + std::to_string(kMaxUnfolded) +
                                " nodes");
    }

    bool contains(const Name& name) const { return bodies_.contains(name); }
    const auto& bodies() const { return bodies_; }

private:
    // Nodes of a body without calls, or one more than the limit.
    Result<std::size_t> unfolded(const std::map<Name, std::size_t>& body) {
        std::size_t total = 0;
        for (const auto& [name, count] : body) {
            std::size_t each = 1;
            if (contains(name)) {
                BATON_ASSIGN(each, size_of(name));
            }
            total = std::min(kMaxUnfolded + 1, total + std::min(count, kMaxUnfolded) * each);
        }
        return total;
    }

    Result<std::size_t> size_of(const Name& name) {
        if (const auto known = sizes_.find(name); known != sizes_.end()) return known->second;
        if (!open_.insert(name).second) {
            return invalid_argument("the model's function " + text_of(name) + " calls itself");
        }
        if (open_.size() > kMaxNesting) return invalid_argument("the model's functions are nested too deeply");
        BATON_ASSIGN(const std::size_t size, unfolded(bodies_.at(name)));
        open_.erase(name);
        sizes_[name] = size;
        return size;
    }

    static constexpr std::size_t kMaxNesting = 64;
    std::map<Name, std::map<Name, std::size_t>> bodies_;
    std::map<Name, std::size_t> sizes_;
    std::set<Name> open_;  // those being measured
};

Status check_operators(const Uses& model, const Functions& functions) {
    std::string unknown;
    for (const auto& [name, count] : model.operators) {
        if (functions.contains(name) || knows_operator(name.first, name.second)) continue;
        unknown += (unknown.empty() ? "" : ", ") + text_of(name);
    }
    if (unknown.empty()) return {};
    return Error{.code = Code::unsupported_model, .message = "no engine runs: " + unknown};
}

// Turns the ZipMaps that make outputs of the model into Identity. True if there were any.
bool replace_zip_maps(pb::ModelProto& model) {
    bool replaced = false;
    auto& graph = *model.mutable_graph();
    for (auto& node : *graph.mutable_node()) {
        if (node.op_type() != "ZipMap" || node.domain() != "ai.onnx.ml" || node.output_size() != 1) continue;
        node.set_op_type("Identity");
        node.clear_domain();
        node.clear_attribute();
        for (auto& output : *graph.mutable_output()) {
            if (output.name() != node.output(0)) continue;
            const auto values = output.type().sequence_type().elem_type().map_type().value_type().tensor_type();
            output.mutable_type()->mutable_tensor_type()->set_elem_type(
                values.elem_type() != 0 ? values.elem_type() : pb::TensorProto::FLOAT);
        }
        replaced = true;
    }
    return replaced;
}

// Changing the case of letters asks the system for the locale of the model, American English if it names none, which
// small machines lack. The one that every machine has maps the same letters. True if there were such nodes.
bool replace_locales(pb::ModelProto& model) {
    bool replaced = false;
    for (auto& node : *model.mutable_graph()->mutable_node()) {
        if (node.op_type() != "StringNormalizer") continue;
        const auto locale = std::ranges::find(*node.mutable_attribute(), "locale", &pb::AttributeProto::name);
        if (locale != node.mutable_attribute()->end() && !locale->s().empty() && !locale->s().starts_with("en_US")) {
            continue;
        }
        auto& attribute = locale != node.mutable_attribute()->end() ? *locale : *node.add_attribute();
        attribute.set_name("locale");
        attribute.set_type(pb::AttributeProto::STRING);
        attribute.set_s("C.UTF-8");
        replaced = true;
    }
    return replaced;
}

// A run is stopped between two operators, so a loop without any in its body could never be: it may come so, or become
// so when what is constant in it is worked out ahead. This operator draws a number that nobody looks at, and stays.
void keep_stoppable(pb::GraphProto& body, int number) {
    auto& node = *body.add_node();
    node.set_op_type("RandomUniform");
    node.add_output("baton.stoppable" + std::to_string(number));
    auto& shape = *node.add_attribute();
    shape.set_name("shape");
    shape.set_type(pb::AttributeProto::INTS);
    shape.add_ints(1);
}

// At any depth; counts them.
template <class Nodes>
void keep_loops_stoppable(Nodes& nodes, int& loops) {
    for (auto& node : nodes) {
        const bool is_loop = node.op_type() == "Loop" || node.op_type() == "Scan";
        for (auto& attribute : *node.mutable_attribute()) {
            if (!attribute.has_g()) continue;
            keep_loops_stoppable(*attribute.mutable_g()->mutable_node(), loops);
            if (is_loop) keep_stoppable(*attribute.mutable_g(), ++loops);
        }
    }
}

// True if there were any.
bool keep_loops_stoppable(pb::ModelProto& model) {
    int loops = 0;
    keep_loops_stoppable(*model.mutable_graph()->mutable_node(), loops);
    for (auto& function : *model.mutable_functions()) keep_loops_stoppable(*function.mutable_node(), loops);
    return loops > 0;
}

// A model of ai.onnx.ml operators alone may not import ai.onnx.
void import_standard_operators(pb::ModelProto& model) {
    for (const auto& opset : model.opset_import()) {
        if (opset.domain().empty() || opset.domain() == "ai.onnx") return;
    }
    model.add_opset_import()->set_version(13);
}

}  // namespace

Result<std::optional<std::string>> prepare(std::string_view bytes) {
    pb::ModelProto model;
    if (!model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return invalid_argument("the bytes are not an ONNX model");
    }
    Uses uses;
    collect(model, uses);
    if (uses.external_data) return invalid_argument("the model keeps data in another file");
    Functions functions(model);
    BATON_TRY(check_operators(uses, functions));
    Uses graph;
    collect(model.graph(), graph);
    BATON_TRY(functions.check(graph.operators));
    const bool maps = replace_zip_maps(model);
    const bool locales = replace_locales(model);
    const bool loops = keep_loops_stoppable(model);
    if (!maps && !locales && !loops) return std::optional<std::string>();
    import_standard_operators(model);
    return std::optional(model.SerializeAsString());
}

}  // namespace baton::inference::onnxruntime
