#include "inference/eigen/linear.h"

#include <algorithm>

#include "inference/eigen/operators.h"

namespace baton::inference::eigen {
namespace {

constexpr std::size_t kTileRows = 128;  // a tile of converted inputs stays in the second-level cache

template <class T>
using RowMap = Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

// `intercepts` may be left out: zeros.
Result<LinearMap> linear_map_of(const onnx::Node& node, std::size_t outputs) {
    const auto coefficients = node.attribute_or<std::vector<float>>("coefficients", {});
    const auto intercepts = node.attribute_or<std::vector<float>>("intercepts", {});
    if (outputs == 0 || coefficients.empty() || coefficients.size() % outputs != 0) {
        return bad_attributes(node, "the number of coefficients is no multiple of the number of outputs");
    }
    if (!intercepts.empty() && intercepts.size() != outputs) {
        return bad_attributes(node, "intercepts has the wrong size");
    }
    if (!all_finite(coefficients) || !all_finite(intercepts)) return bad_attributes(node, "a weight is not finite");
    const auto rows = static_cast<Eigen::Index>(outputs);
    const auto columns = static_cast<Eigen::Index>(coefficients.size() / outputs);
    Eigen::VectorXd bias = Eigen::VectorXd::Zero(rows);
    std::ranges::copy(intercepts, bias.begin());
    return LinearMap(RowMap<float>(coefficients.data(), rows, columns).cast<double>(), std::move(bias));
}

}  // namespace

template <class T>
void LinearMap::apply(std::span<const T> x, std::span<double> scores) const {
    const Eigen::Index features = weights_.cols();
    const Eigen::Index outputs = weights_.rows();
    const auto rows = static_cast<Eigen::Index>(scores.size() / outputs);
    if (rows == 1) {
        const Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, 1>> input(x.data(), features);
        for (Eigen::Index o = 0; o < outputs; ++o) {
            scores[o] = weights_.row(o).transpose().dot(input.template cast<double>()) + bias_[o];
        }
        return;
    }
    const auto tile = static_cast<Eigen::Index>(kTileRows);
    for (Eigen::Index first = 0; first < rows; first += tile) {
        const Eigen::Index count = std::min(tile, rows - first);
        const RowMap<T> input(x.data() + first * features, count, features);
        Eigen::Map<RowMatrix> output(scores.data() + first * outputs, count, outputs);
        output.noalias() = input.template cast<double>().eval() * weights_.transpose();
        output.rowwise() += bias_.transpose();
    }
}

template void LinearMap::apply<float>(std::span<const float>, std::span<double>) const;
template void LinearMap::apply<double>(std::span<const double>, std::span<double>) const;

void LinearMap::add_bias(std::span<const double> bias) {
    bias_ += Eigen::Map<const Eigen::VectorXd>(bias.data(), bias_.size());
}

void LinearMap::fold_scaler(std::span<const double> offset, std::span<const double> scale) {
    for (Eigen::Index f = 0; f < weights_.cols(); ++f) {
        weights_.col(f) *= scale[static_cast<std::size_t>(f)];
        bias_ -= weights_.col(f) * offset[static_cast<std::size_t>(f)];
    }
}

std::size_t LinearDecision::choose(std::span<const double> row) const {
    if (scores == 1) return row[0] > 0 ? 1 : 0;
    return static_cast<std::size_t>(std::max_element(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(scores)) -
                                    row.begin());
}

void LinearDecision::finish(std::span<double> row) const {
    if (!second_class) return eigen::apply(transform, row);
    const double score = row[0];
    switch (transform) {
        case PostTransform::logistic:
            row[0] = logistic(-score);
            row[1] = logistic(score);
            return;
        case PostTransform::probit: {
            double value = score;
            eigen::apply(transform, {&value, 1});
            row[0] = 1 - value;
            row[1] = value;
            return;
        }
        default:
            row[0] = 1 - score;
            row[1] = score;
    }
}

Result<LinearClassifier> linear_classifier_of(const onnx::Node& node) {
    LinearClassifier classifier;
    LinearDecision& decision = classifier.decision;
    BATON_ASSIGN(decision.labels, Labels::of(node));
    BATON_ASSIGN(decision.transform, post_transform_of(node));
    const auto* intercepts = node.attribute<std::vector<float>>("intercepts");
    const std::size_t labels = decision.labels.size();
    decision.scores =
        intercepts != nullptr && !intercepts->empty() ? intercepts->size() : std::max<std::size_t>(labels, 1);
    decision.second_class = decision.scores == 1 && labels == 2;
    if (labels == 0) decision.labels = Labels::numbered(std::max<std::size_t>(decision.scores, 2));
    if (labels != 0 && labels != decision.columns()) {
        return bad_attributes(
            node, "it has " + std::to_string(decision.scores) + " scores for " + std::to_string(labels) + " labels");
    }
    if (labels == 1) return bad_attributes(node, "a classifier with one class");
    BATON_ASSIGN(classifier.map, linear_map_of(node, decision.scores));
    return classifier;
}

Result<LinearRegressor> linear_regressor_of(const onnx::Node& node) {
    LinearRegressor regressor;
    const auto targets = node.attribute_or<std::int64_t>("targets", 1);
    if (targets < 1) return bad_attributes(node, "targets must be at least 1");
    BATON_ASSIGN(regressor.transform, post_transform_of(node));
    // As ONNX Runtime has it: one target is left alone, but for PROBIT.
    if (targets == 1 && regressor.transform != PostTransform::probit) regressor.transform = PostTransform::none;
    BATON_ASSIGN(regressor.map, linear_map_of(node, static_cast<std::size_t>(targets)));
    return regressor;
}

}  // namespace baton::inference::eigen
