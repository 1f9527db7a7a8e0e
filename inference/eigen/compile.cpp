// From graph to plan.
#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "base/joined.h"
#include "inference/eigen/plan.h"

namespace baton::inference::eigen {
namespace {

constexpr std::size_t kMaxProbe = 1u << 22;  // elements of an input that is made only to try the model
constexpr std::int64_t kOldestOpset = 7;     // before it, broadcasting was spelled out in attributes

Status check_supported(const onnx::Graph& graph) {
    std::set<std::string> missing(graph.beyond.begin(), graph.beyond.end());
    for (const auto& node : graph.nodes) {
        if (!operator_table().contains(node.op())) missing.insert(node.op());
    }
    if (missing.empty() && graph.opset("") != 0 && graph.opset("") < kOldestOpset) {
        missing.insert("ai.onnx opset " + std::to_string(graph.opset("")));
    }
    if (missing.empty()) return {};
    return unsupported(joined(missing));
}

bool reads_floats(const Signature& signature) {
    return std::ranges::none_of(signature.inputs, [](const TensorSpec& input) {
        return input.type != DataType::fp32 && input.type != DataType::boolean && input.type != DataType::bytes;
    });
}

bool moves_only(const onnx::Node& node, const OperatorEntry& entry) {
    if (node.op() != "Cast") return entry.moves_only;
    const auto to = node.attribute_or<std::int64_t>("to", 0);
    return to == 1 || to == 11;  // FLOAT, DOUBLE: which keep NaN
}

}  // namespace

class PlanCompiler {
public:
    explicit PlanCompiler(const onnx::Graph& graph) : graph_(graph), plan_(std::make_unique<Plan>()) {}

    Result<std::unique_ptr<Plan>> compile() {
        BATON_TRY(check_supported(graph_));
        BATON_ASSIGN(plan_->signature_, declared_signature(graph_));
        BATON_TRY(place_inputs());
        BATON_TRY(place_initializers());
        for (const auto& node : graph_.nodes) BATON_TRY(add_step(node));
        for (const auto& output : graph_.outputs) plan_->outputs_.push_back(places_.at(output.name));
        mark_last_uses();
        BATON_TRY(settle_output_shapes());
        return std::move(plan_);
    }

private:
    Status place_inputs() {
        BATON_TRY(check_row_size(plan_->signature_.inputs));
        for (const auto& input : plan_->signature_.inputs) {
            if (!kind_of(input.type)) return unsupported("inputs of type " + std::string(data_type_name(input.type)));
            raw_[input.name] = input.name;
            place_in_slot(input.name);
        }
        return {};
    }

    Status place_initializers() {
        for (const auto& [name, tensor] : graph_.initializers) {
            BATON_ASSIGN(Array value, from_tensor(tensor));
            place_constant(name, std::move(value));
        }
        return {};
    }

    std::size_t place_in_slot(const std::string& name) {
        places_[name] = {.where = Place::Where::slot, .index = plan_->slots_};
        return plan_->slots_++;
    }

    void place_constant(const std::string& name, Array value) {
        places_[name] = {.where = Place::Where::constant, .index = plan_->constants_.size()};
        plan_->constants_.push_back(std::move(value));
    }

    Status add_step(const onnx::Node& node) {
        const OperatorEntry& entry = operator_table().at(node.op());
        if (node.inputs.size() < entry.min_inputs || node.inputs.size() > entry.max_inputs || node.outputs.size() > 2) {
            return bad_attributes(node, "it has " + std::to_string(node.inputs.size()) + " inputs and " +
                                            std::to_string(node.outputs.size()) + " outputs");
        }
        for (std::size_t i = 0; i < entry.min_inputs; ++i) {
            if (node.inputs[i].empty()) return bad_attributes(node, "a required input is left out");
        }
        Step step;
        step.op = node.op();
        BATON_ASSIGN(step.kernel, entry.compile({.node = node,
                                                 .opset = graph_.opset(node.domain),
                                                 .reads_floats = reads_floats(plan_->signature_)}));
        for (const auto& input : node.inputs) step.inputs.push_back(input.empty() ? Place{} : places_.at(input));
        const bool constant =
            std::ranges::all_of(step.inputs, [](const Place& place) { return place.where != Place::Where::slot; });
        if (constant) return fold(node, step);
        follow_raw_values(node, entry, step);
        for (const auto& output : node.outputs) {
            step.outputs.push_back(output.empty() ? std::nullopt : std::optional(place_in_slot(output)));
        }
        plan_->steps_.push_back(std::move(step));
        return {};
    }

    // Runs a step whose inputs are all constant now rather than for every request.
    Status fold(const onnx::Node& node, Step& step) {
        for (std::size_t i = 0; i < node.outputs.size(); ++i) step.outputs.emplace_back(i);
        Plan::Frame frame{.slots = std::vector<Array>(node.outputs.size())};
        BATON_TRY(plan_->run_step(step, frame));
        folded_ += frame.elements;
        for (std::size_t i = 0; i < node.outputs.size(); ++i) {
            if (!node.outputs[i].empty()) place_constant(node.outputs[i], std::move(frame.slots[i]));
        }
        return checked_total(folded_);
    }

