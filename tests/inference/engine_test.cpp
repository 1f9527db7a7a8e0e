// How models of the Eigen engine behave, whatever they compute.
#include <gmock/gmock.h>

#include <limits>
#include <thread>

#include "tests/inference/model_builder.h"
#include "tests/inference/support.h"

namespace baton::inference {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

ModelBuilder logistic_model() {
    ModelBuilder model;
    model.input("x", DataType::fp32, {-1, 2})
        .output("label", DataType::bytes, {-1})
        .output("p", DataType::fp32, {-1, 2});
    model.node("ai.onnx.ml.LinearClassifier", {"x"}, {"label", "p"})
        .set("coefficients", std::vector<float>{-1, -2, 1, 2})
        .set("intercepts", std::vector<float>{-0.5f, 0.5f})
        .set("classlabels_strings", std::vector<std::string>{"bad", "good"})
        .set("post_transform", std::string("SOFTMAX"));
    return model;
}

std::unique_ptr<Model> loaded(const ModelBuilder& builder) {
    auto model = load_onnx(builder.bytes());
    EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().message);
    return model.ok() ? std::move(*model) : nullptr;
}

Tensor rows(std::int64_t width, const std::vector<float>& values) {
    const auto count = static_cast<std::int64_t>(values.size()) / width;
    return tensor_of("x", DataType::fp32, {count, width}, values);
}

Result<std::vector<Tensor>> run(const Model& model, Tensor input) {
    std::vector<Tensor> inputs;
    inputs.push_back(std::move(input));
    return model.run(inputs);
}

TEST(Engine, AnswersAnyNumberOfRowsTheSameWay) {
    const auto model = loaded(logistic_model());
    EXPECT_EQ(model->engine(), "eigen");
    std::vector<float> values;
    for (int i = 0; i < 600; ++i) values.push_back(static_cast<float>(i % 37) / 10 - 2);
    const auto batch = run(*model, rows(2, values));
    ASSERT_TRUE(batch.ok());
    EXPECT_EQ((*batch)[1].shape(), (Shape{300, 2}));
    for (std::size_t i = 0; i < 300; ++i) {
        const auto single = run(*model, rows(2, {values[2 * i], values[2 * i + 1]}));
        EXPECT_EQ((*single)[0].values<std::string>()[0], (*batch)[0].values<std::string>()[i]);
        EXPECT_FLOAT_EQ((*single)[1].values<float>()[0], (*batch)[1].values<float>()[2 * i]);
    }
}

TEST(Engine, AnEmptyBatchHasEmptyAnswers) {
    BATON_NEED_VECTORS(vectors);
    const auto manifest = read_json(vectors / "onnx-sklearn" / "manifest.json");
    for (const auto& one : manifest["cases"]) {
        for (const auto& [precision, file] : one["models"].items()) {
            SCOPED_TRACE(file["file"]);
            const auto model = load_onnx(read_file(vectors / "onnx-sklearn" / file["file"]));
            if (!model.ok()) continue;
            const TensorSpec& spec = (*model)->signature().inputs[0];
            const auto outputs = run(**model, Tensor(spec.name, spec.type, {0, spec.shape[1]}));
            ASSERT_TRUE(outputs.ok()) << outputs.error().message;
            for (std::size_t i = 0; i < outputs->size(); ++i) {
                Shape expected = (*model)->signature().outputs[i].shape;
                expected[0] = 0;
                EXPECT_EQ((*outputs)[i].shape(), expected);
            }
        }
    }
}

TEST(Engine, RefusesNumbersThatAreNotFiniteAndSaysWhere) {
    const auto model = loaded(logistic_model());
    const auto nan = run(*model, rows(2, {1, 2, 3, kNan, 5, 6}));
    ASSERT_FALSE(nan.ok());
    EXPECT_EQ(nan.error().code, Code::invalid_argument);
    EXPECT_THAT(nan.error().message, HasSubstr("input 'x' holds NaN in row 1"));
    const auto infinite = run(*model, rows(2, {1, 2, 3, 4, -kInfinity, 6}));
    ASSERT_FALSE(infinite.ok());
    EXPECT_THAT(infinite.error().message, HasSubstr("an infinite value in row 2"));
}

