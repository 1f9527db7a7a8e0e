// Walks a graph once and keeps for every value what it means to a linear model; a value that means nothing ends the
// walk.
#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "inference/eigen/array.h"
#include "inference/eigen/linear_pipeline.h"
#include "inference/eigen/operators.h"
#include "inference/eigen/scaler.h"

namespace baton::inference::eigen {
namespace {

enum class Meaning : std::uint8_t {
    features,    // the input, scaled as far as the walk has come
    raw,         // the product, before any transform
    finished,    // the scores of the answer
    magnitudes,  // absolute values of finished
    total,       // their sum in each row
    position,    // of the chosen class
    label,
    column,  // one column of finished
};

// `version` tells a value from the same thing one operator later: x from scaled x, x W from x W + b.
struct Symbol {
    Meaning meaning = Meaning::features;
    int version = 0;
    std::size_t column = 0;
};

class Walk {
public:
    explicit Walk(const onnx::Graph& graph) : graph_(graph) {}

    std::optional<LinearRecipe> recipe() {
        if (graph_.inputs.size() != 1 || !graph_.inputs[0].shape || graph_.inputs[0].shape->size() != 2) return {};
        const std::int64_t features = graph_.inputs[0].shape->back();
        if (features < 1) return {};
        offset_.assign(static_cast<std::size_t>(features), 0);
        scale_.assign(static_cast<std::size_t>(features), 1);
        symbols_[graph_.inputs[0].name] = {};
        for (const auto& node : graph_.nodes) {
            if (!step(node)) return {};
        }
        for (const auto& output : graph_.outputs) {
            const Symbol* symbol = find(output.name);
            if (symbol == nullptr || !add_output(*symbol)) return {};
        }
        if (!have_map_ || recipe_.map.features() != offset_.size()) return {};
        recipe_.map.fold_scaler(offset_, scale_);
        return std::move(recipe_);
    }

private:
    const Symbol* find(const std::string& value) const {
        const auto found = symbols_.find(value);
        return found == symbols_.end() ? nullptr : &found->second;
    }
    // The input as this meaning, in its latest version.
    const Symbol* input(const onnx::Node& node, std::size_t index, Meaning meaning) const {
        const Symbol* symbol = index < node.inputs.size() ? find(node.inputs[index]) : nullptr;
        return symbol != nullptr && symbol->meaning == meaning && symbol->version == version_ ? symbol : nullptr;
    }
    std::optional<Array> constant(const onnx::Node& node, std::size_t index) const {
        if (index >= node.inputs.size()) return {};
        const auto found = graph_.initializers.find(node.inputs[index]);
        if (found == graph_.initializers.end()) return {};
        auto array = from_tensor(found->second);
        return array.ok() ? std::optional(*std::move(array)) : std::nullopt;
    }
    bool set(const onnx::Node& node, Meaning meaning, std::size_t index = 0, std::size_t column = 0) {
        if (index < node.outputs.size()) symbols_[node.outputs[index]] = {meaning, version_, column};
        return true;
    }

    bool step(const onnx::Node& node) {
        const std::string op = node.op();
        if (op == "Identity" || op == "Cast" || op == "Reshape" || op == "ai.onnx.ml.ZipMap") return pass(node);
        if (op == "ai.onnx.ml.Scaler") return scaler(node);
        if (op == "Sub" || op == "Add" || op == "Div" || op == "Mul") return arithmetic(node, op);
        if (op == "MatMul") return product(node);
        if (op == "ai.onnx.ml.LinearRegressor") return regressor(node);
        if (op == "ai.onnx.ml.LinearClassifier") return classifier(node);
        if (op == "Softmax") return transform(node, PostTransform::softmax);
        if (op == "Sigmoid") return transform(node, PostTransform::logistic);
        if (op == "ArgMax") return input(node, 0, Meaning::raw) != nullptr && set(node, Meaning::position);
        if (op == "ai.onnx.ml.ArrayFeatureExtractor") return extract(node);
        if (op == "Abs") return input(node, 0, Meaning::finished) != nullptr && set(node, Meaning::magnitudes);
        if (op == "ReduceSum") return input(node, 0, Meaning::magnitudes) != nullptr && set(node, Meaning::total);
        if (op == "ai.onnx.ml.Normalizer") {
            return node.attribute_or<std::string>("norm", "MAX") == "L1" && normalise(node);
        }
        return false;
    }

    bool pass(const onnx::Node& node) {
        if (node.inputs.empty() || node.outputs.empty()) return false;
        const Symbol* symbol = find(node.inputs[0]);
        if (symbol == nullptr || symbol->meaning == Meaning::features) return false;
        symbols_[node.outputs[0]] = *symbol;
        return true;
    }

