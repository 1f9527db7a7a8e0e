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
    const auto result = infer_body(metadata, content, format);
    return result.ok() ? *result : "error: " + result.error().message;
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
        {&one_input, "a,b,c\n1,2,3\n1,,3\n", InputFormat::csv, "row 2, column 'b': \"\" is no FP32"},
        {&one_input, "a,b,c\n1,2,nan\n", InputFormat::csv, "column 'c'"},
        {&one_input, "a,b,c\n", InputFormat::csv, "no row"},
        {&one_input, "{\"rows\":[]}", InputFormat::json, "neither a request"},
        {&one_input, "[[1,2,3", InputFormat::json, "no JSON document"},
        {&two_inputs, "[{\"age\":1.5,\"city\":\"x\"}]", InputFormat::json, "1.5 is no INT64"},
        {&two_inputs, "age,town\n1,x\n", InputFormat::csv, "do not name the model's inputs: age, city"},
        {&two_inputs, "[{\"age\":1,\"city\":\"x\"},{\"age\":1}]", InputFormat::json, "row 2 has no 'city'"},
        {&two_inputs, "[{\"age\":1,\"city\":\"x\"},7]", InputFormat::json, "row 2"},
    };
    for (const auto& [metadata, content, format, why] : cases) {
        const auto result = infer_body(*metadata, content, format);
        ASSERT_FALSE(result.ok()) << content;
        EXPECT_EQ(result.error().code, Code::invalid_argument);
        EXPECT_THAT(result.error().message, HasSubstr(why)) << content;
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
