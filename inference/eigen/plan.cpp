#include "inference/eigen/plan.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace baton::inference::eigen {
namespace {

Status check_finite(const FiniteCheck& check, const Array& value) {
    if (value.kind() != Kind::real) return {};
    const auto numbers = value.reals();
    const auto bad = std::ranges::find_if(
        numbers, [&](double number) { return !std::isfinite(number) && !(check.allow_nan && std::isnan(number)); });
    if (bad == numbers.end()) return {};
    const std::size_t rows = value.shape().empty() ? 1 : static_cast<std::size_t>(value.shape()[0]);
    const std::size_t row = static_cast<std::size_t>(bad - numbers.begin()) / (numbers.size() / rows);
    return invalid_argument("input '" + check.input + "' holds " + (std::isnan(*bad) ? "NaN" : "an infinite value") +
                                " in row " + std::to_string(row),
                            "this model takes finite numbers only");
}

Error at(const Step& step, Error error) {
    error.message = "operator " + step.op + ": " + error.message;
    return error;
}

}  // namespace

Result<std::vector<Tensor>> Plan::run(std::span<const Tensor> inputs) const {
    Frame frame{.slots = std::vector<Array>(slots_)};
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        BATON_ASSIGN(const std::size_t count, checked_count(inputs[i].shape()));
        frame.elements += count;
        BATON_TRY(checked_total(frame.elements));
        BATON_ASSIGN(frame.slots[i], from_tensor(inputs[i]));
    }
    BATON_ASSIGN(const std::vector<Array> results, evaluate(std::move(frame)));
    std::vector<Tensor> outputs;
    outputs.reserve(results.size());
    for (std::size_t i = 0; i < results.size(); ++i) {
        const TensorSpec& spec = signature_.outputs[i];
        BATON_ASSIGN(Tensor tensor, to_tensor(results[i], spec.name, spec.type));
        outputs.push_back(std::move(tensor));
    }
    return outputs;
}

Result<std::vector<Array>> Plan::evaluate(Frame frame) const {
    for (const Step& step : steps_) BATON_TRY(run_step(step, frame));
    std::vector<Array> results;
    results.reserve(outputs_.size());
    for (const Place& place : outputs_) {
        if (place.where == Place::Where::constant) {
            results.push_back(constants_[place.index]);
        } else if (place.last_use) {
            results.push_back(std::move(frame.slots[place.index]));
        } else {
            results.push_back(frame.slots[place.index]);
        }
    }
    return results;
}

Status Plan::run_step(const Step& step, Frame& frame) const {
    constexpr std::size_t kInline = 8;  // nearly every operator has fewer operands
    std::array<Operand, kInline> few_inputs;
    std::vector<Operand> many_inputs;
    std::span<Operand> inputs(few_inputs.data(), std::min(step.inputs.size(), kInline));
    if (step.inputs.size() > kInline) {
        many_inputs.resize(step.inputs.size());
        inputs = many_inputs;
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const Place& place = step.inputs[i];
        if (place.where == Place::Where::constant) inputs[i].value = &constants_[place.index];
        if (place.where != Place::Where::slot) continue;
        inputs[i].value = &frame.slots[place.index];
        if (!place.last_use) continue;
        inputs[i].disposable = &frame.slots[place.index];
        frame.elements -= std::min(frame.elements, inputs[i].value->size());
    }
    std::array<Array*, 2> outputs{};  // no operator in the table has more
    for (std::size_t i = 0; i < step.outputs.size(); ++i) {
        if (step.outputs[i]) outputs[i] = &frame.slots[*step.outputs[i]];
    }
    for (const FiniteCheck& check : step.checks) BATON_TRY(check_finite(check, *inputs[check.operand].value));
    auto status = step.kernel(Call(inputs, {outputs.data(), step.outputs.size()}));
    if (!status.ok()) return at(step, std::move(status).error());

    for (const Operand& operand : inputs) {
        if (operand.disposable != nullptr) *operand.disposable = Array();
    }
    for (const Array* output : outputs) {
        if (output == nullptr) continue;
        if (output->rank() > onnx::kMaxRank) return at(step, invalid_argument("it makes too many dimensions"));
        frame.elements += output->size();
    }
    return checked_total(frame.elements);
}

}  // namespace baton::inference::eigen