    // x becomes (x - offset) * scale of what it was.
    bool rescale(const onnx::Node& node, const Scaler& scaler) {
        if (have_map_ || input(node, 0, Meaning::features) == nullptr || !scaler.fits(offset_.size())) return false;
        for (std::size_t f = 0; f < offset_.size(); ++f) {
            if (scale_[f] == 0) return false;
            offset_[f] += scaler.offset_of(f) / scale_[f];
            scale_[f] *= scaler.scale_of(f);
        }
        ++version_;
        return set(node, Meaning::features);
    }

    bool scaler(const onnx::Node& node) {
        const auto scaler = scaler_of(node);
        return scaler.ok() && rescale(node, *scaler);
    }

    bool arithmetic(const onnx::Node& node, const std::string& op) {
        if (op == "Div" && input(node, 1, Meaning::total) != nullptr) return normalise(node);
        const auto given = constant(node, 1);
        if (!given || given->kind() != Kind::real) return false;
        std::vector<double> values(given->reals().begin(), given->reals().end());
        if (op == "Add" && input(node, 0, Meaning::raw) != nullptr) return add_bias(node, values);
        if (op == "Add") {
            for (double& value : values) value = -value;
        } else if (op == "Div") {
            for (double& value : values) value = 1 / value;
        }
        const bool shifts = op == "Sub" || op == "Add";
        return rescale(node, shifts ? Scaler{.offset = values, .scale = {1}} : Scaler{.offset = {0}, .scale = values});
    }

    bool add_bias(const onnx::Node& node, const std::vector<double>& bias) {
        if (spelled_out_bias_ || classifier_ || bias.size() != recipe_.map.outputs()) return false;
        spelled_out_bias_ = true;
        recipe_.map.add_bias(bias);
        ++version_;
        return set(node, Meaning::raw);
    }

    bool use_map(LinearMap map) {
        if (have_map_) return false;
        have_map_ = true;
        recipe_.map = std::move(map);
        recipe_.decision.scores = recipe_.map.outputs();
        return true;
    }

    bool product(const onnx::Node& node) {
        const auto weights = constant(node, 1);
        if (!weights || weights->kind() != Kind::real || weights->rank() != 2 || weights->size() == 0) return false;
        if (input(node, 0, Meaning::features) == nullptr) return false;
        const Eigen::Map<const RowMatrix> matrix(weights->reals().data(), weights->shape()[0], weights->shape()[1]);
        return use_map(LinearMap(matrix.transpose(), Eigen::VectorXd::Zero(matrix.cols()))) && set(node, Meaning::raw);
    }

    bool regressor(const onnx::Node& node) {
        auto regressor = linear_regressor_of(node);
        if (!regressor.ok() || input(node, 0, Meaning::features) == nullptr) return false;
        recipe_.decision.transform = regressor->transform;
        return use_map(std::move(regressor->map)) && set(node, Meaning::finished);
    }

    bool classifier(const onnx::Node& node) {
        auto classifier = linear_classifier_of(node);
        if (!classifier.ok() || input(node, 0, Meaning::features) == nullptr) return false;
        classifier_ = true;
        recipe_.decision = std::move(classifier->decision);
        return use_map(std::move(classifier->map)) && set(node, Meaning::label) && set(node, Meaning::finished, 1);
    }

    bool transform(const onnx::Node& node, PostTransform transform) {
        if (input(node, 0, Meaning::raw) == nullptr || recipe_.decision.transform != PostTransform::none) return false;
        recipe_.decision.transform = transform;
        return set(node, Meaning::finished);
    }

    bool normalise(const onnx::Node& node) {
        if (recipe_.normalise || input(node, 0, Meaning::finished) == nullptr) return false;
        recipe_.normalise = true;
        ++version_;
        // Labels stay what they are; unnormalised scores are of an older version now.
        return set(node, Meaning::finished);
    }

    bool extract(const onnx::Node& node) {
        if (const auto index = constant(node, 1)) {
            if (index->kind() != Kind::integer || index->size() != 1 || input(node, 0, Meaning::finished) == nullptr) {
                return false;
            }
            const std::int64_t column = index->integers()[0];
            if (column < 0 || static_cast<std::size_t>(column) >= recipe_.decision.columns()) return false;
            return set(node, Meaning::column, 0, static_cast<std::size_t>(column));
        }
        const Symbol* position = node.inputs.size() == 2 ? find(node.inputs[1]) : nullptr;
        const auto classes = constant(node, 0);
        if (!classes || position == nullptr || position->meaning != Meaning::position || classifier_) return false;
        if (classes->size() != recipe_.decision.scores || recipe_.decision.scores < 2) return false;
        const auto labels = Labels::of(*classes);
        if (!labels) return false;
        recipe_.decision.labels = *labels;
        return set(node, Meaning::label);
    }

