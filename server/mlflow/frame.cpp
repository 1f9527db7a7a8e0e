#include "server/mlflow/frame.h"

#include <algorithm>

#include "server/inference/rows.h"

namespace baton::server::mlflow {

using inference::Shape;
using inference::Signature;
using inference::Tensor;

namespace {

// What columns without names are called: 0, 1, 2 …
bool is_position(std::string_view name, std::size_t column) { return name == std::to_string(column); }

bool are_positions(const std::vector<std::string>& names) {
    std::size_t column = 0;
    return std::ranges::all_of(names, [&](const std::string& name) { return is_position(name, column++); });
}

void add_quoted(std::string& list, std::string_view name) {
    list += list.empty() ? "'" : ", '";
    list.append(name).append("'");
}

}  // namespace

Frame::Frame(const ModelColumns& model, const DecodeLimits& limits) : signature_(model.signature) {
    const auto& inputs = signature_.inputs;
    for (const auto& input : inputs) inputs_.emplace_back(input.name, input.type, TensorBuilder::Dialect{}, limits);
    if (inputs.size() == 1 && inputs[0].shape.size() == 2) features_ = model.features;
}

TensorBuilder* Frame::find(std::string_view name) {
    const auto found = std::ranges::find(inputs_, name, &TensorBuilder::name);
    return found == inputs_.end() ? nullptr : &*found;
}

TensorBuilder* Frame::find_column(std::string_view name) {
    TensorBuilder* input = find(name);
    if (input == nullptr || features_.size() < 2) return input;
    return std::ranges::find(features_, name) == features_.end() ? input : nullptr;
}

TensorBuilder* Frame::only_input() { return inputs_.size() == 1 ? &inputs_[0] : nullptr; }

Status Frame::set_columns(const std::vector<std::string>& names) {
    std::vector<bool> seen(inputs_.size());
    targets_.clear();
    for (const std::string& name : names) {
        TensorBuilder* target = find_column(name);
        targets_.push_back(target);
        if (target == nullptr) continue;
        const auto index = static_cast<std::size_t>(target - inputs_.data());
        if (seen[index]) return invalid_argument("the column '" + name + "' is there twice");
        seen[index] = true;
    }
    if (std::ranges::find(seen, true) != seen.end()) return {};
    if (only_input() == nullptr || names.empty()) return missing();
    std::ranges::fill(targets_, only_input());
    return set_row(names);
}

std::optional<std::size_t> Frame::feature(std::string_view name, std::size_t column) {
    if (column < features_.size() && features_[column] == name) return column;
    if (features_by_name_.empty()) {
        for (std::size_t i = 0; i < features_.size(); ++i) features_by_name_.emplace(features_[i], i);
    }
    const auto found = features_by_name_.find(name);
    return found == features_by_name_.end() ? std::nullopt : std::optional(found->second);
}

bool Frame::may_be_in_row(std::string_view name, std::size_t column) {
    return features_.empty() || is_position(name, column) || feature(name, column);
}

Status Frame::set_row(const std::vector<std::string>& names) {
    per_row_ = names.size();
    if (features_.empty() || std::ranges::equal(names, features_)) return {};
    std::vector<bool> seen(features_.size());
    std::string unknown;
    for (std::size_t column = 0; column < names.size(); ++column) {
        const auto place = feature(names[column], column);
        if (!place) {
            add_quoted(unknown, names[column]);
            continue;
        }
        if (seen[*place]) return invalid_argument("the column '" + names[column] + "' is there twice");
        seen[*place] = true;
        places_.push_back(*place);
    }
    if (unknown.empty() && places_.size() == features_.size()) return {};
    places_.clear();
    return are_positions(names) ? Status() : other_columns(seen, unknown);
}

Error Frame::other_columns(const std::vector<bool>& seen, const std::string& unknown) const {
    Error error = invalid_argument("the columns are not those of the model");
    std::string missing;
    for (std::size_t i = 0; i < features_.size(); ++i) {
        if (seen[i]) continue;
        add_quoted(missing, features_[i]);
        error.missing.push_back({features_[i], "a feature of the model"});
    }
    if (!missing.empty()) error.message += "; missing: " + missing;
    if (!unknown.empty()) error.message += "; unknown: " + unknown;
    return error;
}

// In the original's words.
Error Frame::missing() const {
    Error error = invalid_argument("");
    std::string names;
    for (const TensorBuilder& input : inputs_) {
        if (input.appended() > 0) continue;
        add_quoted(names, input.name());
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
    if (!places_.empty()) {
        if (values.size() != rows * places_.size()) return invalid_argument("a column has lists of values");
        BATON_TRY(values.rearrange(places_));
    }
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
