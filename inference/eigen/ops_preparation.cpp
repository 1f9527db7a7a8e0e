// Operators of ai.onnx.ml that prepare features or dress up answers.
#include <algorithm>
#include <cmath>

#include "inference/eigen/labels.h"
#include "inference/eigen/operators.h"
#include "inference/eigen/scaler.h"

namespace baton::inference::eigen {
namespace {

Result<Kernel> scaler(const NodeContext& context) {
    BATON_ASSIGN(Scaler scaler, scaler_of(context.node));
    return Kernel([scaler](const Call& call) -> Status {
        const std::size_t features = call.in(0).rank() == 0 ? 1 : static_cast<std::size_t>(call.in(0).shape().back());
        if (!scaler.fits(features)) return cannot_take("ai.onnx.ml.Scaler", call.in(0));
        BATON_ASSIGN(const Reals numbers, Reals::of(call.in(0)));
        Array result(Kind::real, call.in(0).shape());
        for (std::size_t i = 0; i < result.size(); ++i) {
            const std::size_t f = features == 0 ? 0 : i % features;
            result.reals()[i] = (numbers.values()[i] - scaler.offset_of(f)) * scaler.scale_of(f);
        }
        call.give(std::move(result));
        return {};
    });
}

// Replaces one value by the feature's own. One replacement stands for all features.
template <class T>
Status impute(std::span<T> values, std::size_t features, const std::vector<T>& replacements, T replaced,
              const Array& input) {
    if (replacements.size() != 1 && replacements.size() != features) return cannot_take("ai.onnx.ml.Imputer", input);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const bool nan = std::is_same_v<T, double> && values[i] != values[i] && replaced != replaced;
        if (nan || values[i] == replaced)
            values[i] = replacements.size() == 1 ? replacements[0] : replacements[i % features];
    }
    return {};
}

Result<Kernel> imputer(const NodeContext& context) {
    const auto floats = context.node.attribute_or<std::vector<float>>("imputed_value_floats", {});
    const auto integers = context.node.attribute_or<std::vector<std::int64_t>>("imputed_value_int64s", {});
    if (floats.empty() == integers.empty()) return bad_attributes(context.node, "it needs values of one type");
    if (!all_finite(floats)) return bad_attributes(context.node, "a replacement is not finite");
    const std::vector<double> reals(floats.begin(), floats.end());
    const double replaced_real = context.node.attribute_or<float>("replaced_value_float", 0);
    const auto replaced_integer = context.node.attribute_or<std::int64_t>("replaced_value_int64", 0);
    return Kernel([=](const Call& call) -> Status {
        Array value = call.take(0);
        const std::size_t features = value.rank() == 0 ? 1 : static_cast<std::size_t>(value.shape().back());
        if (value.kind() == Kind::real && !reals.empty()) {
            BATON_TRY(impute<double>(value.reals(), features, reals, replaced_real, value));
        } else if (value.kind() == Kind::integer && !integers.empty()) {
            BATON_TRY(impute<std::int64_t>(value.integers(), features, integers, replaced_integer, value));
        } else {
            return cannot_take("ai.onnx.ml.Imputer", value);
        }
        call.give(std::move(value));
        return {};
    });
}

// A row by its sum of magnitudes, its length or its largest value, as ONNX Runtime does; a row that would be divided by
// zero stays.
Result<Kernel> normalizer(const NodeContext& context) {
    const auto norm = context.node.attribute_or<std::string>("norm", "MAX");
    if (norm != "MAX" && norm != "L1" && norm != "L2") return bad_attributes(context.node, "unknown norm");
    return Kernel([norm](const Call& call) -> Status {
        BATON_ASSIGN(const Reals numbers, Reals::of(call.in(0)));
        Array result(call.in(0).shape(), std::vector<double>(numbers.values().begin(), numbers.values().end()));
        const auto [rows, columns] = as_matrix(result);
        for (std::size_t row = 0; row < rows && columns > 0; ++row) {
            const auto values = result.reals().subspan(row * columns, columns);
            double divisor = norm == "MAX" ? *std::ranges::max_element(values) : 0;
            if (norm == "L1") {
                for (const double v : values) divisor += std::abs(v);
            } else if (norm == "L2") {
                for (const double v : values) divisor += v * v;
                divisor = std::sqrt(divisor);
            }
            if (divisor == 0) continue;
            for (double& v : values) v /= divisor;
        }
        call.give(std::move(result));
        return {};
    });
}

Result<Kernel> binarizer(const NodeContext& context) {
    return Kernel([threshold = context.node.attribute_or<float>("threshold", 0)](const Call& call) -> Status {
        Array value = call.take(0);
        if (value.kind() != Kind::real) return cannot_take("ai.onnx.ml.Binarizer", value);
        for (double& v : value.reals()) v = v > threshold ? 1 : 0;
        call.give(std::move(value));
        return {};
    });
}

// The maps from class to probability that ZipMap makes say no more than the matrix they are made from.
Result<Kernel> zip_map(const NodeContext& context) {
    BATON_ASSIGN(const Labels labels, Labels::of(context.node, "classlabels_int64s", "classlabels_strings"));
    return Kernel([columns = labels.size()](const Call& call) -> Status {
        Array value = call.take(0);
        if (value.rank() == 0 || as_matrix(value).second != columns) return cannot_take("ai.onnx.ml.ZipMap", value);
        if (value.rank() == 1) value.reshape({1, static_cast<std::int64_t>(columns)});
        call.give(std::move(value));
        return {};
    });
}

// The columns of all inputs side by side.
Result<Kernel> feature_vectorizer(const NodeContext&) {
    return Kernel([](const Call& call) -> Status {
        std::vector<Reals> parts;
        std::size_t columns = 0;
        const std::size_t rows = as_matrix(call.in(0)).first;
        for (std::size_t i = 0; i < call.inputs(); ++i) {
            if (!call.has(i) || as_matrix(call.in(i)).first != rows)
                return cannot_take("ai.onnx.ml.FeatureVectorizer", call.in(0));
            BATON_ASSIGN(Reals part, Reals::of(call.in(i)));
            columns += as_matrix(call.in(i)).second;
            parts.push_back(std::move(part));
        }
        const Shape shape{static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns)};
        BATON_TRY(checked_count(shape));
        Array result(Kind::real, shape);
        std::size_t offset = 0;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const std::size_t width = as_matrix(call.in(i)).second;
            for (std::size_t row = 0; row < rows; ++row) {
                std::ranges::copy(parts[i].values().subspan(row * width, width),
                                  result.reals().begin() + static_cast<std::ptrdiff_t>(row * columns + offset));
            }
            offset += width;
        }
        call.give(std::move(result));
        return {};
    });
}

}  // namespace

void add_preparation_operators(OperatorTable& table) {
    table["ai.onnx.ml.Scaler"] = {scaler, 1, 1};
    table["ai.onnx.ml.Imputer"] = {imputer, 1, 1};
    table["ai.onnx.ml.Normalizer"] = {normalizer, 1, 1};
    table["ai.onnx.ml.Binarizer"] = {binarizer, 1, 1};
    table["ai.onnx.ml.ZipMap"] = {zip_map, 1, 1};
    table["ai.onnx.ml.FeatureVectorizer"] = {feature_vectorizer, 1, kManyInputs};
}

}  // namespace baton::inference::eigen