    // scikit-learn refuses NaN and infinite numbers, so does the first operator that computes with a request's values;
    // an Imputer is there to take NaN.
    void follow_raw_values(const onnx::Node& node, const OperatorEntry& entry, Step& step) {
        for (std::size_t i = 0; i < node.inputs.size(); ++i) {
            const auto raw = raw_.find(node.inputs[i]);
            if (raw == raw_.end()) continue;
            if (moves_only(node, entry)) {
                for (const auto& output : node.outputs) {
                    if (!output.empty()) raw_[output] = raw->second;  // an input left out is nameless as well
                }
                return;
            }
            step.checks.push_back({.operand = i, .input = raw->second, .allow_nan = node.op() == "ai.onnx.ml.Imputer"});
        }
    }

    void mark_last_uses() {
        std::vector<bool> used(plan_->slots_);
        const auto mark = [&](Place& place) {
            if (place.where != Place::Where::slot) return;
            place.last_use = !used[place.index];
            used[place.index] = true;
        };
        std::for_each(plan_->outputs_.rbegin(), plan_->outputs_.rend(), mark);
        for (auto step = plan_->steps_.rbegin(); step != plan_->steps_.rend(); ++step) {
            std::for_each(step->inputs.rbegin(), step->inputs.rend(), mark);
            // One operator that reads a value twice may not move it for the first reading.
            for (Place& place : step->inputs) {
                const auto same = std::ranges::count_if(step->inputs, [&](const Place& other) {
                    return other.where == Place::Where::slot && other.index == place.index;
                });
                if (place.where == Place::Where::slot && same > 1) place.last_use = false;
            }
        }
    }

    // Zeros for every input, with `rows` where the first dimension varies; nullopt when another dimension is open too.
    std::optional<Plan::Frame> probe_inputs(std::int64_t rows) const {
        Plan::Frame frame{.slots = std::vector<Array>(plan_->slots_)};
        for (std::size_t i = 0; i < plan_->signature_.inputs.size(); ++i) {
            const TensorSpec& spec = plan_->signature_.inputs[i];
            Shape shape = spec.shape;
            if (!shape.empty() && shape[0] == -1) shape[0] = rows;
            if (element_count(shape).value_or(kMaxProbe + 1) > kMaxProbe) return std::nullopt;
            frame.slots[i] = Array(*kind_of(spec.type), shape);
        }
        return frame;
    }

    // An encoder may refuse categories that it does not know, and an empty text or a zero often is none: that is no
    // fault of the model.
    bool values_matter() const {
        return std::ranges::any_of(plan_->signature_.inputs,
                                   [](const TensorSpec& input) { return kind_of(input.type) != Kind::real; });
    }

    // Files leave output shapes out or get them wrong. Two runs with different numbers of rows say what they are, and
    // that the operators fit together at all.
    Status settle_output_shapes() {
        auto two_rows = probe_inputs(2);
        auto three_rows = probe_inputs(3);
        if (!two_rows || !three_rows) return {};
        auto first = plan_->evaluate(std::move(*two_rows));
        if (!first.ok() && first.error().code == Code::invalid_argument && values_matter()) return {};
        BATON_ASSIGN(const std::vector<Array> two, std::move(first));
        BATON_ASSIGN(const std::vector<Array> three, plan_->evaluate(std::move(*three_rows)));
        for (std::size_t i = 0; i < two.size(); ++i) {
            TensorSpec& spec = plan_->signature_.outputs[i];
            Shape shape = two[i].shape();
            for (std::size_t d = 0; d < shape.size() && d < three[i].rank(); ++d) {
                if (shape[d] != three[i].shape()[d]) shape[d] = -1;
            }
            BATON_TRY(to_tensor(two[i], spec.name, spec.type));
            spec.shape = std::move(shape);
            const std::int64_t columns = spec.shape.empty() ? 0 : spec.shape.back();
            if (!spec.labels.empty() && columns != static_cast<std::int64_t>(spec.labels.size())) {
                return invalid_argument("the ZipMap output '" + spec.name +
                                        "' has another number of columns than labels");
            }
        }
        return {};
    }

    const onnx::Graph& graph_;
    std::unique_ptr<Plan> plan_;
    std::unordered_map<std::string, Place> places_;
    std::size_t folded_ = 0;                            // elements of the constants that folding made
    std::unordered_map<std::string, std::string> raw_;  // value -> the input whose elements it holds untouched
};

Result<std::unique_ptr<Plan>> Plan::compile(const onnx::Graph& graph) { return PlanCompiler(graph).compile(); }

}  // namespace baton::inference::eigen
