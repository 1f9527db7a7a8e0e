#include "cli/infer_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace baton::cli {
namespace {

using testing::HasSubstr;

const Json one_input = Json::parse(R"({"inputs":[{"name":"X","datatype":"FP32","shape":[-1,3]}]})");
const Json two_inputs = Json::parse(
    R"({"inputs":[{"name":"age","datatype":"INT64","shape":[-1,1]},{"name":"city","datatype":"BYTES","shape":[-1,1]}]})");

std::string body(const Json& metadata, std::string_view content, InputFormat format) {
    const auto result = infer_body(metadata, std::nullopt, content, format);
    return result.ok() ? result->text : "error: " + result.error().message;
}

std::string inputs(const Json& metadata, std::string_view content, InputFormat format = InputFormat::json) {
    const Json document = Json::parse(body(metadata, content, format), nullptr, false);
    return document.is_object() ? document["inputs"].dump() : body(metadata, content, format);
}

TEST(InferRequest, RowsOfAModelWithOneInput) {
    const std::string expected = R"([{"name":"X","datatype":"FP32","shape":[2,3],"data":[1,2.5,3,4,5,6]}])";
    EXPECT_EQ(inputs(one_input, "[[1,2.5,3],[4,5,6]]"), expected);
    EXPECT_EQ(inputs(one_input, R"([{"a":1,"b":2.5,"c":3},{"c":6,"b":5,"a":4}])"), expected);
    EXPECT_EQ(inputs(one_input, "a,b,c\n1,2.5,3\n4,5,6\n", InputFormat::csv),
              R"([{"name":"X","datatype":"FP32","shape":[2,3],"data":[1.0,2.5,3.0,4.0,5.0,6.0]}])");
}

TEST(InferRequest, ColumnsFindTheirInputsByName) {
    const std::string expected = R"([{"name":"age","datatype":"INT64","shape":[2,1],"data":[41,9007199254740993]},)"
                                 R"({"name":"city","datatype":"BYTES","shape":[2,1],"data":["Bonn","7"]}])";
    EXPECT_EQ(inputs(two_inputs, "city,age\nBonn,41\n7,9007199254740993\n", InputFormat::csv), expected);
    EXPECT_EQ(inputs(two_inputs, R"([{"city":"Bonn","age":41},{"age":9007199254740993,"city":7}])"), expected);
    EXPECT_EQ(inputs(two_inputs, R"([[41,"Bonn"],[9007199254740993,7]])"), expected);
}

TEST(InferRequest, AnInputMayBeAnArrayInEveryRow) {
    const Json metadata = Json::parse(
        R"({"inputs":[{"name":"X","datatype":"FP64","shape":[-1,2]},{"name":"b","datatype":"BOOL","shape":[-1]}]})");
    EXPECT_EQ(inputs(metadata, R"([{"X":[1,2],"b":true},{"X":[3,4],"b":false}])"),
              R"([{"name":"X","datatype":"FP64","shape":[2,2],"data":[1,2,3,4]},)"
              R"({"name":"b","datatype":"BOOL","shape":[2],"data":[true,false]}])");
}

TEST(InferRequest, AVaryingWidthIsThatOfTheRows) {
    const Json metadata = Json::parse(R"({"inputs":[{"name":"X","datatype":"FP32","shape":[-1,-1]}]})");
    EXPECT_EQ(inputs(metadata, "[[1,2],[3,4]]"), R"([{"name":"X","datatype":"FP32","shape":[2,2],"data":[1,2,3,4]}])");
    EXPECT_THAT(inputs(metadata, "[[1,2],[3]]"), HasSubstr("row 2 has 1 values"));
}

TEST(InferRequest, AWholeRequestPassesUntouched) {
    const std::string content = "{ \"inputs\" : [ {\"name\":\"X\"} ], \"id\":\"7\" }";
    EXPECT_EQ(body(one_input, content, InputFormat::json), content);
}

TEST(InferRequest, SaysWhatIsWrong) {
    const std::vector<std::tuple<const Json*, std::string, InputFormat, std::string>> cases = {
        {&one_input, "[[1,2]]", InputFormat::json, "row 1 has 2 values for the input 'X', which takes 3"},
        {&one_input, "[[1,2,\"x\"]]", InputFormat::json, "row 1, column 3: \"x\" is no FP32"},
        {&one_input, "a,b,c\n1,2,inf\n", InputFormat::csv, "column 'c'"},
        {&one_input, "a,b,a\n1,2,3\n", InputFormat::csv, "more than one column is named 'a'"},
        {&two_inputs, "age,city\n,x\n", InputFormat::csv, "row 1, column 'age': \"\" is no INT64"},
        {&two_inputs, "[[1]]", InputFormat::json, "the rows have 1 values for the inputs age, city"},
        {&one_input, "a,b,c\n", InputFormat::csv, "no row"},
        {&one_input, "{\"rows\":[]}", InputFormat::json, "neither a request"},
        {&one_input, "[[1,2,3", InputFormat::json, "no JSON document"},
        {&two_inputs, "[{\"age\":1.5,\"city\":\"x\"}]", InputFormat::json, "1.5 is no INT64"},
        {&two_inputs, "age,town\n1,x\n", InputFormat::csv, "missing: 'city'; unknown: 'town'"},
        {&two_inputs, "[{\"age\":1,\"city\":\"x\"},{\"age\":1}]", InputFormat::json, "row 2 has no 'city'"},
        {&two_inputs, "[{\"age\":1,\"city\":\"x\"},7]", InputFormat::json, "row 2"},
    };
    for (const auto& [metadata, content, format, why] : cases) {
        const auto result = infer_body(*metadata, std::nullopt, content, format);
        ASSERT_FALSE(result.ok()) << content;
        EXPECT_EQ(result.error().code, Code::invalid_argument);
        EXPECT_THAT(result.error().message, HasSubstr(why)) << content;
    }
}

TEST(InferRequest, WhatIsMissingIsNull) {
    const std::string expected =
        R"([{"name":"X","datatype":"FP32","shape":[2,3],"data":[1.0,null,3.0,null,5.0,null]}])";
    EXPECT_EQ(inputs(one_input, "a,b,c\n1,,3\nnan,5,NaN\n", InputFormat::csv), expected);
    EXPECT_EQ(inputs(one_input, "[[1.0,null,3.0],[null,5.0,null]]"), expected);
}

const FeatureNames abc = std::vector<std::string>{"a", "b", "c"};

TEST(InferRequest, ColumnsComeInTheOrderOfTheFeatures) {
    const std::string expected = R"({"inputs":[{"name":"X","datatype":"FP32","shape":[1,3],"data":[1,2,3]}]})";
    for (const auto& [content, format] : {std::pair(R"([{"c":3,"a":1,"b":2}])", InputFormat::json),
                                          std::pair(R"([{"a":1,"b":2,"c":3}])", InputFormat::json)}) {
        const auto result = infer_body(one_input, abc, content, format);
        ASSERT_TRUE(result.ok()) << result.error().message;
        EXPECT_EQ(result->text, expected);
        EXPECT_EQ(result->names, InferBody::Names::checked);
    }
    const auto csv = infer_body(one_input, abc, "b,c,a\n2,3,1\n", InputFormat::csv);
    ASSERT_TRUE(csv.ok()) << csv.error().message;
    EXPECT_THAT(csv->text, HasSubstr("[1.0,2.0,3.0]"));
}

TEST(InferRequest, OtherNamesThanTheFeaturesAreRefusedAndNamed) {
    const std::vector<std::tuple<FeatureNames, std::string, std::string>> cases = {
        {abc, "a,b,d\n1,2,3\n", "missing: 'c'; unknown: 'd'"},
        {abc, "a,b,c,d\n1,2,3,4\n", "unknown: 'd'"},
        {abc, "a,b\n1,2\n", "missing: 'c'"},
    };
    for (const auto& [features, content, why] : cases) {
        const auto result = infer_body(one_input, features, content, InputFormat::csv);
        ASSERT_FALSE(result.ok()) << content;
        EXPECT_THAT(result.error().message, HasSubstr(why));
        EXPECT_THAT(result.error().hint, HasSubstr("the model takes a, b, c"));
    }
}

TEST(InferRequest, SaysWhenNamesCouldNotBeChecked) {
    const auto unchecked = infer_body(one_input, std::nullopt, "a,b,c\n1,2,3\n", InputFormat::csv);
    ASSERT_TRUE(unchecked.ok());
    EXPECT_EQ(unchecked->names, InferBody::Names::unchecked);
    EXPECT_THAT(unchecked->columns, testing::ElementsAre("a", "b", "c"));
    EXPECT_EQ(infer_body(one_input, abc, "[[1,2,3]]", InputFormat::json)->names, InferBody::Names::none);
    EXPECT_EQ(infer_body(two_inputs, std::nullopt, "city,age\nUlm,1\n", InputFormat::csv)->names,
              InferBody::Names::none);
}

TEST(InferRequest, ColumnsThatTheModelKnowsAndDoesNotUseMayBeThere) {
    const FeatureNames features = std::vector<std::string>{"age", "city", "zip"};
    EXPECT_TRUE(infer_body(two_inputs, features, "zip,city,age\n5,Ulm,1\n", InputFormat::csv).ok());
    EXPECT_FALSE(infer_body(two_inputs, features, "street,city,age\n5,Ulm,1\n", InputFormat::csv).ok());
    const Json age = Json::parse(R"({"inputs":[{"name":"age","datatype":"FP32","shape":[-1,1]}]})");
    const auto one = infer_body(age, features, "city,age\nUlm,1\n", InputFormat::csv);
    ASSERT_TRUE(one.ok()) << one.error().message;
    EXPECT_THAT(one->text, HasSubstr("\"data\":[1.0]"));
}

TEST(FeatureNames, AreReadFromTheMetadata) {
    const auto of = [](std::string_view metadata) { return feature_names(Json{{"metadata", Json::parse(metadata)}}); };
    EXPECT_EQ(of(R"({"feature_names":"[\"a\",\"b\",\"c\"]"})"), abc);
    EXPECT_EQ(of(R"({"feature_names":"[\"a\",\"b","feature_names.2":"\",\"c\"]"})"), abc);
    for (const char* none :
         {"{}", R"({"feature_names":"a, b"})", R"({"feature_names":"[1]"})", R"({"feature_names":"7"})"}) {
        EXPECT_EQ(of(none), std::nullopt) << none;
    }
}

TEST(InferRequest, GuessesTheFormat) {
    EXPECT_EQ(guess_format(" \n[[1]]"), InputFormat::json);
    EXPECT_EQ(guess_format("{\"inputs\":[]}"), InputFormat::json);
    EXPECT_EQ(guess_format("a,b\n1,2"), InputFormat::csv);
    EXPECT_EQ(guess_format(""), InputFormat::csv);
}

}  // namespace
}  // namespace baton::cli
