// Triton's binary tensor extension and raw requests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/encoding.h"
#include "server/oip/codec.h"

namespace baton::server::oip {
namespace {

using inference::DataType;
using inference::Shape;
using inference::Signature;
using inference::Tensor;
using testing::ElementsAre;
using testing::HasSubstr;

std::string unhex(std::string_view hex) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    }
    return bytes;
}

std::string input(std::string_view name, std::string_view type, std::string_view shape, std::string_view rest) {
    return R"({"name":")" + std::string(name) + R"(","shape":)" + std::string(shape) + R"(,"datatype":")" +
           std::string(type) + "\"," + std::string(rest) + "}";
}

std::string binary(std::size_t size) { return R"("parameters":{"binary_data_size":)" + std::to_string(size) + "}"; }

Result<InferRequest> decode(const std::string& inputs, std::string_view bytes, const DecodeLimits& limits = {}) {
    std::string body = R"({"inputs":[)" + inputs + "]}";
    const std::size_t json_size = body.size();
    body += bytes;
    return decode_infer_request(body, json_size, limits);
}

std::string refusal(const std::string& inputs, std::string_view bytes) {
    const auto request = decode(inputs, bytes);
    if (request.ok()) return "accepted";
    EXPECT_EQ(request.error().code, Code::invalid_argument);
    return request.error().message;
}