    bool add_output(const Symbol& symbol) {
        using Role = LinearRecipe::Role;
        switch (symbol.meaning) {
            case Meaning::label:
                recipe_.outputs.push_back({.role = Role::label});
                return true;
            case Meaning::column:
                recipe_.outputs.push_back({.role = Role::column, .column = symbol.column});
                break;
            case Meaning::finished:
                recipe_.outputs.push_back({.role = Role::scores});
                break;
            case Meaning::raw:
                if (recipe_.decision.transform != PostTransform::none) return false;
                recipe_.outputs.push_back({.role = Role::scores});
                break;
            default:
                return false;
        }
        return symbol.version == version_;
    }

    const onnx::Graph& graph_;
    std::map<std::string, Symbol, std::less<>> symbols_;
    std::vector<double> offset_;
    std::vector<double> scale_;
    LinearRecipe recipe_;
    int version_ = 0;
    bool have_map_ = false;
    bool classifier_ = false;
    bool spelled_out_bias_ = false;
};

bool same_answer(const Tensor& a, const Tensor& b) {
    if (a.type() != b.type() || a.shape() != b.shape()) return false;
    const auto within = [](double tolerance) {
        return [tolerance](double x, double y) { return std::abs(x - y) <= tolerance * (1 + std::abs(y)); };
    };
    switch (a.type()) {
        case DataType::fp32:
            return std::ranges::equal(a.values<float>(), b.values<float>(), within(1e-6));
        case DataType::fp64:
            return std::ranges::equal(a.values<double>(), b.values<double>(), within(1e-10));
        case DataType::bytes:
            return std::ranges::equal(a.values<std::string>(), b.values<std::string>());
        default:
            return std::ranges::equal(a.raw(), b.raw());
    }
}

// Whether the fused model can write this output: a file may declare another type than the model computes, or reshape
// the rows away. The interpreter converts or refuses; the fused model does neither.
bool can_write(const LinearRecipe& recipe, const LinearRecipe::Output& output, const TensorSpec& spec) {
    const bool scores = output.role == LinearRecipe::Role::scores;
    if (spec.shape.empty() || spec.shape[0] != -1) return false;
    const auto width = element_count(Shape(spec.shape.begin() + 1, spec.shape.end()));
    if (width != (scores ? recipe.decision.columns() : 1)) return false;
    if (output.role != LinearRecipe::Role::label) return spec.type == DataType::fp32 || spec.type == DataType::fp64;
    if (recipe.decision.labels.kind() == Kind::text) return spec.type == DataType::bytes;
    if (spec.type == DataType::int64) return true;
    const auto fits = [](std::int64_t label) { return label == static_cast<std::int32_t>(label); };
    return spec.type == DataType::int32 && std::ranges::all_of(recipe.decision.labels.integers(), fits);
}

// Rows that fall on all sides of most models; fewer of very wide ones, so that they stay within some megabytes.
Tensor sample_rows(const TensorSpec& spec) {
    constexpr std::int64_t kRows = 16;
    constexpr std::int64_t kElements = 1 << 20;
    Tensor rows(spec.name, spec.type, {std::clamp<std::int64_t>(kElements / spec.shape[1], 2, kRows), spec.shape[1]});
    std::mt19937 random(1);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const double value = (static_cast<double>(random()) / 4294967296.0 - 0.5) * std::pow(4.0, i % 5);
        if (spec.type == DataType::fp32) {
            rows.values<float>()[i] = static_cast<float>(value);
        } else {
            rows.values<double>()[i] = value;
        }
    }
    return rows;
}

}  // namespace

std::optional<LinearRecipe> recognise_linear(const onnx::Graph& graph) { return Walk(graph).recipe(); }

std::unique_ptr<Model> fuse_linear(const onnx::Graph& graph, const Model& reference) {
    const Signature& signature = reference.signature();
    if (signature.inputs.size() != 1 || signature.inputs[0].shape.size() != 2) return nullptr;
    const TensorSpec& input = signature.inputs[0];
    if (input.shape[0] != -1 || (input.type != DataType::fp32 && input.type != DataType::fp64)) return nullptr;
    auto recipe = recognise_linear(graph);
    if (!recipe) return nullptr;
    for (std::size_t i = 0; i < recipe->outputs.size(); ++i) {
        if (!can_write(*recipe, recipe->outputs[i], signature.outputs[i])) return nullptr;
    }
    auto fused = std::make_unique<LinearPipeline>(signature, *std::move(recipe));
    const std::vector<Tensor> rows{sample_rows(input)};
    const auto expected = reference.run(rows);
    const auto answers = fused->run(rows);
    if (!expected.ok() || !answers.ok() || !std::ranges::equal(*answers, *expected, same_answer)) return nullptr;
    return fused;
}

}  // namespace baton::inference::eigen
