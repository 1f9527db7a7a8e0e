#include "server/mlflow/frame.h"

#include <algorithm>

#include "server/inference/rows.h"

namespace baton::server::mlflow {

using inference::Shape;
using inference::Signature;
using inference::Tensor;

Frame::Frame(const Signature& signature, const DecodeLimits& limits) : signature_(signature) {
    for (const auto& input : signature.inputs) {
        inputs_.emplace_back(input.name, input.type, TensorBuilder::Dialect{}, limits);
    }
}

TensorBuilder* Frame::find(std::string_view name) {
    const auto found = std::ranges::find(inputs_, name, &TensorBuilder::name);
    return found == inputs_.end() ? nullptr : &*found;
}

TensorBuilder* Frame::only_input() { return inputs_.size() == 1 ? &inputs_[0] : nullptr; }

Status Frame::set_columns(const std::vector<std::string>& names) {
    std::vector<bool> seen(inputs_.size());
    targets_.clear();
    for (const std::string& name : names) {
        TensorBuilder* target = find(name);
        targets_.push_back(target);
        if (target == nullptr) continue;
        const auto index = static_cast<std::size_t>(target - inputs_.data());
        if (seen[index]) return invalid_argument("the column '" + name + "' is there twice");
        seen[index] = true;
    }
    if (std::ranges::find(seen, true) != seen.end()) return {};
    if (only_input() == nullptr || names.empty()) return missing();
    std::ranges::fill(targets_, only_input());
    per_row_ = names.size();
    return {};
}

// In the original's words.
Error Frame::missing() const {
    Error error = invalid_argument("");
    std::string names;
    for (const TensorBuilder& input : inputs_) {
        if (input.appended() > 0) continue;
        names += (names.empty() ? "'" : ", '") + input.name() + "'";
        error.missing.push_back({input.name(), "an input of the model"});
    }
    error.message = "Model is missing inputs [" + names + "].";
    return error;
}

Result<Tensor> Frame::build(std::size_t input) {
    TensorBuilder& values = inputs_[input];
    const Shape& shape = values.value_shape();
    const std::size_t rows = !whole_ ? rows_ : shape.empty() ? 0 : static_cast<std::size_t>(shape[0]);
    if (rows == 0) return invalid_argument("there is no row of '" + values.name() + "'");
    if (!whole_ && values.appended() != rows * per_row_) {
        return invalid_argument("not every row has a value of '" + values.name() + "'");
    }
    BATON_ASSIGN(const Shape row, row_shape(signature_.inputs[input], values.size() / rows));
    return std::move(values).build(with_rows(row, rows));
}

Result<std::vector<Tensor>> Frame::finish() && {
    std::vector<Tensor> tensors;
    for (const TensorBuilder& input : inputs_) {
        if (input.appended() == 0) return missing();
    }
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
        BATON_ASSIGN(Tensor tensor, build(i));
        tensors.push_back(std::move(tensor));
    }
    return tensors;
}

}  // namespace baton::server::mlflow
