#include "server/tfserving/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace baton::server::tfserving {
namespace {

using inference::DataType;
using inference::Shape;
using inference::Signature;
using inference::Tensor;
using testing::ElementsAre;
using testing::HasSubstr;

const Signature one{{{"x", DataType::fp32, {-1, 2}}}, {}};
const Signature two{{{"age", DataType::int64, {-1, 1}}, {"city", DataType::bytes, {-1, 1}}}, {}};
const Signature bytes{{{"image", DataType::bytes, {-1}}}, {}};

Result<PredictRequest> decode(std::string body, const Signature& signature = one) {
    return decode_predict_request(body, signature);
}

std::string refusal(std::string body, const Signature& signature = one) {
    const auto request = decode_predict_request(body, signature);
    if (request.ok()) return "accepted";
    EXPECT_EQ(request.error().code, Code::invalid_argument);
    return request.error().message;
}

TEST(TfsRequest, TakesTheOnlyInputBareOrByName) {
    struct Case {
        const char* body;
        Form form;
    };
    const std::vector<Case> cases = {
        {R"({"instances":[[1,2],[3,4]]})", Form::rows},
        {R"({"signature_name":"serving_default","instances":[{"x":[1,2]},{"x":[3,4]}]})", Form::rows},
        {R"({"inputs":[[1,2],[3,4]]})", Form::columns},
        {R"({"inputs":{"x":[[1,2],[3,4]]},"other":{"key":[1]}})", Form::columns},
        {R"({"inputs":[{"x":[1,2]},{"x":[3,4]}]})", Form::rows},  // KServe
    };
    for (const auto& [body, form] : cases) {
        const auto request = decode(body);
        ASSERT_TRUE(request.ok()) << body << request.error().message;
        EXPECT_EQ(request->form, form) << body;
        ASSERT_EQ(request->inputs.size(), 1U);
        EXPECT_EQ(request->inputs[0].name, "x");
        EXPECT_EQ(request->inputs[0].shape(), (Shape{2, 2})) << body;
        EXPECT_THAT(request->inputs[0].values<float>(), ElementsAre(1, 2, 3, 4));
    }
}

TEST(TfsRequest, TakesSeveralInputs) {
    for (const char* body : {R"({"instances":[{"age":[1],"city":["a"]},{"city":["b"],"age":[2]}]})",
                             R"({"inputs":{"city":[["a"],["b"]],"age":[[1],[2]]}})"}) {
        const auto request = decode(body, two);
        ASSERT_TRUE(request.ok()) << body << request.error().message;
        ASSERT_EQ(request->inputs.size(), 2U);
        EXPECT_EQ(request->inputs[0].shape(), (Shape{2, 1}));
        EXPECT_THAT(request->inputs[0].values<std::int64_t>(), ElementsAre(1, 2));
        EXPECT_THAT(request->inputs[1].values<std::string>(), ElementsAre("a", "b"));
    }
}

TEST(TfsRequest, TakesBase64WhereBytesAreExpected) {
    struct Case {
        const char* body;
        Form form;
    };
    const std::vector<Case> cases = {
        {R"({"instances":[{"b64":"AP8="},{"b64":"eA=="}]})", Form::rows},
        {R"({"instances":[{"image":{"b64":"AP8="}},{"image":{"b64":"eA=="}}]})", Form::rows},
        {R"({"instances":[{"image":{"b64":"AP8="}},{"image":"x"}]})", Form::rows},
        {R"({"inputs":[{"b64":"AP8="},{"b64":"eA=="}]})", Form::columns},
        {R"({"inputs":{"image":[{"b64":"AP8="},"x"]}})", Form::columns},
    };
    for (const auto& [body, form] : cases) {
        const auto request = decode(body, bytes);
        ASSERT_TRUE(request.ok()) << body << request.error().message;
        EXPECT_EQ(request->form, form) << body;
        EXPECT_EQ(request->inputs[0].shape(), (Shape{2}));
        EXPECT_THAT(request->inputs[0].values<std::string>(), ElementsAre(std::string("\0\xff", 2), "x")) << body;
    }
    const auto scalar = decode(R"({"inputs":{"b64":"eA=="}})", bytes);
    ASSERT_TRUE(scalar.ok());
    EXPECT_EQ(scalar->inputs[0].shape(), Shape{});
}

TEST(TfsRequest, RefusesWhatIsNone) {
    struct Case {
        const char* body;
        const Signature& signature;
        const char* expected;
    };
    const std::vector<Case> cases = {
        {"{}", one, "Missing 'inputs' or 'instances' key"},
        {"[]", one, "must be a JSON object"},
        {R"({"instances":[[1,2]],"inputs":[[1,2]]})", one, "both"},
        {R"({"instances":[[1,2]],"instances":[[1,2]]})", one, "there twice"},
        {R"({"instances":[[1,2],[3]]})", one, "differ in length"},
        {R"({"instances":[{"x":[1,2]},{"x":[1]}]})", one, "differ in length"},
        {R"({"instances":[{"x":[1,2]},[1,2]]})", one, "expected an object, found a list"},
        {R"({"instances":[{"x":[1,2]},{}]})", one, "instance 1 has no 'x'"},
        {R"({"instances":[{"y":[1,2]}]})", one, "unknown input 'y'"},
        {R"({"instances":[{"x":[1,"a"]}]})", one, "found a string"},
        {R"({"instances":[{"age":[NaN],"city":["a"]}]})", two, "found NaN or Infinity"},
        {R"({"instances":[[1,2]],"other":NaN})", one, "JSON"},
        {R"({"instances":[[1,1e39]]})", one, "finite"},
        {R"({"instances":[[1,2]]})", two, "several inputs"},
        {R"({"inputs":[[1,2]]})", two, "several inputs"},
        {R"({"instances":[{"age":[1]}]})", two, "instance 0 has no 'city'"},
        {R"({"instances":[{"age":[1.5],"city":["a"]}]})", two, "an integer that fits into INT64"},
        {R"({"instances":[{"age":[1],"city":[{"b64":"?"}]}]})", two, "found an object"},
        {R"({"instances":[{"b64":"?"}]})", bytes, "not base64"},
        {R"({"instances":[{"b64":"AAAA"}]})", one, "unknown input 'b64'"},
        {R"({"signature_name":"other","instances":[[1,2]]})", one,
         R"(Serving signature name: "other" not found in signature def)"},
        {R"({"instances":[[1,2]]} {})", one, "JSON"},
        {R"({"instances":[[1,2])", one, "JSON"},
    };
    for (const auto& [body, signature, expected] : cases) {
        EXPECT_THAT(refusal(body, signature), HasSubstr(expected)) << body;
    }
}

TEST(TfsRequest, TakesTheBareWordsForWhatIsNotFinite) {
    const auto request = decode(R"({"instances":[[NaN,Infinity]]})");
    ASSERT_TRUE(request.ok()) << request.error().message;
    EXPECT_TRUE(std::isnan(request->inputs[0].values<float>()[0]));
    EXPECT_TRUE(std::isinf(request->inputs[0].values<float>()[1]));
}

template <class T>
Tensor tensor(std::string name, DataType type, Shape shape, std::vector<T> elements) {
    Tensor made(std::move(name), type, std::move(shape));
    std::ranges::move(elements, made.values<T>().begin());
    return made;
}

TEST(TfsResponse, WritesOneOutputBare) {
    const std::vector<Tensor> outputs = {tensor<float>("y", DataType::fp32, {2, 1}, {0.5F, NAN})};
    EXPECT_EQ(encode_predict_response(Form::rows, outputs).value(), R"({"predictions":[[0.5],[null]]})");
    EXPECT_EQ(encode_predict_response(Form::columns, outputs).value(), R"({"outputs":[[0.5],[null]]})");
}

TEST(TfsResponse, WritesSeveralOutputsByName) {
    const std::vector<Tensor> outputs = {tensor<std::string>("label", DataType::bytes, {2}, {"a", "b"}),
                                         tensor<double>("p", DataType::fp64, {2, 2}, {0, 1, 0.25, 0.75})};
    EXPECT_EQ(encode_predict_response(Form::rows, outputs).value(),
              R"({"predictions":[{"label":"a","p":[0,1]},{"label":"b","p":[0.25,0.75]}]})");
    EXPECT_EQ(encode_predict_response(Form::columns, outputs).value(),
              R"({"outputs":{"label":["a","b"],"p":[[0,1],[0.25,0.75]]}})");
}

TEST(TfsResponse, WritesEveryShape) {
    const auto columns = [](Tensor output) {
        return encode_predict_response(Form::columns, std::vector<Tensor>{std::move(output)}).value();
    };
    EXPECT_EQ(columns(tensor<std::int32_t>("y", DataType::int32, {}, {7})), R"({"outputs":7})");
    EXPECT_EQ(columns(tensor<std::int32_t>("y", DataType::int32, {0}, {})), R"({"outputs":[]})");
    EXPECT_EQ(columns(tensor<std::int32_t>("y", DataType::int32, {2, 0}, {})), R"({"outputs":[[],[]]})");
    EXPECT_EQ(columns(tensor<std::int32_t>("y", DataType::int32, {1, 2, 2}, {1, 2, 3, 4})),
              R"({"outputs":[[[1,2],[3,4]]]})");
    EXPECT_EQ(columns(tensor<std::uint8_t>("y", DataType::boolean, {2}, {1, 0})), R"({"outputs":[true,false]})");
}

TEST(TfsResponse, WritesBytesAsBase64WhereTheNameSaysSo) {
    const std::vector<Tensor> outputs = {tensor<std::string>("image_bytes", DataType::bytes, {1}, {"\xff"})};
    EXPECT_EQ(encode_predict_response(Form::rows, outputs).value(), R"({"predictions":[{"b64":"/w=="}]})");
    const std::vector<Tensor> text = {tensor<std::string>("image", DataType::bytes, {1}, {"\xff"})};
    EXPECT_EQ(encode_predict_response(Form::rows, text).error().code, Code::invalid_argument);
}

TEST(TfsResponse, RefusesRowsOfUnequalOutputs) {
    const std::vector<Tensor> outputs = {Tensor("a", DataType::fp32, {2}), Tensor("b", DataType::fp32, {3})};
    EXPECT_EQ(encode_predict_response(Form::rows, outputs).error().code, Code::invalid_argument);
    EXPECT_EQ(encode_predict_response(Form::columns, outputs).value(), R"({"outputs":{"a":[0,0],"b":[0,0,0]}})");
    const std::vector<Tensor> scalar = {Tensor("a", DataType::fp32, {})};
    EXPECT_EQ(encode_predict_response(Form::rows, scalar).error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace baton::server::tfserving
