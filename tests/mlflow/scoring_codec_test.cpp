#include "server/mlflow/scoring_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace baton::server::mlflow {
namespace {

using inference::DataType;
using inference::Shape;
using inference::Signature;
using inference::Tensor;
using testing::ElementsAre;
using testing::HasSubstr;

const Signature columns{{{"a", DataType::fp64, {-1, 1}}, {"b", DataType::fp64, {-1, 1}}}, {}};
const Signature matrix{{{"x", DataType::fp32, {-1, 2}}}, {}};
const Signature texts{{{"text", DataType::bytes, {-1, 1}}, {"ok", DataType::boolean, {-1}}}, {}};

Result<std::vector<Tensor>> decode(std::string body, const Signature& signature) {
    return decode_scoring_json(body, {signature});
}

std::string refusal(std::string body, const Signature& signature) {
    const auto inputs = decode_scoring_json(body, {signature});
    if (inputs.ok()) return "accepted";
    EXPECT_EQ(inputs.error().code, Code::invalid_argument);
    return inputs.error().message;
}

TEST(MlflowRequest, NamesColumnsInAnyForm) {
    for (const char* body :
         {R"({"dataframe_split":{"columns":["a","b"],"data":[[1,2],[3,4]]}})",
          R"({"dataframe_split":{"data":[[1,2],[3,4]],"index":[7,8],"columns":["a","b"]}})",
          R"({"dataframe_split":{"columns":["b","z","a"],"data":[[2,{"deep":[]},1],[4,null,3]]}})",
          R"({"dataframe_records":[{"a":1,"b":2},{"b":4,"a":3,"z":"dropped"}]})",
          R"({"params":{"t":[1]},"instances":[{"a":1,"b":2},{"a":3,"b":4}]})",
          R"({"inputs":{"b":[2,4],"a":[1,3],"z":[[]]},"params":null})", R"({"inputs":{"b":[[2],[4]],"a":[[1],[3]]}})",
          R"({"inputs":[{"a":1,"b":2},{"a":3,"b":4}]})"}) {
        const auto inputs = decode(body, columns);
        ASSERT_TRUE(inputs.ok()) << body << inputs.error().message;
        ASSERT_EQ(inputs->size(), 2U);
        EXPECT_EQ((*inputs)[0].shape(), (Shape{2, 1})) << body;
        EXPECT_THAT((*inputs)[0].values<double>(), ElementsAre(1, 3)) << body;
        EXPECT_THAT((*inputs)[1].values<double>(), ElementsAre(2, 4)) << body;
    }
}

TEST(MlflowRequest, FillsTheOnlyInputInOrder) {
    for (const char* body : {R"({"dataframe_split":{"columns":["p","q"],"data":[[1,2],[3,4]]}})",
                             R"({"dataframe_records":[{"p":1,"q":2},{"p":3,"q":4}]})",
                             R"({"dataframe_records":[{"x":[1,2]},{"x":[3,4]}]})",
                             R"({"dataframe_split":{"columns":["x"],"data":[[[1,2]],[[3,4]]]}})",
                             R"({"instances":[[1,2],[3,4]]})", R"({"instances":[{"x":[1,2]},{"x":[3,4]}]})",
                             R"({"inputs":[[1,2],[3,4]]})", R"({"inputs":{"x":[[1,2],[3,4]]}})"}) {
        const auto inputs = decode(body, matrix);
        ASSERT_TRUE(inputs.ok()) << body << inputs.error().message;
        EXPECT_EQ((*inputs)[0].shape(), (Shape{2, 2})) << body;
        EXPECT_THAT((*inputs)[0].values<float>(), ElementsAre(1, 2, 3, 4)) << body;
    }
}

TEST(MlflowRequest, TakesCsv) {
    const auto inputs = decode_scoring_csv("ok,extra,text\nTrue,1,\"a,\"\"b\"\"\"\r\nfalse,2,c\n", {texts});
    ASSERT_TRUE(inputs.ok()) << inputs.error().message;
    EXPECT_EQ((*inputs)[0].shape(), (Shape{2, 1}));
    EXPECT_THAT((*inputs)[0].values<std::string>(), ElementsAre("a,\"b\"", "c"));
    EXPECT_THAT((*inputs)[1].values<std::uint8_t>(), ElementsAre(1, 0));
    const auto numbers = decode_scoring_csv("p,q\n1,-2.5e1\n3,\n", {matrix});
    ASSERT_TRUE(numbers.ok());
    EXPECT_EQ((*numbers)[0].values<float>()[1], -25);
    EXPECT_TRUE(std::isnan((*numbers)[0].values<float>()[3])) << "a missing value";
}

Result<std::vector<Tensor>> decode_for_features(std::string body, std::span<const std::string> features,
                                                const Signature& signature = matrix) {
    const ModelColumns model{signature, features};
    return body.starts_with('{') ? decode_scoring_json(body, model) : decode_scoring_csv(body, model);
}

TEST(MlflowRequest, PutsColumnsInTheOrderOfTheFeatures) {
    const std::vector<std::string> features = {"x", "q"};  // one of them is called as the input is
    for (const char* body : {"x,q\n1,2\n3,4\n", "q,x\n2,1\n4,3\n", "0,1\n1,2\n3,4\n",
                             R"({"dataframe_split":{"columns":["x","q"],"data":[[1,2],[3,4]]}})",
                             R"({"dataframe_split":{"data":[[2,1],[4,3]],"columns":["q","x"]}})",
                             R"({"dataframe_split":{"columns":["0","1"],"data":[[1,2],[3,4]]}})",
                             R"({"dataframe_split":{"columns":[0,1],"data":[[1,2],[3,4]]}})",
                             R"({"dataframe_records":[{"x":1,"q":2},{"x":3,"q":4}]})",
                             R"({"dataframe_records":[{"q":2,"x":1},{"q":4,"x":3}]})",
                             R"({"dataframe_records":[{"0":1,"1":2},{"0":3,"1":4}]})",
                             R"({"instances":[{"q":2,"x":1},{"q":4,"x":3}]})", R"({"instances":[[1,2],[3,4]]})",
                             R"({"inputs":[{"q":2,"x":1},{"q":4,"x":3}]})", R"({"inputs":{"x":[[1,2],[3,4]]}})"}) {
        const auto inputs = decode_for_features(body, features);
        ASSERT_TRUE(inputs.ok()) << body << inputs.error().message;
        EXPECT_EQ((*inputs)[0].shape(), (Shape{2, 2})) << body;
        EXPECT_THAT((*inputs)[0].values<float>(), ElementsAre(1, 2, 3, 4)) << body;
    }
}

TEST(MlflowRequest, RefusesColumnsThatAreNotTheFeatures) {
    const std::vector<std::string> features = {"p", "q"};
    for (const auto& [body, expected] : std::vector<std::pair<const char*, const char*>>{
             {"q,P\n2,1\n", "missing: 'p'; unknown: 'P'"},
             {"q\n2\n", "missing: 'p'"},
             {"q,p,city\n2,1,Ulm\n", "those of the model; unknown: 'city'"},
             {"1,2\n1,2\n", "missing: 'p', 'q'; unknown: '1', '2'"},
             {"q,q\n2,2\n", "'q' is there twice"},
             {"0,1,2\n1,2,3\n", "3 values in a row"},
             {R"({"dataframe_split":{"columns":["q","P"],"data":[[2,1]]}})", "missing: 'p'; unknown: 'P'"},
             {R"({"dataframe_split":{"columns":[1,0],"data":[[2,1]]}})", "unknown: '1', '0'"},
             {R"({"dataframe_records":[{"q":2,"P":1}]})", "missing: 'p'; unknown: 'P'"},
             {R"({"dataframe_records":[{"q":2,"city":"Ulm","p":1}]})", "unknown: 'city'"},
             {R"({"dataframe_records":[{"q":2}]})", "missing: 'p'"},
             {R"({"dataframe_records":[{"q":2,"p":1},{"p":1,"q":2}]})", "in the same order"}}) {
        const auto inputs = decode_for_features(body, features);
        ASSERT_FALSE(inputs.ok()) << body;
        EXPECT_EQ(inputs.error().code, Code::invalid_argument);
        EXPECT_THAT(inputs.error().message, HasSubstr(expected)) << body;
    }
    const Signature open{{{"x", DataType::fp32, {-1, -1}}}, {}};
    EXPECT_THAT(decode_for_features(R"({"dataframe_records":[{"q":[1,2],"p":[3,4]}]})", features, open).error().message,
                HasSubstr("lists"));
}

TEST(MlflowRequest, NamesFeaturesOfTextAndOfOneColumn) {
    const std::vector<std::string> features = {"city", "street"};
    const Signature words{{{"x", DataType::bytes, {-1, 2}}}, {}};
    const auto moved = decode_for_features("street,city\nMain,Ulm\nLow,Bonn\n", features, words);
    ASSERT_TRUE(moved.ok());
    EXPECT_THAT((*moved)[0].values<std::string>(), ElementsAre("Ulm", "Main", "Bonn", "Low"));
    const Signature one{{{"age", DataType::fp32, {-1, 1}}}, {}};
    for (const char* body : {"age\n7\n", "0\n7\n", "id,age\n1,7\n"}) {
        const auto inputs = decode_for_features(body, std::vector<std::string>{"age"}, one);
        ASSERT_TRUE(inputs.ok()) << body;
        EXPECT_THAT((*inputs)[0].values<float>(), ElementsAre(7)) << body;
    }
}

TEST(MlflowRequest, AsksForNoFeaturesWhereInputsAreTheColumns) {
    const std::vector<std::string> features = {"b", "a", "unused"};
    const auto inputs = decode_for_features("z,b,a\n0,2,1\n", features, columns);
    ASSERT_TRUE(inputs.ok());
    EXPECT_THAT((*inputs)[0].values<double>(), ElementsAre(1));
    EXPECT_THAT((*inputs)[1].values<double>(), ElementsAre(2));
}

TEST(MlflowRequest, SaysWhichInputsAreMissing) {
    std::string body = R"({"dataframe_split":{"columns":["a"],"data":[[1]]}})";
    const auto inputs = decode_scoring_json(body, {columns});
    EXPECT_EQ(inputs.error().message, "Model is missing inputs ['b'].");
    ASSERT_EQ(inputs.error().missing.size(), 1U);
    EXPECT_EQ(inputs.error().missing[0].requirement, "b");
    EXPECT_THAT(refusal(R"({"dataframe_split":{"columns":["p","q"],"data":[[1,2]]}})", columns),
                HasSubstr("['a', 'b']"));
    EXPECT_THAT(refusal(R"({"dataframe_records":[]})", columns), HasSubstr("missing inputs"));
}

TEST(MlflowRequest, RefusesWhatIsNone) {
    struct Case {
        const char* body;
        const Signature& signature;
        const char* expected;
    };
    const std::vector<Case> cases = {
        {R"({})", matrix, "none of dataframe_split"},
        {R"({"foo":1})", matrix, "unknown key \"foo\""},
        {R"([[1,2]])", matrix, "JSON object"},
        {R"({"inputs":[[1,2]],"instances":[[1,2]]})", matrix, "more than one"},
        {R"({"inputs":[[1,2]],"params":[]})", matrix, "expected an object"},
        {R"({"instances":[[1,2]]})", columns, "must name them"},
        {R"({"inputs":[[1,2]]})", columns, "must name them"},
        {R"({"instances":[]})", matrix, "missing inputs ['x']"},
        {R"({"inputs":[]})", matrix, "no row"},
        {R"({"inputs":7})", matrix, "no row"},
        {R"({"instances":[[1,2,3]]})", matrix, "3 values in a row"},
        {R"({"dataframe_split":{"columns":["p","q"],"data":[[1,2,3]]}})", matrix, "not as many values"},
        {R"({"dataframe_split":{"columns":["p","q"],"data":[[1]]}})", matrix, "not as many values"},
        {R"({"dataframe_split":{"columns":["a","a"],"data":[[1,1]]}})", columns, "there twice"},
        {R"({"dataframe_split":{"columns":[true],"data":[[1]]}})", columns, "expected a string"},
        {R"({"dataframe_split":{"columns":["a","b"]}})", columns, "no \"data\""},
        {R"({"dataframe_split":{"data":[[1,2]]}})", columns, "no \"columns\""},
        {R"({"dataframe_split":[]})", columns, "expected an object"},
        {R"({"dataframe_records":[{"p":1,"q":2},{"q":3,"p":4}]})", matrix, "in the same order"},
        {R"({"dataframe_records":[{"p":1,"q":2},{"p":4}]})", matrix, "not as many values"},
        {R"({"dataframe_records":[{"a":1,"b":2},{"a":[1,2]}]})", columns, "differ in length or depth"},
        {R"({"dataframe_records":[{"a":1,"b":2},{"a":1}]})", columns, "not every row"},
        {R"({"dataframe_records":[{"a":[1,1],"b":2},{"b":1}]})", columns, "not every row"},
        {R"({"dataframe_records":[{"a":"1","b":2}]})", columns, "found a string"},
        {R"({"dataframe_records":[{"a":1,"a":2,"b":2}]})", columns, "there twice"},
        {R"({"inputs":{"a":[1,2],"b":[1,2]},"inputs":{}})", columns, "there twice"},
        {R"({"inputs":{"a":[NaN],"b":[1]}})", columns, "found NaN"},
    };
    for (const auto& [body, signature, expected] : cases)
        EXPECT_THAT(refusal(body, signature), HasSubstr(expected)) << body;
    for (const auto& [csv, expected] :
         std::vector<std::pair<std::string, const char*>>{{"", "no header"},
                                                          {"a,b\n", "missing"},
                                                          {"a,b\n1\n", "not as many"},
                                                          {"a,b\n1,x\n", "found 'x'"},
                                                          {"a,b\n1,inf\n", "found 'inf'"},
                                                          {"a,b\n\"1,2\n", "never closed"},
                                                          {"a,\xff\n1,2\n", "UTF-8"}}) {
        EXPECT_THAT(decode_scoring_csv(csv, {columns}).error().message, HasSubstr(expected)) << csv;
    }
    EXPECT_FALSE(decode_scoring_csv(std::string(200'000, ','), {columns}).ok());
}

template <class T>
Tensor tensor(std::string name, DataType type, Shape shape, std::vector<T> elements) {
    Tensor made(std::move(name), type, std::move(shape));
    std::ranges::move(elements, made.values<T>().begin());
    return made;
}

TEST(MlflowResponse, IsAListARecordForARowOrAsNestedAsItIs) {
    const auto label = tensor<std::int64_t>("label", DataType::int64, {2}, {1, 0});
    const auto column = tensor<float>("y", DataType::fp32, {2, 1}, {0.5F, std::nanf("")});
    const auto scores = tensor<float>("p", DataType::fp32, {2, 2}, {0.25F, 0.75F, 1, 0});
    EXPECT_EQ(encode_predictions(std::vector{label}).value(), R"({"predictions":[1,0]})");
    EXPECT_EQ(encode_predictions(std::vector{column}).value(), R"({"predictions":[0.5,null]})");
    EXPECT_EQ(encode_predictions(std::vector{scores}).value(), R"({"predictions":[[0.25,0.75],[1,0]]})");
    EXPECT_EQ(encode_predictions(std::vector{label, scores, column}).value(),
              R"({"predictions":[{"label":1,"p":[0.25,0.75],"y":0.5},{"label":0,"p":[1,0],"y":null}]})");
    EXPECT_EQ(encode_predictions(std::vector{label, Tensor("z", DataType::fp32, {3})}).error().code,
              Code::failed_precondition);
}

}  // namespace
}  // namespace baton::server::mlflow
