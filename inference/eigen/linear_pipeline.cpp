#include "inference/eigen/linear_pipeline.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace baton::inference::eigen {
namespace {

constexpr std::size_t kScoresOnStack = 64;

// Without branches in the loop, so that the compiler can use vectors.
template <class T>
bool all_are_finite(std::span<const T> values) {
    using Flag = std::conditional_t<sizeof(T) == sizeof(std::uint32_t), std::uint32_t, std::uint64_t>;  // as wide as T
    Flag bad = 0;
    for (const T value : values) bad |= std::abs(value) <= std::numeric_limits<T>::max() ? Flag{0} : Flag{1};
    return bad == 0;
}

template <class T>
Error not_finite(std::span<const T> values, const TensorSpec& spec, std::size_t features) {
    const auto bad = std::ranges::find_if(values, [](T value) { return !std::isfinite(value); });
    return invalid_argument("input '" + spec.name + "' holds " + (std::isnan(*bad) ? "NaN" : "an infinite value") +
                                " in row " + std::to_string(static_cast<std::size_t>(bad - values.begin()) / features),
                            "this model takes finite numbers only");
}

template <class T>
void copy_numbers(std::span<const double> numbers, std::span<T> to) {
    std::ranges::transform(numbers, to.begin(), [](double number) { return static_cast<T>(number); });
}

void write_numbers(std::span<const double> numbers, Tensor& tensor, std::size_t row) {
    const std::size_t first = row * numbers.size();
    if (tensor.type() == DataType::fp32) {
        copy_numbers(numbers, tensor.values<float>().subspan(first, numbers.size()));
    } else {
        copy_numbers(numbers, tensor.values<double>().subspan(first, numbers.size()));
    }
}

void write_label(Tensor& tensor, std::size_t index, const Labels& labels, std::size_t chosen) {
    switch (tensor.type()) {
        case DataType::bytes:
            tensor.values<std::string>()[index] = labels.texts()[chosen];
            return;
        case DataType::int32:
            tensor.values<std::int32_t>()[index] = static_cast<std::int32_t>(labels.integers()[chosen]);
            return;
        default:
            tensor.values<std::int64_t>()[index] = labels.integers()[chosen];
    }
}

}  // namespace

Result<std::vector<Tensor>> LinearPipeline::run(std::span<const Tensor> inputs) const {
    return inputs[0].type() == DataType::fp32 ? run_rows<float>(inputs[0]) : run_rows<double>(inputs[0]);
}

template <class T>
Result<std::vector<Tensor>> LinearPipeline::run_rows(const Tensor& input) const {
    const std::span<const T> values = input.values<T>();
    const std::size_t features = recipe_.map.features();
    if (!all_are_finite(values)) return not_finite(values, signature_.inputs[0], features);
    const std::size_t rows = values.size() / features;
    std::vector<Tensor> outputs;
    outputs.reserve(signature_.outputs.size());
    for (const TensorSpec& spec : signature_.outputs) {
        Shape shape = spec.shape;
        shape[0] = static_cast<std::int64_t>(rows);
        outputs.emplace_back(spec.name, spec.type, std::move(shape));
    }
    const std::size_t width = recipe_.decision.scores;
    std::array<double, kScoresOnStack> few;
    std::vector<double> many;
    std::span<double> scores(few.data(), std::min(rows * width, few.size()));
    if (rows * width > few.size()) {
        many.resize(rows * width);
        scores = many;
    }
    if (rows > 0) recipe_.map.apply(values, scores);
    for (std::size_t row = 0; row < rows; ++row) finish_row(scores.subspan(row * width, width), row, outputs);
    return outputs;
}

void LinearPipeline::finish_row(std::span<double> scores, std::size_t row, std::vector<Tensor>& outputs) const {
    const LinearDecision& decision = recipe_.decision;
    const std::size_t chosen = decision.labels.size() == 0 ? 0 : decision.choose(scores);
    std::array<double, 2> pair{};
    std::span<double> finished = scores;
    if (decision.second_class) {
        pair[0] = scores[0];
        finished = pair;
    }
    decision.finish(finished);
    if (recipe_.normalise) {
        double sum = 0;
        for (const double value : finished) sum += std::abs(value);
        for (double& value : finished) value = sum == 0 ? value : value / sum;
    }
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const LinearRecipe::Output& output = recipe_.outputs[i];
        switch (output.role) {
            case LinearRecipe::Role::label:
                write_label(outputs[i], row, decision.labels, chosen);
                break;
            case LinearRecipe::Role::column:
                write_numbers(finished.subspan(output.column, 1), outputs[i], row);
                break;
            case LinearRecipe::Role::scores:
                write_numbers(finished, outputs[i], row);
        }
    }
}

}  // namespace baton::inference::eigen
