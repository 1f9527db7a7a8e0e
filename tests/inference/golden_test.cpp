#include "inference/golden.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/inference/fake_model.h"

namespace baton::inference {
namespace {

using testing::HasSubstr;

// Answers what a test tells it to.
class ScriptedModel : public Model {
public:
    using Answer = std::function<Result<std::vector<Tensor>>(std::span<const Tensor>)>;
    ScriptedModel(Signature signature, Answer answer) : signature_(std::move(signature)), answer_(std::move(answer)) {}
    std::string_view engine() const override { return "scripted"; }
    const Signature& signature() const override { return signature_; }
    Result<std::vector<Tensor>> run(std::span<const Tensor> inputs) const override { return answer_(inputs); }

private:
    const Signature signature_;
    const Answer answer_;
};

template <class T>
Tensor tensor(std::string name, DataType type, Shape shape, const std::vector<T>& values) {
    Tensor made(std::move(name), type, std::move(shape));
    std::ranges::copy(values, made.values<T>().begin());
    return made;
}

ScriptedModel answering(std::vector<Tensor> outputs) {
    const auto shared = std::make_shared<std::vector<Tensor>>(std::move(outputs));
    Signature signature{{{"x", DataType::fp32, {-1, 2}}}, {}};
    for (const Tensor& output : *shared) signature.outputs.push_back({output.name, output.type(), output.shape()});
    return {std::move(signature), [shared](auto) { return *shared; }};
}

TEST(GoldenInputs, AreTheSameEachTimeAndPlain) {
    const Signature signature{{{"f", DataType::fp32, {-1, 8}},
                               {"h", DataType::fp16, {-1, 8}},
                               {"b", DataType::bf16, {-1, 8}},
                               {"n", DataType::int64, {-1, 1}},
                               {"flag", DataType::boolean, {-1, 1}},
                               {"word", DataType::bytes, {-1, 1}},
                               {"fixed", DataType::fp64, {2, -1}},
                               {"scalar", DataType::fp64, {}}},
                              {}};
    const auto inputs = golden_inputs(signature);
    const auto again = golden_inputs(signature);
    ASSERT_EQ(inputs.size(), 8U);
    EXPECT_EQ(inputs[0].shape(), (Shape{4, 8}));
    EXPECT_EQ(inputs[6].shape(), (Shape{2, 1}));
    EXPECT_EQ(inputs[7].size(), 1U);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (inputs[i].type() == DataType::bytes) continue;
        EXPECT_TRUE(std::ranges::equal(inputs[i].raw(), again[i].raw()));
        for (std::size_t at = 0; at < inputs[i].size(); ++at) {
            EXPECT_LE(std::abs(number_at(inputs[i], at)), 3);
            EXPECT_EQ(number_at(inputs[i], at) * 64, std::round(number_at(inputs[i], at) * 64));
        }
    }
    EXPECT_FALSE(inputs[5].values<std::string>()[0].empty());
    EXPECT_NE(number_at(inputs[0], 0), number_at(inputs[0], 1));
}

TEST(GoldenInputs, HaveOneRowWhereRowsAreLarge) {
    const Signature signature{{{"image", DataType::fp32, {-1, 3, 224, 224}}}, {}};
    EXPECT_EQ(golden_inputs(signature)[0].shape(), (Shape{1, 3, 224, 224}));
}

TEST(Golden, TheSameModelPasses) {
    const FakeModel model(0.1F);
    const auto golden = record_golden(model).value();
    ASSERT_TRUE(golden);
    EXPECT_EQ(golden->outputs[0].values[0], "0.1");
    EXPECT_TRUE(check_golden(model, *golden).ok());
    EXPECT_TRUE(check_golden(FakeModel(0.1000001F), *golden).ok()) << "within the tolerance";
}

TEST(Golden, AnotherAnswerIsSaid) {
    const auto golden = record_golden(FakeModel(0.5F)).value();
    ASSERT_TRUE(golden);
    const Status status = check_golden(FakeModel(0.25F), *golden);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, Code::integrity);
    EXPECT_THAT(status.error().message, HasSubstr("element 0 of output 'y' is 0.25, not 0.5"));

    FakeModel refusing(0.5F);
    refusing.refusal = invalid_argument("no longer");
    EXPECT_THAT(check_golden(refusing, *golden).error().message, HasSubstr("no longer"));
}

TEST(Golden, LabelsAreComparedExactly) {
    const auto words = [](const char* second) {
        return answering({tensor<std::string>("label", DataType::bytes, {2}, {"yes", second})});
    };
    const auto numbers = [](std::int64_t second) {
        return answering({tensor<std::int64_t>("label", DataType::int64, {2}, {1, second})});
    };
    const auto word = record_golden(words("no")).value();
    const auto number = record_golden(numbers((std::int64_t{1} << 60) + 1)).value();
    ASSERT_TRUE(word && number);
    EXPECT_TRUE(check_golden(words("no"), *word).ok());
    EXPECT_FALSE(check_golden(words("No"), *word).ok());
    EXPECT_FALSE(check_golden(numbers(std::int64_t{1} << 60), *number).ok());
}

