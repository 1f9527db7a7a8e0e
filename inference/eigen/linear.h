// The arithmetic of linear models.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "inference/eigen/labels.h"
#include "inference/eigen/post_transform.h"
#include "inference/onnx/graph.h"

namespace baton::inference::eigen {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// rows x features -> rows x outputs: x W^T + b.
class LinearMap {
public:
    LinearMap() = default;
    // `weights` is outputs x features.
    LinearMap(RowMatrix weights, Eigen::VectorXd bias) : weights_(std::move(weights)), bias_(std::move(bias)) {}

    std::size_t features() const { return static_cast<std::size_t>(weights_.cols()); }
    std::size_t outputs() const { return static_cast<std::size_t>(weights_.rows()); }

    // `x` holds rows of features() values, `scores` takes rows of outputs(). Computes in double for either T.
    template <class T>
    void apply(std::span<const T> x, std::span<double> scores) const;

    void add_bias(std::span<const double> bias);  // of outputs() values
    // The same map of inputs that go through (x - offset) * scale first.
    void fold_scaler(std::span<const double> offset, std::span<const double> scale);

private:
    RowMatrix weights_;
    Eigen::VectorXd bias_;
};

// The part of LinearClassifier after the product. How one coefficient row stands for two classes, and what each
// transform does then, follows ONNX Runtime; the specification leaves it open.
struct LinearDecision {
    Labels labels;
    PostTransform transform = PostTransform::none;
    std::size_t scores = 0;     // what the product gives a row
    bool second_class = false;  // one score, two labels: the answer gets a column for each

    std::size_t columns() const { return second_class ? 2 : scores; }
    // The position of the label for one row of scores.
    std::size_t choose(std::span<const double> row) const;
    // Turns the scores of one row into the columns() values of the answer; `row` has room for them.
    void finish(std::span<double> row) const;
};

struct LinearClassifier {
    LinearMap map;
    LinearDecision decision;
};

// Check sizes and values: invalid_argument for what does not fit or is not finite.
Result<LinearClassifier> linear_classifier_of(const onnx::Node& node);
struct LinearRegressor {
    LinearMap map;
    PostTransform transform = PostTransform::none;
};
Result<LinearRegressor> linear_regressor_of(const onnx::Node& node);

}  // namespace baton::inference::eigen
