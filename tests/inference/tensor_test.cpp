#include "inference/tensor.h"

#include <gmock/gmock.h>

#include "inference/model.h"

namespace baton::inference {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(DataTypes, NamesGoBothWays) {
    for (int i = 0; i <= static_cast<int>(DataType::bytes); ++i) {
        const auto type = static_cast<DataType>(i);
        EXPECT_EQ(parse_data_type(data_type_name(type)), type);
    }
    EXPECT_EQ(data_type_name(DataType::fp32), "FP32");
    EXPECT_EQ(parse_data_type("float"), std::nullopt);
}

TEST(Shapes, CountRefusesNegativeDimensionsAndOverflow) {
    EXPECT_EQ(element_count({}), 1u);
    EXPECT_EQ(element_count({2, 3}), 6u);
    EXPECT_EQ(element_count({0, std::int64_t{1} << 62, 8}), 0u);
    EXPECT_EQ(element_count({-1, 3}), std::nullopt);
    EXPECT_EQ(element_count({0, -1}), std::nullopt);
    EXPECT_EQ(element_count({std::int64_t{1} << 40, std::int64_t{1} << 40}), std::nullopt);
    EXPECT_EQ(shape_text({-1, 30}), "[-1,30]");
}

TEST(Tensors, StartWithZerosAndShareTheirBytes) {
    Tensor tensor("x", DataType::fp32, {2, 2});
    EXPECT_THAT(tensor.values<float>(), Each(0.0f));
    tensor.values<float>()[3] = 1.0f;
    EXPECT_EQ(std::to_integer<int>(tensor.raw()[15]), 0x3f);
    tensor.reshape({4});
    EXPECT_EQ(tensor.shape(), Shape{4});
    EXPECT_EQ(Tensor("t", DataType::bytes, {3}).values<std::string>().size(), 3u);
    EXPECT_EQ(Tensor("h", DataType::fp16, {3}).raw().size(), 6u);
}

TEST(TensorsDeathTest, AbortOnTheWrongType) {
    Tensor tensor("x", DataType::fp32, {1});
    EXPECT_DEATH(tensor.values<double>(), "");
    EXPECT_DEATH(tensor.values<std::int32_t>(), "");
    EXPECT_DEATH(tensor.reshape({2}), "");
}

const Signature kTwoInputs{.inputs = {{.name = "a", .type = DataType::fp32, .shape = {-1, 2}},
                                      {.name = "b", .type = DataType::int64, .shape = {-1}}},
                           .outputs = {}};

std::vector<Tensor> named(std::initializer_list<std::tuple<const char*, DataType, Shape>> list) {
    std::vector<Tensor> tensors;
    for (const auto& [name, type, shape] : list) tensors.emplace_back(name, type, shape);
    return tensors;
}

TEST(ArrangeInputs, BringsThemIntoTheOrderOfTheSignature) {
    const auto arranged =
        arrange_inputs(kTwoInputs, named({{"b", DataType::int64, {3}}, {"a", DataType::fp32, {3, 2}}}));
    ASSERT_TRUE(arranged.ok());
    EXPECT_EQ((*arranged)[0].name, "a");
    EXPECT_EQ((*arranged)[1].name, "b");
}

TEST(ArrangeInputs, SaysWhatIsWrong) {
    const auto message = [](std::vector<Tensor> tensors) {
        const auto arranged = arrange_inputs(kTwoInputs, std::move(tensors));
        return arranged.ok() ? std::string("accepted") : arranged.error().message;
    };
    EXPECT_THAT(message(named({{"a", DataType::fp32, {1, 2}}})), HasSubstr("'b' is missing"));
    EXPECT_THAT(message(named({{"c", DataType::fp32, {1, 2}}})), HasSubstr("unknown input 'c'"));
    EXPECT_THAT(message(named({{"a", DataType::fp32, {1, 2}}, {"a", DataType::fp32, {1, 2}}})), HasSubstr("twice"));
    EXPECT_THAT(message(named({{"a", DataType::fp64, {1, 2}}})), HasSubstr("FP64, expected FP32"));
    EXPECT_THAT(message(named({{"a", DataType::fp32, {1, 3}}})), HasSubstr("[1,3], expected [-1,2]"));
    EXPECT_THAT(message(named({{"a", DataType::fp32, {2}}})), HasSubstr("[2], expected [-1,2]"));
}

}  // namespace
}  // namespace baton::inference