TEST(Golden, WhatIsNotANumberIsEqualToItself) {
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    constexpr float inf = std::numeric_limits<float>::infinity();
    const auto model = answering({tensor<float>("y", DataType::fp32, {3}, {nan, inf, -inf})});
    const auto golden = record_golden(model).value();
    ASSERT_TRUE(golden);
    EXPECT_TRUE(check_golden(model, *golden).ok());
    EXPECT_FALSE(check_golden(answering({tensor<float>("y", DataType::fp32, {3}, {0, inf, -inf})}), *golden).ok());
    EXPECT_FALSE(check_golden(answering({tensor<float>("y", DataType::fp32, {3}, {nan, -inf, -inf})}), *golden).ok());
}

TEST(Golden, ModelsThatCannotBeComparedHaveNone) {
    FakeModel refusing(1);
    refusing.refusal = invalid_argument("not such rows");
    EXPECT_FALSE(record_golden(refusing).value());
    float next = 0;
    const ScriptedModel restless({{{"x", DataType::fp32, {-1, 2}}}, {}}, [&](auto) {
        return std::vector<Tensor>{tensor<float>("y", DataType::fp32, {1}, {next += 1})};
    });
    EXPECT_FALSE(record_golden(restless).value());
}

TEST(Golden, AModelThatComesToNoEndIsAnError) {
    FakeModel endless(1);
    endless.refusal = Error{.code = Code::deadline_exceeded, .message = "stopped"};
    EXPECT_EQ(record_golden(endless).error().code, Code::deadline_exceeded);
}

TEST(Golden, OfLargeOutputsTheBeginningIsKept) {
    const auto model = answering({Tensor("y", DataType::fp32, {2, 4000})});
    const auto golden = record_golden(model).value();
    ASSERT_TRUE(golden);
    EXPECT_EQ(golden->outputs[0].values.size(), Golden::most_elements);
    EXPECT_TRUE(check_golden(model, *golden).ok());
    EXPECT_FALSE(check_golden(answering({Tensor("y", DataType::fp32, {1, 4000})}), *golden).ok());
}

TEST(DifferenceOf, CountsRowsAndElements) {
    const std::vector<Tensor> live = {tensor<std::int64_t>("label", DataType::int64, {4}, {0, 1, 0, 1}),
                                      tensor<float>("p", DataType::fp32, {4, 2}, {0, 0, 0, 0, 0, 0, 0, 0})};
    const std::vector<Tensor> other = {
        tensor<float>("p", DataType::fp32, {4, 2}, {0, 0, 0.5F, 0, 0, 0.25F, 0.000001F, 0}),
        tensor<std::int64_t>("label", DataType::int64, {4}, {0, 1, 2, 1})};
    const Difference difference = difference_of(live, other);
    EXPECT_EQ(difference.rows, 4U);
    EXPECT_EQ(difference.rows_differing, 2U);
    ASSERT_EQ(difference.outputs.size(), 2U);
    EXPECT_EQ(difference.outputs[0].differing, 1U);
    EXPECT_EQ(difference.outputs[0].largest, 2);
    EXPECT_EQ(difference.outputs[1].elements, 8U);
    EXPECT_EQ(difference.outputs[1].differing, 2U);
    EXPECT_DOUBLE_EQ(difference.outputs[1].largest, 0.5);
    EXPECT_NEAR(difference.outputs[1].sum, 0.750001, 1e-6);
}

TEST(DifferenceOf, AnOutputOfAnotherShapeDiffersInEveryRow) {
    const std::vector<Tensor> live = {tensor<float>("y", DataType::fp32, {3, 1}, {1, 2, 3})};
    EXPECT_EQ(difference_of(live, {}).rows_differing, 3U);
    const std::vector<Tensor> other = {tensor<float>("y", DataType::fp32, {3}, {1, 2, 3})};
    EXPECT_EQ(difference_of(live, other).rows_differing, 3U);
    EXPECT_EQ(difference_of(live, other).outputs[0].elements, 0U);
}

TEST(DifferenceOf, ReadsHalfNumbers) {
    const Tensor half = tensor<std::uint16_t>("h", DataType::fp16, {5}, {0x3c00, 0xc000, 0x0001, 0x7c00, 0x3555});
    EXPECT_EQ(number_at(half, 0), 1);
    EXPECT_EQ(number_at(half, 1), -2);
    EXPECT_EQ(number_at(half, 2), std::ldexp(1, -24));
    EXPECT_TRUE(std::isinf(number_at(half, 3)));
    EXPECT_NEAR(number_at(half, 4), 1.0 / 3, 1e-3);
    const Tensor brain = tensor<std::uint16_t>("b", DataType::bf16, {1}, {0xbf80});
    EXPECT_EQ(number_at(brain, 0), -1);
}

}  // namespace
}  // namespace baton::inference