TEST(OipBinary, TakesWhatClientsSendByDefault) {
    std::string body =
        R"({"inputs":[{"name":"x","shape":[2,4],"datatype":"FP32","parameters":{"binary_data_size":32}}],)"
        R"("parameters":{"binary_data_output":true}})";
    ASSERT_EQ(body.size(), 135U);
    body += unhex(
        "000000000000803f00000040000040400000804000"
        "00a0400000c0400000e040");
    ASSERT_EQ(body.size(), 167U);
    const auto request = decode_infer_request(body, 135);
    ASSERT_TRUE(request.ok()) << request.error().message;
    EXPECT_THAT(request->inputs[0].values<float>(), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
    EXPECT_EQ(request->inputs[0].shape(), (Shape{2, 4}));
    EXPECT_TRUE(request->binary_outputs);
}

TEST(OipBinary, TakesBinaryAndJsonInputsSideBySide) {
    const auto request =
        decode(input("a", "BYTES", "[2]", binary(11)) + "," + input("b", "INT16", "[1,2]", R"("data":[[-1,2]])") + "," +
                   input("c", "FP16", "[2]", binary(4)) + "," + input("d", "BOOL", "[3]", binary(3)),
               unhex("0200000061ff0100000062"
                     "003c00c0"
                     "010001"));
    ASSERT_TRUE(request.ok()) << request.error().message;
    EXPECT_THAT(request->inputs[0].values<std::string>(), ElementsAre("a\xff", "b"));
    EXPECT_THAT(request->inputs[1].values<std::int16_t>(), ElementsAre(-1, 2));
    EXPECT_THAT(request->inputs[2].values<std::uint16_t>(), ElementsAre(0x3c00, 0xc000));
    EXPECT_THAT(request->inputs[3].values<std::uint8_t>(), ElementsAre(1, 0, 1));
}

TEST(OipBinary, TakesEmptyTensors) {
    const auto request =
        decode(input("a", "FP32", "[0,4]", binary(0)) + "," + input("b", "BYTES", "[0]", binary(0)), "");
    ASSERT_TRUE(request.ok()) << request.error().message;
    EXPECT_EQ(request->inputs[0].size(), 0U);
}

TEST(OipBinary, RefusesSizesThatLie) {
    const std::string four(4, '\0');
    struct Case {
        std::string inputs;
        std::string bytes;
        const char* expected;
    };
    const std::vector<Case> cases = {
        {input("x", "FP32", "[1]", binary(8)), four, "only 4 more"},
        {input("x", "FP32", "[1]", binary(4)), four + four, "unexpected additional input data: 4 bytes"},
        {input("x", "FP32", "[2]", binary(4)), four, "do not fit"},
        {input("x", "FP32", "[1]", binary(3)), four.substr(1), "do not fit"},
        {input("x", "FP32", "[1000000,1000000,1000000]", binary(4)), four, "do not fit"},
        {input("x", "FP32", "[9223372036854775807,9223372036854775807]", binary(4)), four, "do not fit"},
        {input("x", "BYTES", "[1000000000000]", binary(4)), four, "do not fit"},
        {input("x", "BYTES", "[2]", binary(4)), four, "do not fit"},
        {input("x", "BYTES", "[1]", binary(5)), four + "a", "do not fit"},
        {input("x", "BYTES", "[1]", binary(4)), "\xff\xff\xff\xff", "do not fit"},
        {input("x", "BYTES", "[1]", binary(3)), "\x01\x01\x01", "do not fit"},
        {input("x", "BYTES", "[0]", binary(4)), four, "do not fit"},
        {input("x", "BOOL", "[1]", binary(1)), "\x02", "0 or 1"},
        {input("x", "FP32", "[1]", R"("data":[1],)" + binary(4)), four, "both binary and JSON"},
        {input("x", "FP32", "[1]", R"("parameters":{"binary_data_size":-1})"), "", "cannot be negative"},
        {input("x", "FP32", "[1]", R"("parameters":{"binary_data_size":1e3})"), "", "expected an integer"},
        {input("x", "FP32", "[1]", R"("parameters":{"binary_data_size":"4"})"), four, "expected an integer"},
        {"", "x", "unexpected additional input data"},
    };
    for (const auto& [inputs, bytes, expected] : cases)
        EXPECT_THAT(refusal(inputs, bytes), HasSubstr(expected)) << inputs;
}

TEST(OipBinary, RefusesALengthThatIsNoneOfTheJson) {
    std::string body = R"({"inputs":[]})";
    const std::size_t size = body.size();
    EXPECT_TRUE(decode_infer_request(body, size).ok());
    for (const std::size_t wrong : {std::size_t{1}, size - 1, size + 1, std::size_t{1} << 40, SIZE_MAX}) {
        EXPECT_EQ(decode_infer_request(body, wrong).error().code, Code::invalid_argument) << wrong;
    }
    std::string alone = R"({"inputs":[)" + input("x", "FP32", "[1]", binary(4)) + "]}";
    EXPECT_THAT(decode_infer_request(alone, std::nullopt).error().message, HasSubstr("JSON alone"));
}

TEST(OipBinary, ChecksRowsBeforeItReadsThem) {
    const DecodeLimits limits{.max_rows = 10};
    const auto request = decode(input("x", "FP32", "[11,1]", R"("data":["not even a number"])"), "", limits);
    EXPECT_THAT(request.error().message, HasSubstr("11 rows"));
}

TEST(OipBinary, CountsMemoryBeforeItTakesIt) {
    MemoryBudget budget(2 << 20);
    const std::string numbers = [] {
        std::string list = "[0";
        for (int i = 1; i < 60'000; ++i) list += ",0";
        return list + "]";
    }();
    {
        RequestMemory memory(budget);
        const DecodeLimits limits{.memory = &memory};
        const auto fits = decode(input("x", "FP64", "[60000]", R"("data":)" + numbers), "", limits);
        EXPECT_TRUE(fits.ok()) << fits.error().message;
        RequestMemory other(budget);
        EXPECT_EQ(other.take(800'000).error().code, Code::resource_exhausted);
    }
    {
        RequestMemory memory(budget);
        const DecodeLimits limits{.memory = &memory};
        std::string texts = numbers;
        for (std::size_t at = 0; (at = texts.find('0', at)) != std::string::npos; at += 2)
            texts.replace(at, 1, R"("")");
        const auto request = decode(input("x", "BYTES", "[60000]", R"("data":)" + texts), "", limits);
        ASSERT_FALSE(request.ok());
        EXPECT_EQ(request.error().code, Code::too_large);
    }
    RequestMemory memory(budget);
    EXPECT_TRUE(memory.take(2 << 20).ok()) << "all of it was given back";
}

const Signature one_row{{{"x", DataType::fp32, {-1, 2}}}, {}};

TEST(OipRaw, IsOneRowOfTheOnlyInput) {
    const auto request = decode_raw_request(unhex("0000803f00000040"), one_row);
    ASSERT_TRUE(request.ok()) << request.error().message;
    EXPECT_EQ(request->inputs[0].name, "x");
    EXPECT_EQ(request->inputs[0].shape(), (Shape{1, 2}));
    EXPECT_THAT(request->inputs[0].values<float>(), ElementsAre(1, 2));
    EXPECT_TRUE(request->binary_outputs);
}

TEST(OipRaw, HasOneDimensionThatFollowsFromTheSize) {
    const auto shape = [](Shape declared, DataType type, std::string_view body) {
        const auto request = decode_raw_request(body, {{{"x", type, std::move(declared)}}, {}});
        return request.ok() ? request->inputs[0].shape() : Shape{-1};
    };
    EXPECT_EQ(shape({-1, -1, 2}, DataType::int16, std::string(12, 'x')), (Shape{1, 3, 2}));
    EXPECT_EQ(shape({-1}, DataType::uint8, "abc"), (Shape{3}));
    EXPECT_EQ(shape({2}, DataType::uint8, "ab"), (Shape{2}));
    EXPECT_EQ(shape({-1}, DataType::bytes, "text"), (Shape{1}));
    EXPECT_EQ(shape({-1, 1}, DataType::bytes, "text"), (Shape{1, 1}));
    EXPECT_EQ(shape({-1, -1, -1}, DataType::uint8, "ab"), Shape{-1});
    EXPECT_EQ(shape({-1, -1, 2}, DataType::uint8, "abc"), Shape{-1});
    EXPECT_EQ(shape({-1, 2}, DataType::bytes, "text"), Shape{-1});
    EXPECT_EQ(shape({-1, 2}, DataType::fp32, std::string(16, 'x')), Shape{-1}) << "two rows";
    EXPECT_EQ(shape({-1, -1, 0}, DataType::fp32, ""), Shape{-1});
}

TEST(OipRaw, NeedsAModelWithOneInput) {
    const Signature two{{{"x", DataType::fp32, {-1}}, {"y", DataType::fp32, {-1}}}, {}};
    EXPECT_THAT(decode_raw_request("abcd", two).error().message, HasSubstr("this one has 2"));
    EXPECT_FALSE(decode_raw_request("abcd", {}).ok());
}

EncodedResponse encode(const std::vector<Tensor>& outputs, const std::vector<Selected>& selected,
                       const Signature& signature = {}) {
    auto encoded = encode_infer_response(
        {.model = "m", .version = 3, .id = {}, .signature = signature, .outputs = outputs, .selected = selected});
    EXPECT_TRUE(encoded.ok());
    return *std::move(encoded);
}

template <class T>
Tensor tensor(std::string name, DataType type, Shape shape, std::vector<T> elements) {
    Tensor made(std::move(name), type, std::move(shape));
    std::ranges::move(elements, made.values<T>().begin());
    return made;
}

TEST(OipBinaryResponse, HasTheBuffersInTheOrderOfTheOutputs) {
    const std::vector<Tensor> outputs = {tensor<std::int32_t>("a", DataType::int32, {1}, {7}),
                                         tensor<std::string>("b", DataType::bytes, {2}, {"x", "\xff\xfe"}),
                                         tensor<std::uint16_t>("c", DataType::bf16, {1}, {0x3f80})};
    const auto encoded = encode(outputs, {{2, true}, {0, false}, {1, true}});
    const std::string json = R"({"model_name":"m","model_version":"3","outputs":[)"
                             R"({"name":"c","datatype":"BF16","shape":[1],"parameters":{"binary_data_size":2}},)"
                             R"({"name":"a","datatype":"INT32","shape":[1],"data":[7]},)"
                             R"({"name":"b","datatype":"BYTES","shape":[2],"parameters":{"binary_data_size":11}}]})";
    EXPECT_EQ(encoded.json_size, json.size());
    EXPECT_EQ(encoded.body, json + unhex("803f"
                                         "010000007802000000fffe"));
}

TEST(OipBinaryResponse, IsJsonAloneWhenThereAreNoBytes) {
    const auto encoded = encode({Tensor("a", DataType::fp32, {0, 2})}, {{0, true}});
    EXPECT_EQ(encoded.json_size, std::nullopt);
    EXPECT_THAT(encoded.body, HasSubstr(R"("parameters":{"binary_data_size":0})"));
}

TEST(OipClassification, AnswersTheBestClasses) {
    const std::vector<Tensor> outputs = {
        tensor<float>("p", DataType::fp32, {2, 3}, {0.25F, 0.5F, 0.25F, std::nanf(""), -1, 3})};
    const Signature named{{}, {{"p", DataType::fp32, {-1, 3}, {"red", "green", "blue"}}}};
    const Signature nameless{{}, {{"p", DataType::fp32, {-1, 3}}}};
    EXPECT_THAT(encode(outputs, {{0, false, 2}}, named).body,
                HasSubstr(R"({"name":"p","datatype":"BYTES","shape":[2,2],"data":)"
                          R"(["0.5:1:green","0.25:0:red","3:2:blue","-1:1:green"]})"));
    EXPECT_THAT(encode(outputs, {{0, false, 9}}, nameless).body,
                HasSubstr(R"("shape":[2,3],"data":["0.5:1","0.25:0","0.25:2","3:2","-1:1","nan:0"])"));
    EXPECT_THAT(encode(outputs, {{0, true, 1}}, named).body, HasSubstr(R"("parameters":{"binary_data_size":27})"));
    const std::vector<Tensor> texts = {Tensor("p", DataType::bytes, {2})};
    const std::vector<Selected> best = {{0, false, 1}};
    EXPECT_EQ(encode_infer_response(
                  {.model = "m", .version = 3, .id = {}, .signature = nameless, .outputs = texts, .selected = best})
                  .error()
                  .code,
              Code::invalid_argument);
}

TEST(OipBinary, EveryPrefixAndEveryDamagedByteIsAnsweredWithoutACrash) {
    const std::string json = R"({"inputs":[)" + input("x", "FP32", "[2,2]", binary(16)) + "," +
                             input("y", "BYTES", "[2]", binary(11)) + "]}";
    const std::string whole = json + std::string(16, 'x') + unhex("0200000061ff0100000062");
    const auto read = [](std::string body, std::optional<std::size_t> size) {
        return decode_infer_request(body, size).ok();
    };
    ASSERT_TRUE(read(whole, json.size()));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(read(whole.substr(0, size), std::min(size, json.size()))) << size;
        EXPECT_EQ(read(whole, size), size == json.size()) << size;
    }
    std::mt19937 random(7);
    for (int round = 0; round < 20'000; ++round) {
        std::string damaged = whole;
        for (int change = 0; change <= round % 4; ++change)
            damaged[random() % damaged.size()] = static_cast<char>(random());
        static_cast<void>(read(std::move(damaged), json.size() + random() % 3 - 1));
    }
}

}  // namespace
}  // namespace baton::server::oip
