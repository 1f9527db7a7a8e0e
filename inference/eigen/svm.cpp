#include "inference/eigen/svm.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "inference/eigen/operators.h"

namespace baton::inference::eigen {
namespace {

constexpr std::size_t kMaxClasses = 4096;

using Floats = std::vector<float>;
using FloatMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Floats floats_of(const onnx::Node& node, const char* name) { return node.attribute_or<Floats>(name, {}); }

Eigen::Index as_index(std::size_t value) { return static_cast<Eigen::Index>(value); }

RowMatrix matrix_of(const Floats& values, std::size_t rows, std::size_t columns) {
    return Eigen::Map<const FloatMatrix>(values.data(), as_index(rows), as_index(columns)).cast<double>();
}

Status check_finite(const onnx::Node& node) {
    for (const char* name : {"coefficients", "support_vectors", "rho", "prob_a", "prob_b"}) {
        if (!all_finite(floats_of(node, name))) return bad_attributes(node, std::string(name) + " is not finite");
    }
    return {};
}

// The position of the pair i < j among all pairs of `classes`.
std::size_t pair_index(std::size_t i, std::size_t j, std::size_t classes) {
    return i * classes - i * (i + 1) / 2 + j - i - 1;
}

// Platt's sigmoid, kept away from 0 and 1 as libsvm does.
double pair_probability(double decision, double a, double b) {
    constexpr double kMargin = 1e-7;
    return std::clamp(logistic(-(decision * a + b)), kMargin, 1 - kMargin);
}

}  // namespace

void couple_probabilities(std::span<const double> r, std::span<double> p) {
    const std::size_t k = p.size();
    std::vector<double> q(k * k, 0);
    for (std::size_t t = 0; t < k; ++t) {
        for (std::size_t j = 0; j < k; ++j) {
            if (j == t) continue;
            q[t * k + t] += r[j * k + t] * r[j * k + t];
            q[t * k + j] = -r[j * k + t] * r[t * k + j];
        }
    }
    std::ranges::fill(p, 1 / static_cast<double>(k));
    std::vector<double> qp(k);
    const double tolerance = 0.005 / static_cast<double>(k);
    for (std::size_t round = 0; round < std::max<std::size_t>(100, k); ++round) {
        double pqp = 0;
        for (std::size_t t = 0; t < k; ++t) {
            qp[t] = std::inner_product(p.begin(), p.end(), q.begin() + static_cast<std::ptrdiff_t>(t * k), 0.0);
            pqp += p[t] * qp[t];
        }
        double error = 0;
        for (const double value : qp) error = std::max(error, std::abs(value - pqp));
        if (error < tolerance) return;
        for (std::size_t t = 0; t < k; ++t) {
            const double step = (pqp - qp[t]) / q[t * k + t];
            p[t] += step;
            pqp = (pqp + step * (step * q[t * k + t] + 2 * qp[t])) / ((1 + step) * (1 + step));
            for (std::size_t j = 0; j < k; ++j) {
                qp[j] = (qp[j] + step * q[t * k + j]) / (1 + step);
                p[j] /= 1 + step;
            }
        }
    }
}

Result<SvmClassifier> SvmClassifier::of(const onnx::Node& node, bool floats_suffice) {
    SvmClassifier svm;
    BATON_TRY(check_finite(node));
    BATON_ASSIGN(svm.labels_, Labels::of(node));
    BATON_ASSIGN(svm.transform_, post_transform_of(node));
    BATON_ASSIGN(const KernelFunction kernel, kernel_function_of(node));
    if (svm.classes() < 2 || svm.classes() > kMaxClasses) {
        return bad_attributes(node, "it has " + std::to_string(svm.classes()) + " classes");
    }
    svm.one_row_a_class_ = node.attribute_or<std::vector<std::int64_t>>("vectors_per_class", {}).empty();
    svm.one_offset_ = floats_of(node, "rho").size() == 1;
    if (svm.one_row_a_class_) {
        BATON_TRY(svm.read_weights(node, kernel));
    } else {
        BATON_TRY(svm.read_vectors(node, kernel, floats_suffice));
        BATON_TRY(svm.read_probabilities(node));
    }
    if (svm.transform_ == PostTransform::probit) return unsupported(node.op() + " with PROBIT");
    return svm;
}

Status SvmClassifier::read_vectors(const onnx::Node& node, const KernelFunction& kernel, bool floats_suffice) {
    const auto per_class = node.attribute_or<std::vector<std::int64_t>>("vectors_per_class", {});
    const Floats vectors = floats_of(node, "support_vectors");
    const Floats coefficients = floats_of(node, "coefficients");
    const Floats rho = floats_of(node, "rho");
    if (per_class.size() != classes()) return bad_attributes(node, "vectors_per_class does not fit the labels");
    std::vector<std::size_t> starts{0};
    for (const std::int64_t count : per_class) {
        if (count < 0 || static_cast<std::size_t>(count) > vectors.size()) {
            return bad_attributes(node, "vectors_per_class is out of range");
        }
        starts.push_back(starts.back() + static_cast<std::size_t>(count));
    }
    const std::size_t count = starts.back();
    if (count == 0 || vectors.size() % count != 0) return bad_attributes(node, "support_vectors has the wrong size");
    if (coefficients.size() / count < classes() - 1) return bad_attributes(node, "coefficients has too few values");
    if (rho.size() < pairs()) return bad_attributes(node, "rho has too few values");

    // Row j-1 of the coefficients holds for the vectors of class i < j, row i for those of class j.
    const RowMatrix given = matrix_of(coefficients, classes() - 1, count);
    Eigen::VectorXd offset = Eigen::Map<const Eigen::VectorXf>(rho.data(), as_index(pairs())).cast<double>();
    std::vector<MachinePart> parts;
    for (std::size_t own = 0; own < classes(); ++own) {
        const Eigen::Index width = as_index(starts[own + 1] - starts[own]);
        if (width == 0) continue;
        MachinePart part{
            .start = as_index(starts[own]), .weights = RowMatrix(as_index(classes() - 1), width), .sums = {}};
        for (std::size_t other = 0; other < classes(); ++other) {
            if (other == own) continue;
            const std::size_t row = other > own ? other - 1 : other;
            part.weights.row(as_index(part.sums.size())) = given.row(as_index(row)).segment(part.start, width);
            part.sums.push_back(as_index(pair_index(std::min(own, other), std::max(own, other), classes())));
        }
        parts.push_back(std::move(part));
    }
    machine_ = KernelMachine(kernel, matrix_of(vectors, count, vectors.size() / count), std::move(offset),
                             std::move(parts), floats_suffice);
    return {};
}

// As in ONNX Runtime, the first rho counts for every class.
Status SvmClassifier::read_weights(const onnx::Node& node, const KernelFunction& kernel) {
    const Floats coefficients = floats_of(node, "coefficients");
    const Floats rho = floats_of(node, "rho");
    if (kernel.type != KernelFunction::Type::linear) return bad_attributes(node, "it has no support vectors");
    if (coefficients.empty() || coefficients.size() % classes() != 0) {
        return bad_attributes(node, "the number of coefficients is no multiple of the number of classes");
    }
    if (rho.empty()) return bad_attributes(node, "rho has too few values");
    weights_positive_ = std::ranges::all_of(coefficients, [](float value) { return value >= 0; });
    const std::size_t features = coefficients.size() / classes();
    machine_ = KernelMachine(LinearMap(matrix_of(coefficients, classes(), features),
                                       Eigen::VectorXd::Constant(as_index(classes()), rho[0])));
    return {};
}

Status SvmClassifier::read_probabilities(const onnx::Node& node) {
    const Floats a = floats_of(node, "prob_a");
    const Floats b = floats_of(node, "prob_b");
    if (a.empty() && b.empty()) return {};
    if (a.size() < pairs() || b.size() < pairs()) return bad_attributes(node, "prob_a or prob_b has too few values");
    prob_a_.assign(a.begin(), a.end());
    prob_b_.assign(b.begin(), b.end());
    return {};
}

std::size_t SvmClassifier::columns() const {
    if (one_row_a_class_ || !prob_a_.empty()) return classes();
    return std::max<std::size_t>(pairs(), 2);
}

// `votes` is room for one count a class.
std::size_t SvmClassifier::vote(std::span<const double> decisions, std::span<std::size_t> votes) const {
    std::ranges::fill(votes, 0);
    std::size_t pair = 0;
    for (std::size_t i = 0; i < classes(); ++i) {
        for (std::size_t j = i + 1; j < classes(); ++j) ++votes[decisions[pair++] > 0 ? i : j];
    }
    return static_cast<std::size_t>(std::ranges::max_element(votes) - votes.begin());
}

// ONNX Runtime's rule for two classes and one rho: the second as soon as the best score is above its threshold.
std::size_t SvmClassifier::choose_linear(std::span<const double> scores) const {
    const auto best = std::ranges::max_element(scores);
    if (classes() == 2 && one_offset_ && (weights_positive_ ? *best >= 0.5 : *best > 0)) return 1;
    return static_cast<std::size_t>(best - scores.begin());
}

// One decision, positive for the first class, becomes a column for each class. Without a transform the columns are (-s,
// s), although s speaks for the first: scikit-learn's exporter counts on it and turns the sign.
void SvmClassifier::binary_scores(double decision, std::span<double> scores) const {
    switch (transform_) {
        case PostTransform::none:
            scores[0] = -decision;
            scores[1] = decision;
            return;
        case PostTransform::logistic:
            scores[0] = logistic(-decision);
            scores[1] = logistic(decision);
            return;
        default:
            scores[0] = 1 - decision;
            scores[1] = decision;
    }
}

void SvmClassifier::classify(std::span<const double> x, std::span<std::size_t> chosen, std::span<double> scores) const {
    const std::size_t rows = chosen.size();
    const std::size_t width = columns();
    const std::size_t k = classes();
    if (one_row_a_class_) {
        machine_.apply(x, scores);
        for (std::size_t row = 0; row < rows; ++row) {
            const auto line = scores.subspan(row * width, width);
            chosen[row] = choose_linear(line);
            apply(transform_, line);
        }
        return;
    }
    std::vector<double> decisions(rows * pairs());
    machine_.apply(x, decisions);
    std::vector<std::size_t> votes(k);
    std::vector<double> pairwise(prob_a_.empty() ? 0 : k * k);
    for (std::size_t row = 0; row < rows; ++row) {
        const auto decision = std::span<const double>(decisions).subspan(row * pairs(), pairs());
        const auto line = scores.subspan(row * width, width);
        chosen[row] = vote(decision, votes);
        if (prob_a_.empty() && k == 2) {
            binary_scores(decision[0], line);
            continue;
        }
        if (prob_a_.empty()) {
            std::ranges::copy(decision, line.begin());
        } else {
            for (std::size_t i = 0, pair = 0; i < k; ++i) {
                for (std::size_t j = i + 1; j < k; ++j, ++pair) {
                    pairwise[i * k + j] = pair_probability(decision[pair], prob_a_[pair], prob_b_[pair]);
                    pairwise[j * k + i] = 1 - pairwise[i * k + j];
                }
            }
            couple_probabilities(pairwise, line);
        }
        apply(transform_, line);
    }
}

Result<SvmRegressor> SvmRegressor::of(const onnx::Node& node, bool floats_suffice) {
    BATON_TRY(check_finite(node));
    BATON_TRY(post_transform_of(node));  // a name it must know, though no runtime applies it
    BATON_ASSIGN(const KernelFunction kernel, kernel_function_of(node));
    const Floats vectors = floats_of(node, "support_vectors");
    const Floats coefficients = floats_of(node, "coefficients");
    const Floats rho = floats_of(node, "rho");
    const auto supports = node.attribute_or<std::int64_t>("n_supports", 0);
    if (coefficients.empty() || rho.empty()) return bad_attributes(node, "coefficients or rho is empty");
    if (supports < 0 || static_cast<std::size_t>(supports) > coefficients.size()) {
        return bad_attributes(node, "coefficients has too few values");
    }
    SvmRegressor svm;
    svm.one_class = node.attribute_or<std::int64_t>("one_class", 0) != 0;
    const Eigen::VectorXd offset = Eigen::VectorXd::Constant(1, rho[0]);
    if (supports == 0) {
        if (kernel.type != KernelFunction::Type::linear) return bad_attributes(node, "it has no support vectors");
        svm.machine = KernelMachine(LinearMap(matrix_of(coefficients, 1, coefficients.size()), offset));
        return svm;
    }
    const auto count = static_cast<std::size_t>(supports);
    if (vectors.empty() || vectors.size() % count != 0)
        return bad_attributes(node, "support_vectors has the wrong size");
    MachinePart part{.start = 0, .weights = matrix_of(coefficients, 1, count), .sums = {0}};
    svm.machine = KernelMachine(kernel, matrix_of(vectors, count, vectors.size() / count), offset, {std::move(part)},
                                floats_suffice);
    return svm;
}

}  // namespace baton::inference::eigen
