// Categories: text inputs, encoders, and what is unknown to them.
#include <gmock/gmock.h>

#include "tests/inference/model_builder.h"
#include "tests/inference/support.h"

namespace baton::inference {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Texts = std::vector<std::string>;

Result<std::vector<Tensor>> run(const ModelBuilder& builder, const Texts& column) {
    BATON_ASSIGN(const auto model, load_onnx(builder.bytes()));
    const std::vector<Tensor> inputs{
        tensor_of("x", DataType::bytes, {static_cast<std::int64_t>(column.size()), 1}, column)};
    return model->run(inputs);
}

ModelBuilder one_hot(std::int64_t zeros) {
    ModelBuilder builder;
    builder.input("x", DataType::bytes, {-1, 1}).output("y", DataType::fp32, {-1, 1, 2});
    builder.node("ai.onnx.ml.OneHotEncoder", {"x"}, {"y"}).set("cats_strings", Texts{"a", "b"}).set("zeros", zeros);
    return builder;
}

TEST(OneHotEncoder, UnknownCategoriesAreZerosOrAnError) {
    const auto zeros = run(one_hot(1), {"b", "c", "a"});
    ASSERT_TRUE(zeros.ok()) << zeros.error().message;
    EXPECT_THAT((*zeros)[0].values<float>(), ElementsAre(0, 1, 0, 0, 1, 0));
    EXPECT_EQ((*zeros)[0].shape(), (Shape{3, 1, 2}));

    EXPECT_TRUE(run(one_hot(0), {"b", "a"}).ok());
    const auto refused = run(one_hot(0), {"b", "c"});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::invalid_argument);
    EXPECT_THAT(refused.error().message, HasSubstr("category"));
}

ModelBuilder label_encoder() {
    ModelBuilder builder;
    builder.proto().mutable_opset_import(1)->set_version(2);
    builder.input("x", DataType::bytes, {-1, 1}).output("y", DataType::int64, {-1, 1});
    return builder;
}

TEST(LabelEncoder, MapsKeysToValuesAndTheRestToTheDefault) {
    ModelBuilder builder = label_encoder();
    builder.node("ai.onnx.ml.LabelEncoder", {"x"}, {"y"})
        .set("keys_strings", Texts{"low", "high", "low"})
        .set("values_int64s", std::vector<std::int64_t>{10, 20, 30})
        .set("default_int64", std::int64_t{7});
    const auto outputs = run(builder, {"high", "low", "other"});
    ASSERT_TRUE(outputs.ok()) << outputs.error().message;
    EXPECT_THAT((*outputs)[0].values<std::int64_t>(), ElementsAre(20, 10, 7));
}

TEST(LabelEncoder, NeedsAsManyValuesAsKeys) {
    ModelBuilder builder = label_encoder();
    builder.node("ai.onnx.ml.LabelEncoder", {"x"}, {"y"})
        .set("keys_strings", Texts{"low", "high"})
        .set("values_int64s", std::vector<std::int64_t>{10});
    EXPECT_EQ(load_onnx(builder.bytes()).error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace baton::inference
