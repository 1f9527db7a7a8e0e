// Linear models and what surrounds them, fused into one product: no interpreter, no intermediate values.
#pragma once

#include <memory>
#include <optional>

#include "inference/eigen/linear.h"
#include "inference/model.h"
#include "inference/onnx/graph.h"

namespace baton::inference::eigen {

// What the fused model computes for each row: scores = map(x), the label chosen by `decision`, and the scores finished
// by it and normalised.
struct LinearRecipe {
    enum class Role : std::uint8_t { label, scores, column };
    struct Output {
        Role role = Role::scores;
        std::size_t column = 0;  // of the scores, for Role::column
    };

    LinearMap map;
    LinearDecision decision;
    bool normalise = false;  // divide the finished scores by the sum of their magnitudes
    std::vector<Output> outputs;
};

// Recognises [scaling ->] linear regression or classification as exporters write it, in one operator or spelled out in
// plain ones; nullopt for any other graph. Checks shapes only as far as it must: compare the answers before trusting
// one.
std::optional<LinearRecipe> recognise_linear(const onnx::Graph& graph);

class LinearPipeline : public Model {
public:
    LinearPipeline(Signature signature, LinearRecipe recipe)
        : signature_(std::move(signature)), recipe_(std::move(recipe)) {}

    std::string_view engine() const override { return "eigen"; }
    const Signature& signature() const override { return signature_; }
    Result<std::vector<Tensor>> run(std::span<const Tensor> inputs) const override;

private:
    template <class T>
    Result<std::vector<Tensor>> run_rows(const Tensor& input) const;
    void finish_row(std::span<double> scores, std::size_t row, std::vector<Tensor>& outputs) const;

    Signature signature_;
    LinearRecipe recipe_;
};

// The fused form of the graph, if there is one and it answers like `reference`, which was compiled from the same graph.
std::unique_ptr<Model> fuse_linear(const onnx::Graph& graph, const Model& reference);

}  // namespace baton::inference::eigen