// Column 0 goes through an Imputer, column 1 does not.
TEST(Engine, TakesMissingValuesWhereAnImputerIs) {
    ModelBuilder builder;
    builder.input("x", DataType::fp32, {-1, 2}).output("y", DataType::fp32, {-1, 2});
    builder.initializer("zero", {1}, std::vector<std::int64_t>{0});
    builder.initializer("one", {1}, std::vector<std::int64_t>{1});
    builder.node("ai.onnx.ml.ArrayFeatureExtractor", {"x", "zero"}, {"left"});
    builder.node("ai.onnx.ml.ArrayFeatureExtractor", {"x", "one"}, {"right"});
    builder.node("ai.onnx.ml.Imputer", {"left"}, {"filled"})
        .set("imputed_value_floats", std::vector<float>{7})
        .set("replaced_value_float", kNan);
    builder.node("ai.onnx.ml.Scaler", {"right"}, {"scaled"}).set("scale", std::vector<float>{2});
    builder.node("Concat", {"filled", "scaled"}, {"y"}).set("axis", std::int64_t{1});
    const auto model = loaded(builder);
    const auto filled = run(*model, rows(2, {kNan, 1, 5, 2}));
    ASSERT_TRUE(filled.ok()) << filled.error().message;
    EXPECT_THAT((*filled)[0].values<float>(), ElementsAre(7, 2, 5, 4));
    EXPECT_FALSE(run(*model, rows(2, {1, kNan})).ok());
    EXPECT_FALSE(run(*model, rows(2, {kInfinity, 1})).ok());
}

TEST(Engine, ZipMapBecomesAMatrixWithNamedColumns) {
    ModelBuilder builder = logistic_model();
    builder.graph().mutable_output(1)->Clear();
    auto& output = *builder.graph().mutable_output(1);
    output.set_name("maps");
    output.mutable_type()->mutable_sequence_type();
    builder.node("ai.onnx.ml.ZipMap", {"p"}, {"maps"})
        .set("classlabels_strings", std::vector<std::string>{"bad", "good"});
    const auto model = loaded(builder);
    const TensorSpec& spec = model->signature().outputs[1];
    EXPECT_EQ(spec.type, DataType::fp32);
    EXPECT_EQ(spec.shape, (Shape{-1, 2}));
    EXPECT_THAT(spec.labels, ElementsAre("bad", "good"));
    EXPECT_EQ((*run(*model, rows(2, {1, 1})))[1].shape(), (Shape{1, 2}));
}

TEST(Engine, OneModelAnswersManyThreadsAlike) {
    BATON_NEED_VECTORS(vectors);
    for (const char* name : {"svc-rbf-digits-prob", "logreg-digits", "calibrated-svc"}) {
        const auto folder = vectors / "onnx-sklearn" / name;
        const auto model = load_onnx(read_file(folder / "model_float.onnx"));
        ASSERT_TRUE(model.ok());
        const Tensor input = read_npy(folder / "input.npy");
        const auto reference = run(**model, input);
        ASSERT_TRUE(reference.ok());
        std::vector<int> different(4, 0);
        {
            std::vector<std::jthread> threads;
            for (int& count : different) {
                threads.emplace_back([&] {
                    for (int i = 0; i < 5; ++i) {
                        const auto outputs = run(**model, input);
                        for (std::size_t o = 0; o < reference->size(); ++o) {
                            count += !outputs.ok() || numbers((*outputs)[o]) != numbers((*reference)[o]);
                        }
                    }
                });
            }
        }
        EXPECT_THAT(different, testing::Each(0)) << name;
    }
}

}  // namespace
}  // namespace baton::inference
