// Support vector classification and regression as SVMClassifier and SVMRegressor define them.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "inference/eigen/kernel_machine.h"
#include "inference/eigen/labels.h"
#include "inference/eigen/post_transform.h"

namespace baton::inference::eigen {

// A decision is positive for the first class of the pair (0,1), (0,2), ..., (1,2), ...; the label is the class with
// most votes, the first of equals. Immutable and thread-safe after construction.
class SvmClassifier {
public:
    // invalid_argument for attributes whose sizes contradict each other or that are not finite. `floats_suffice` as
    // KernelMachine has it.
    static Result<SvmClassifier> of(const onnx::Node& node, bool floats_suffice);

    std::size_t features() const { return machine_.features(); }
    std::size_t columns() const;  // of the scores
    std::size_t pairs() const { return classes() * (classes() - 1) / 2; }
    const Labels& labels() const { return labels_; }

    // For every row of `x`: the position of its label, and columns() scores.
    void classify(std::span<const double> x, std::span<std::size_t> chosen, std::span<double> scores) const;

private:
    Status read_vectors(const onnx::Node& node, const KernelFunction& kernel, bool floats_suffice);
    Status read_weights(const onnx::Node& node, const KernelFunction& kernel);
    Status read_probabilities(const onnx::Node& node);
    std::size_t classes() const { return labels_.size(); }
    std::size_t vote(std::span<const double> decisions, std::span<std::size_t> votes) const;
    std::size_t choose_linear(std::span<const double> scores) const;
    void binary_scores(double decision, std::span<double> scores) const;

    Labels labels_;
    PostTransform transform_ = PostTransform::none;
    KernelMachine machine_;
    bool one_row_a_class_ = false;  // no support vectors: a weight row for each class
    bool weights_positive_ = false;
    bool one_offset_ = false;
    std::vector<double> prob_a_;  // one for each pair, or none
    std::vector<double> prob_b_;
};

struct SvmRegressor {
    KernelMachine machine;   // one sum
    bool one_class = false;  // the answer is 1 inside and -1 outside

    static Result<SvmRegressor> of(const onnx::Node& node, bool floats_suffice);
};

// Probabilities of all classes from those of pairs (method 2 of Wu, Lin and Weng, JMLR 2004), iterated as libsvm does:
// `pairwise` is row-major k x k with r[i][j] = P(i | i or j).
void couple_probabilities(std::span<const double> pairwise, std::span<double> probabilities);

}  // namespace baton::inference::eigen
