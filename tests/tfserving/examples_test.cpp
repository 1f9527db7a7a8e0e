#include "server/tfserving/examples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::server::tfserving {
namespace {

using inference::DataType;
using inference::Shape;
using inference::Signature;
using inference::Tensor;
using testing::ElementsAre;
using testing::HasSubstr;

const Signature columns{{{"age", DataType::int64, {-1, 1}}, {"city", DataType::bytes, {-1}}}, {}};
const Signature matrix{{{"x", DataType::fp32, {-1, 2, -1}}}, {}};

Result<std::vector<Tensor>> decode(std::string body, const Signature& signature) {
    return decode_examples(body, signature);
}

TEST(TfsExamples, AreRowsOfFeatures) {
    for (const char* body : {R"({"examples":[{"age":1,"city":"a"},{"city":"b","age":2}]})",
                             R"({"signature_name":"","examples":[{"age":[1],"city":["a"]},{"city":["b"],"age":[2]}]})",
                             R"({"examples":[{"age":1,"city":{"b64":"YQ=="}},{"age":2,"city":{"b64":"Yg=="}}]})"}) {
        const auto inputs = decode(body, columns);
        ASSERT_TRUE(inputs.ok()) << body << inputs.error().message;
        EXPECT_EQ((*inputs)[0].shape(), (Shape{2, 1}));
        EXPECT_THAT((*inputs)[0].values<std::int64_t>(), ElementsAre(1, 2));
        EXPECT_EQ((*inputs)[1].shape(), (Shape{2}));
        EXPECT_THAT((*inputs)[1].values<std::string>(), ElementsAre("a", "b"));
    }
}

TEST(TfsExamples, ShareTheContext) {
    const auto inputs = decode(R"({"examples":[{"age":1},{"age":2}],"context":{"city":"c"}})", columns);
    ASSERT_TRUE(inputs.ok()) << inputs.error().message;
    EXPECT_THAT((*inputs)[1].values<std::string>(), ElementsAre("c", "c"));
    const auto numbers = decode(R"({"context":{"x":[1,2,3,4]},"examples":[{},{}]})", matrix);
    ASSERT_TRUE(numbers.ok()) << numbers.error().message;
    EXPECT_EQ((*numbers)[0].shape(), (Shape{2, 2, 2}));
    EXPECT_THAT((*numbers)[0].values<float>(), ElementsAre(1, 2, 3, 4, 1, 2, 3, 4));
}

TEST(TfsExamples, AreRefusedWhenTheyDoNotFit) {
    const std::vector<std::pair<const char*, const char*>> cases = {
        {"{}", "Missing 'examples'"},
        {R"({"examples":[]})", "is empty"},
        {R"({"examples":[1]})", "expected an object"},
        {R"({"examples":[{"age":1}]})", "not every example has 'city'"},
        {R"({"examples":[{"age":1,"city":"a"},{"age":1}]})", "not every example has 'city'"},
        {R"({"examples":[{"age":1,"city":"a"}],"context":{"city":"b"}})", "not every example has 'city'"},
        {R"({"examples":[{"age":[1,2],"city":"a"}]})", "2 values in a row"},
        {R"({"examples":[{"age":"x","city":"a"}]})", "found a string"},
        {R"({"examples":[{"age":1,"city":"a","z":1}]})", "unknown feature 'z'"},
        {R"({"examples":[{"age":1,"city":"a"}],"signature_name":"other"})", "not found in signature def"},
    };
    for (const auto& [body, expected] : cases) {
        const auto inputs = decode(body, columns);
        ASSERT_FALSE(inputs.ok()) << body;
        EXPECT_EQ(inputs.error().code, Code::invalid_argument);
        EXPECT_THAT(inputs.error().message, HasSubstr(expected)) << body;
    }
}

template <class T>
Tensor tensor(std::string name, DataType type, Shape shape, std::vector<T> elements) {
    Tensor made(std::move(name), type, std::move(shape));
    std::ranges::move(elements, made.values<T>().begin());
    return made;
}

TEST(TfsResults, AreLabelsWithTheirScores) {
    const std::vector<Tensor> outputs = {tensor<std::int64_t>("label", DataType::int64, {2}, {1, 0}),
                                         tensor<float>("p", DataType::fp32, {2, 2}, {0.25F, 0.75F, 1, 0})};
    const Signature nameless{{}, {{"label", DataType::int64, {-1}}, {"p", DataType::fp32, {-1, 2}}}};
    const Signature named{{}, {{"label", DataType::int64, {-1}}, {"p", DataType::fp32, {-1, 2}, {"no", "yes"}}}};
    EXPECT_EQ(encode_classification(nameless, outputs).value(),
              R"({"results":[[["0",0.25],["1",0.75]],[["0",1],["1",0]]]})");
    EXPECT_EQ(encode_classification(named, outputs).value(),
              R"({"results":[[["no",0.25],["yes",0.75]],[["no",1],["yes",0]]]})");
    EXPECT_EQ(encode_regression(outputs).error().code, Code::failed_precondition);
    const std::vector<Tensor> value = {tensor<double>("y", DataType::fp64, {2, 1}, {0.5, -1})};
    EXPECT_EQ(encode_regression(value).value(), R"({"results":[0.5,-1]})");
    EXPECT_EQ(encode_classification({{}, {{"y", DataType::fp64, {-1, 1}}}}, value).error().code,
              Code::failed_precondition);
}

}  // namespace
}  // namespace baton::server::tfserving
