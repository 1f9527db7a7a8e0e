// Where runtimes and the specification disagree: the answers we chose, in numbers.
#include <gmock/gmock.h>

#include "inference/eigen/svm.h"
#include "tests/inference/model_builder.h"
#include "tests/inference/support.h"

namespace baton::inference {
namespace {

using Floats = std::vector<float>;
using Ints = std::vector<std::int64_t>;

constexpr Tolerance kClose{.relative = 1e-5, .absolute = 1e-6};
const Floats kRows{1, 1, -1, -1, 0, 0, -3, 1};

// Label and scores of a classifier, or one output of anything else, for kRows.
std::vector<Tensor> answers(ModelBuilder& builder) {
    const auto model = load_onnx(builder.bytes());
    EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().message);
    if (!model.ok()) return {};
    const std::vector<Tensor> inputs{tensor_of("x", DataType::fp32, {4, 2}, kRows)};
    auto outputs = (*model)->run(inputs);
    EXPECT_TRUE(outputs.ok()) << (outputs.ok() ? "" : outputs.error().message);
    return outputs.ok() ? *std::move(outputs) : std::vector<Tensor>{};
}

NodeBuilder classifier(ModelBuilder& builder, const std::string& op, const std::string& transform) {
    builder.input("x", DataType::fp32, {-1, 2})
        .output("y", DataType::int64, {-1})
        .output("z", DataType::fp32, {-1, -1});
    NodeBuilder node = builder.node(op, {"x"}, {"y", "z"});
    node.set("classlabels_ints", Ints{10, 20}).set("post_transform", transform);
    return node;
}

struct Expected {
    std::string transform;
    std::vector<double> labels;
    std::vector<double> scores;
};

void expect_answers(ModelBuilder& builder, const Expected& expected) {
    SCOPED_TRACE(expected.transform);
    const auto outputs = answers(builder);
    ASSERT_EQ(outputs.size(), 2u);
    EXPECT_EQ(numbers(outputs[0]), expected.labels);
    EXPECT_TRUE(close(numbers(outputs[1]), expected.scores, kClose));
}

TEST(LinearClassifierSemantics, OneCoefficientRowStandsForTwoClasses) {
    const std::vector<double> labels{20, 10, 20, 10};
    const std::vector<double> complement{-2.5, 3.5, 3.5, -2.5, 0.5, 0.5, 1.5, -0.5};
    for (const Expected& expected : {
             Expected{"NONE", labels, complement},
             Expected{"SOFTMAX", labels, complement},
             Expected{"SOFTMAX_ZERO", labels, complement},
             Expected{"LOGISTIC", labels, {.0293123, .970688, .924142, .0758582, .377541, .622459, .622459, .377541}},
         }) {
        ModelBuilder builder;
        classifier(builder, "ai.onnx.ml.LinearClassifier", expected.transform)
            .set("coefficients", Floats{1, 2})
            .set("intercepts", Floats{0.5f});
        expect_answers(builder, expected);
    }
}

TEST(LinearClassifierSemantics, TwoRowsGoThroughTheTransform) {
    ModelBuilder builder;
    classifier(builder, "ai.onnx.ml.LinearClassifier", "SOFTMAX")
        .set("coefficients", Floats{-1, -2, 1, 2})
        .set("intercepts", Floats{-0.5f, 0.5f});
    expect_answers(
        builder,
        {"SOFTMAX", {20, 10, 20, 10}, {.000911051, .999089, .993307, .00669285, .268941, .731059, .731059, .268941}});
}

TEST(LinearClassifierSemantics, InterceptsAreOptional) {
    ModelBuilder builder;
    classifier(builder, "ai.onnx.ml.LinearClassifier", "NONE").set("coefficients", Floats{-1, -2, 1, 2});
    expect_answers(builder, {"NONE", {20, 10, 10, 10}, {-3, 3, 3, -3, 0, 0, 1, -1}});
}

NodeBuilder svm(ModelBuilder& builder, const std::string& transform) {
    NodeBuilder node = classifier(builder, "ai.onnx.ml.SVMClassifier", transform);
    node.set("coefficients", Floats{1, -1}).set("support_vectors", Floats{1, 0, 0, 1}).set("rho", Floats{0.25f});
    node.set("vectors_per_class", Ints{1, 1}).set("kernel_params", Floats{1, 0, 3});
    return node;
}

// The label is by votes, a positive decision for the first class, although the columns are (-s, s).
TEST(SvmClassifierSemantics, TwoClassesWithoutProbabilities) {
    const std::vector<double> labels{10, 10, 10, 20};
    for (const Expected& expected : {
             Expected{"NONE", labels, {-.25, .25, -.25, .25, -.25, .25, 3.75, -3.75}},
             Expected{"LOGISTIC", labels, {.437823, .562177, .437823, .562177, .437823, .562177, .977023, .0229774}},
             Expected{"SOFTMAX", labels, {.75, .25, .75, .25, .75, .25, 4.75, -3.75}},
         }) {
        ModelBuilder builder;
        svm(builder, expected.transform);
        expect_answers(builder, expected);
    }
}

TEST(SvmClassifierSemantics, WithoutVectorsTheFirstRhoCountsForEveryClass) {
    ModelBuilder builder;
    builder.input("x", DataType::fp32, {-1, 2}).output("y", DataType::int64, {-1}).output("z", DataType::fp32, {-1, 3});
    builder.node("ai.onnx.ml.SVMClassifier", {"x"}, {"y", "z"})
        .set("classlabels_ints", Ints{0, 1, 2})
        .set("coefficients", Floats{1, 2, 3, 4, 5, 6})
        .set("rho", Floats{0.1f, 0.2f, 0.3f});
    const auto outputs = answers(builder);
    const auto scores = numbers(outputs.at(1));
    EXPECT_TRUE(close(std::span(scores).first(3), std::vector<double>{3.1, 7.1, 11.1}, kClose));
    EXPECT_EQ(numbers(outputs[0])[0], 2);
}

// Labels stay those of the votes even where another class is more probable.
TEST(SvmClassifierSemantics, ProbabilitiesDoNotChangeTheLabel) {
    ModelBuilder builder;
    svm(builder, "NONE").set("prob_a", Floats{2}).set("prob_b", Floats{0});
    const auto outputs = answers(builder);
    EXPECT_EQ(numbers(outputs[0])[0], 10);
    EXPECT_LT(numbers(outputs[1])[0], 0.5);
}

TEST(SvmClassifierSemantics, ClassesWithoutVectorsAreAllowed) {
    ModelBuilder builder;
    builder.input("x", DataType::fp32, {-1, 2}).output("y", DataType::int64, {-1}).output("z", DataType::fp32, {-1, 3});
    builder.node("ai.onnx.ml.SVMClassifier", {"x"}, {"y", "z"})
        .set("classlabels_ints", Ints{0, 1, 2})
        .set("vectors_per_class", Ints{1, 0, 1})
        .set("support_vectors", Floats{1, 0, 0, 1})
        .set("coefficients", Floats{1, -1, 2, -2})
        .set("rho", Floats{0, 0, 0})
        .set("kernel_type", std::string("RBF"))
        .set("kernel_params", Floats{0.5f, 0, 3});
    EXPECT_EQ(answers(builder).size(), 2u);
}

std::vector<double> regressor(const std::string& kernel, const Floats& parameters, bool one_class = false) {
    ModelBuilder builder;
    builder.input("x", DataType::fp32, {-1, 2}).output("y", DataType::fp32, {-1, 1});
    builder.node("ai.onnx.ml.SVMRegressor", {"x"}, {"y"})
        .set("kernel_type", kernel)
        .set("kernel_params", parameters)
        .set("support_vectors", Floats{1, 1})
        .set("coefficients", Floats{1})
        .set("n_supports", std::int64_t{1})
        .set("rho", Floats{one_class ? -1.5f : 0.0f})
        .set("one_class", std::int64_t{one_class});
    const auto outputs = answers(builder);
    return outputs.empty() ? std::vector<double>{} : numbers(outputs[0]);
}

TEST(SvmRegressorSemantics, Kernels) {
    EXPECT_TRUE(close(regressor("POLY", {0.5f, 1, 2.5f}), std::vector<double>{5.65685, 0, 1, 0}, kClose));
    EXPECT_TRUE(close(regressor("POLY", {0.5f, 1, 3}), std::vector<double>{8, 0, 1, 0}, kClose));
    EXPECT_TRUE(close(regressor("LINEAR", {}), std::vector<double>{2, -2, 0, -2}, kClose));
    EXPECT_TRUE(
        close(regressor("RBF", {0.25f, 0, 0}), std::vector<double>{1, .135335283, .60653066, .0183156389}, kClose));
    EXPECT_TRUE(close(regressor("SIGMOID", {0.5f, 1, 0}), std::vector<double>{.96402758, 0, .76159416, 0}, kClose));
}

TEST(SvmRegressorSemantics, OneClassAnswersOnWhichSide) {
    EXPECT_EQ(regressor("LINEAR", {}, true), (std::vector<double>{1, -1, -1, -1}));
}

TEST(NormalizerSemantics, MagnitudesForL1LargestValueForMax) {
    const auto row4 = [](const std::string& norm) {
        ModelBuilder builder;
        builder.input("x", DataType::fp32, {-1, 2}).output("y", DataType::fp32, {-1, 2});
        builder.node("ai.onnx.ml.Normalizer", {"x"}, {"y"}).set("norm", norm);
        const auto all = numbers(answers(builder).at(0));
        EXPECT_EQ(all[4], 0);  // a row of zeros stays
        return std::vector<double>(all.end() - 2, all.end());
    };
    EXPECT_TRUE(close(row4("L1"), std::vector<double>{-.75, .25}, kClose));
    EXPECT_TRUE(close(row4("MAX"), std::vector<double>{-3, 1}, kClose));
    EXPECT_TRUE(close(row4("L2"), std::vector<double>{-.948683, .316228}, kClose));
}

TEST(Coupling, AgreesWithLibsvm) {
    const std::vector<double> three{0, .9, .8, .1, 0, .3, .2, .7, 0};
    std::vector<double> probabilities(3);
    eigen::couple_probabilities(three, probabilities);
    const Tolerance exact{.relative = 1e-12, .absolute = 0};
    EXPECT_TRUE(
        close(probabilities, std::vector<double>{.7339476347888217, .08166288958288473, .18438947562829333}, exact));
    const std::vector<double> two{0, .6, .4, 0};
    probabilities.resize(2);
    eigen::couple_probabilities(two, probabilities);
    EXPECT_TRUE(close(std::span(probabilities).first(1), std::vector<double>{.5994144913393509}, exact));
}

// Every way in which the three shapes of Where may combine, against the definition.
TEST(WhereSemantics, AllThreeInputsBroadcast) {
    const std::vector<Shape> shapes{{}, {1}, {3}, {1, 1}, {1, 3}, {2, 1}, {2, 3}};
    const auto element = [](const Shape& shape, std::size_t row, std::size_t column) -> std::size_t {
        const std::size_t columns = shape.empty() ? 1 : static_cast<std::size_t>(shape.back());
        const std::size_t at = shape.size() == 2 && shape[0] == 2 ? row * columns : 0;
        return at + (columns == 3 ? column : 0);
    };
    const auto filled = [](const std::string& name, const Shape& shape, float first) {
        Tensor tensor(name, DataType::fp32, shape);
        for (std::size_t i = 0; i < tensor.size(); ++i) tensor.values<float>()[i] = first + static_cast<float>(i);
        return tensor;
    };
    for (const Shape& condition : shapes) {
        for (const Shape& yes : shapes) {
            for (const Shape& no : shapes) {
                SCOPED_TRACE(shape_text(condition) + shape_text(yes) + shape_text(no));
                ModelBuilder builder;
                builder.input("c", DataType::boolean, condition).input("a", DataType::fp32, yes);
                builder.input("b", DataType::fp32, no).output("y", DataType::fp32, {});
                builder.node("Where", {"c", "a", "b"}, {"y"});
                std::vector<Tensor> inputs{Tensor("c", DataType::boolean, condition), filled("a", yes, 10),
                                           filled("b", no, 20)};
                for (std::size_t i = 0; i < inputs[0].size(); ++i) inputs[0].values<std::uint8_t>()[i] = i % 2;
                const auto model = load_onnx(builder.bytes());
                ASSERT_TRUE(model.ok()) << model.error().message;
                const auto answer = (*model)->run(inputs);
                ASSERT_TRUE(answer.ok()) << answer.error().message;
                const Shape& shape = answer->at(0).shape();
                const std::size_t columns = shape.empty() ? 1 : static_cast<std::size_t>(shape.back());
                const std::vector<double> values = numbers(answer->at(0));
                for (std::size_t k = 0; k < values.size(); ++k) {
                    const std::size_t row = k / columns;
                    const std::size_t column = k % columns;
                    const bool chosen = element(condition, row, column) % 2 == 1;
                    const std::size_t expected =
                        chosen ? 10 + element(yes, row, column) : 20 + element(no, row, column);
                    EXPECT_EQ(values[k], static_cast<double>(expected)) << "element " << k;
                }
            }
        }
    }
}

TEST(OutputTypes, NumbersBeyondInt32AreNotWrapped) {
    ModelBuilder computed;
    computed.input("x", DataType::int64, {-1}).output("y", DataType::int32, {-1});
    computed.node("Identity", {"x"}, {"y"});
    const auto model = load_onnx(computed.bytes());
    ASSERT_TRUE(model.ok()) << model.error().message;
    const auto answer = [&](std::int64_t value) {
        return (*model)->run(std::vector<Tensor>{tensor_of("x", DataType::int64, {1}, Ints{value})});
    };
    EXPECT_EQ(numbers(answer(-2147483648)->at(0)), std::vector<double>{-2147483648.0});
    ASSERT_FALSE(answer(2147483648).ok());
    EXPECT_EQ(answer(2147483648).error().code, Code::invalid_argument);
    EXPECT_NE(answer(2147483648).error().message.find("2147483648"), std::string::npos);

    ModelBuilder labels;  // of a linear model, which is fused where it can be
    labels.input("x", DataType::fp32, {-1, 1}).output("y", DataType::int32, {-1});
    labels.node("ai.onnx.ml.LinearClassifier", {"x"}, {"y", "z"})
        .set("classlabels_ints", Ints{1, Ints::value_type{1} << 40})
        .set("coefficients", Floats{-1, 1});
    const auto classifier = load_onnx(labels.bytes());
    ASSERT_TRUE(classifier.ok()) << classifier.error().message;
    const auto label_of = [&](float value) {
        return (*classifier)->run(std::vector<Tensor>{tensor_of("x", DataType::fp32, {1, 1}, Floats{value})});
    };
    EXPECT_EQ(numbers(label_of(-1)->at(0)), std::vector<double>{1});
    EXPECT_FALSE(label_of(1).ok());
}

}  // namespace
}  // namespace baton::inference
