#include "inference/eigen/vector_machine.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace baton::inference::eigen {
namespace {

using simd::Line;

// Kernel values of so many bytes are computed at once: they stay in the second-level cache beside the vectors.
constexpr std::size_t kTileBytes = 256 * 1024;
constexpr std::size_t kMostRows = 256;
constexpr std::size_t kRowSteps = 24;  // a multiple of the rows that each set of kernels takes at a time

// Farther than this from the centre, in any feature, every RBF kernel is zero; the square must not overflow.
template <class T>
constexpr T kFarthest = sizeof(T) == sizeof(float) ? static_cast<T>(1e15) : static_cast<T>(1e150);

template <class T>
const simd::Routines<T>& routines() {
    if constexpr (sizeof(T) == sizeof(float)) {
        return simd::best_kernels().singles;
    } else {
        return simd::best_kernels().doubles;
    }
}

template <class T>
T* values_of(std::vector<Line<T>>& lines) {
    return reinterpret_cast<T*>(lines.data());
}

template <class T>
T half_square(std::span<const T> x) {
    const Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, 1>> vector(x.data(), static_cast<Eigen::Index>(x.size()));
    return static_cast<T>(vector.template cast<double>().squaredNorm() / 2);
}

bool is_small_integer(double degree) { return degree >= 0 && degree <= 16 && degree == std::floor(degree); }

template <class Values>
void power(Values& values, double degree) {
    using Scalar = typename Values::Scalar;
    if (!is_small_integer(degree)) {
        values = values.unaryExpr([degree](Scalar v) { return static_cast<Scalar>(std::pow(v, degree)); });
        return;
    }
    const typename Values::PlainObject base = values;
    values.setOnes();
    for (int i = 0; i < static_cast<int>(degree); ++i) values *= base;
}

}  // namespace

template <class T>
VectorMachine<T>::VectorMachine(KernelFunction kernel, const RowMatrix& vectors, Eigen::VectorXd offset,
                                std::vector<MachinePart> parts)
    : kernel_(kernel),
      features_(static_cast<std::size_t>(vectors.cols())),
      offset_(std::move(offset)),
      parts_(std::move(parts)) {
    if (kernel.type == KernelFunction::Type::rbf) {
        const Eigen::RowVectorXd mean = vectors.colwise().mean();
        centre_.assign(mean.begin(), mean.end());
        unit_ = std::sqrt(2 * kernel.gamma * std::numbers::log2e);
    }
    constexpr std::size_t kPanel = Line<T>::kVectors;
    const auto count = static_cast<std::size_t>(vectors.rows());
    panels_ = (count + kPanel - 1) / kPanel;
    vectors_.resize(panels_ * features_);
    halves_.resize(panels_);
    std::vector<T> vector(features_);
    for (std::size_t v = 0; v < count; ++v) {
        for (std::size_t f = 0; f < features_; ++f) {
            vector[f] = prepared(vectors(static_cast<Eigen::Index>(v), static_cast<Eigen::Index>(f)), f);
            vectors_[v / kPanel * features_ + f].values[v % kPanel] = vector[f];
        }
        halves_[v / kPanel].values[v % kPanel] = half_square<T>(vector);
    }
}

// As the kernel wants a value of a row or of a support vector.
template <class T>
T VectorMachine<T>::prepared(double value, std::size_t feature) const {
    if (kernel_.type != KernelFunction::Type::rbf) return static_cast<T>(value);
    constexpr double kMost = kFarthest<T>;
    return static_cast<T>(std::clamp((value - centre_[feature]) * unit_, -kMost, kMost));
}

template <class T>
double VectorMachine<T>::largest_half() const {
    double largest = 0;
    for (const auto& line : halves_) largest = std::max<double>(largest, *std::ranges::max_element(line.values));
    return largest;
}

template <class T>
void VectorMachine<T>::apply(std::span<const double> x, std::span<double> sums) const {
    const auto count = static_cast<std::size_t>(offset_.size());
    const std::size_t rows = sums.size() / count;
    const std::size_t fit = std::clamp(kTileBytes / (panels_ * sizeof(Line<T>)), kRowSteps, kMostRows);
    const std::size_t tile = std::min(rows, fit - fit % kRowSteps);
    Lines values(tile * panels_);
    std::vector<T> given(tile * features_);
    for (std::size_t first = 0; first < rows; first += tile) {
        const std::size_t taken = std::min(tile, rows - first);
        for (std::size_t r = 0; r < taken; ++r) {
            for (std::size_t f = 0; f < features_; ++f) {
                given[r * features_ + f] = prepared(x[(first + r) * features_ + f], f);
            }
        }
        apply_tile({given.data(), taken * features_}, sums.subspan(first * count, taken * count), values);
    }
}

// `values` is room for the kernel values.
template <class T>
void VectorMachine<T>::apply_tile(std::span<const T> x, std::span<double> sums, Lines& values) const {
    const auto count = static_cast<std::size_t>(offset_.size());
    const std::size_t rows = sums.size() / count;
    routines<T>().products(x.data(), rows, features_, vectors_.data(), panels_, values.data());
    apply_kernel(x, values);
    for (std::size_t r = 0; r < rows; ++r) {
        const T* row = values_of(values) + r * panels_ * Line<T>::kVectors;
        double* answer = sums.data() + r * count;
        std::ranges::copy(offset_, answer);
        for (const MachinePart& part : parts_) {
            for (Eigen::Index k = 0; k < part.weights.rows(); ++k) {
                answer[part.sums[static_cast<std::size_t>(k)]] += routines<T>().weighted(
                    row + part.start, &part.weights(k, 0), static_cast<std::size_t>(part.weights.cols()));
            }
        }
    }
}

// Turns the products x.v into kernel values.
template <class T>
void VectorMachine<T>::apply_kernel(std::span<const T> x, Lines& values) const {
    const std::size_t rows = x.size() / features_;
    if (kernel_.type == KernelFunction::Type::rbf) {
        for (std::size_t r = 0; r < rows; ++r) {
            routines<T>().gaussians(&values[r * panels_], panels_, halves_.data(),
                                    half_square(x.subspan(r * features_, features_)));
        }
        return;
    }
    Eigen::Map<Eigen::Array<T, Eigen::Dynamic, 1>> all(values_of(values),
                                                       static_cast<Eigen::Index>(rows * panels_ * Line<T>::kVectors));
    if (kernel_.type == KernelFunction::Type::linear) return;
    all = static_cast<T>(kernel_.gamma) * all + static_cast<T>(kernel_.coef0);
    if (kernel_.type == KernelFunction::Type::sigmoid) {
        all = all.tanh();
    } else {
        power(all, kernel_.degree);
    }
}

template class VectorMachine<float>;
template class VectorMachine<double>;

}  // namespace baton::inference::eigen
