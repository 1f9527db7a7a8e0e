#include "inference/model.h"

#include <algorithm>

namespace baton::inference {
namespace {

std::string names_of(const std::vector<TensorSpec>& specs) {
    std::string text;
    for (const auto& spec : specs) {
        if (!text.empty()) text += ", ";
        text += spec.name;
    }
    return text;
}

bool fits(const Shape& wanted, const Shape& given) {
    return std::ranges::equal(wanted, given, [](std::int64_t w, std::int64_t g) { return w == -1 || w == g; });
}

Status check_input(const TensorSpec& spec, const Tensor& tensor) {
    if (tensor.type() != spec.type) {
        return invalid_argument("input '" + spec.name + "' has data type " +
                                std::string(data_type_name(tensor.type())) + ", expected " +
                                std::string(data_type_name(spec.type)));
    }
    if (!fits(spec.shape, tensor.shape())) {
        return invalid_argument("input '" + spec.name + "' has shape " + shape_text(tensor.shape()) + ", expected " +
                                shape_text(spec.shape));
    }
    return {};
}

}  // namespace

Status check_row_size(const std::vector<TensorSpec>& inputs) {
    std::size_t left = kMaxRowElements;
    for (const TensorSpec& input : inputs) {
        Shape row = input.shape;
        std::ranges::replace(row, -1, 1);
        const auto count = element_count(row);
        if (!count || *count > left) {
            return Error{.code = Code::too_large,
                         .message = "the inputs declare more than " + std::to_string(kMaxRowElements) +
                                    " elements in a row: '" + input.name + "' has the shape " +
                                    shape_text(input.shape)};
        }
        left -= *count;
    }
    return {};
}

Result<std::vector<Tensor>> arrange_inputs(const Signature& signature, std::vector<Tensor> inputs) {
    if (std::ranges::equal(signature.inputs, inputs, {}, &TensorSpec::name,
                           &Tensor::name)) {  // as most clients send them
        for (std::size_t i = 0; i < inputs.size(); ++i) BATON_TRY(check_input(signature.inputs[i], inputs[i]));
        return inputs;
    }
    const std::string hint = "the model takes: " + names_of(signature.inputs);
    std::vector<Tensor> arranged(signature.inputs.size());
    std::vector<bool> seen(signature.inputs.size());
    for (auto& tensor : inputs) {
        const auto spec = std::ranges::find(signature.inputs, tensor.name, &TensorSpec::name);
        if (spec == signature.inputs.end()) return invalid_argument("unknown input '" + tensor.name + "'", hint);
        const auto index = static_cast<std::size_t>(spec - signature.inputs.begin());
        if (seen[index]) return invalid_argument("input '" + tensor.name + "' is given twice", hint);
        BATON_TRY(check_input(*spec, tensor));
        seen[index] = true;
        arranged[index] = std::move(tensor);
    }
    const auto missing = std::ranges::find(seen, false);
    if (missing != seen.end()) {
        const auto& spec = signature.inputs[static_cast<std::size_t>(missing - seen.begin())];
        return invalid_argument("input '" + spec.name + "' is missing", hint);
    }
    return arranged;
}

}  // namespace baton::inference
