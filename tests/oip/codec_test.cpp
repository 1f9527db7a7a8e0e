#include "server/oip/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "server/inference/json_writer.h"

namespace baton::server::oip {
namespace {

using inference::DataType;
using inference::Shape;
using inference::Tensor;
using testing::ElementsAre;
using testing::HasSubstr;

// A request with one input x.
std::string with_input(std::string_view type, std::string_view shape, std::string_view data) {
    return R"({"inputs":[{"name":"x","shape":)" + std::string(shape) + R"(,"datatype":")" + std::string(type) +
           R"(","data":)" + std::string(data) + "}]}";
}

Result<InferRequest> decode(std::string body) { return decode_infer_request(body, std::nullopt); }

std::string refusal(std::string body) {
    const auto request = decode_infer_request(body, std::nullopt);
    if (request.ok()) return "accepted";
    EXPECT_EQ(request.error().code, Code::invalid_argument);
    return request.error().message;
}

template <class T>
std::vector<T> values(const Result<InferRequest>& request) {
    if (!request.ok()) {
        ADD_FAILURE() << request.error().message;
        return {};
    }
    const auto span = request->inputs.at(0).values<T>();
    return {span.begin(), span.end()};
}

TEST(OipRequest, TakesFlatAndNestedData) {
    for (const char* data : {"[1,2,3,4,5,6]", "[[1,2,3],[4,5,6]]", " [ [1, 2,\n3],[4,5,6] ] "}) {
        const auto request = decode(with_input("FP32", "[2,3]", data));
        EXPECT_THAT(values<float>(request), ElementsAre(1, 2, 3, 4, 5, 6)) << data;
        EXPECT_EQ(request->inputs[0].shape(), (Shape{2, 3}));
        EXPECT_EQ(request->inputs[0].name, "x");
    }
    EXPECT_THAT(values<double>(decode(with_input("FP64", "[1,1,2]", "[[[0.1,-2e3]]]"))), ElementsAre(0.1, -2000));
    EXPECT_TRUE(values<float>(decode(with_input("FP32", "[0,4]", "[]"))).empty());
    EXPECT_TRUE(values<float>(decode(with_input("FP32", "[2,0]", "[[],[]]"))).empty());
}

TEST(OipRequest, TakesKeysInAnyOrderAndIgnoresStrangers) {
    const auto request = decode(R"({"parameters":{"binary_data_output":true,"a":[{}]},"strange":[1,{"a":null}],"id":"7",
        "outputs":[{"parameters":{"binary_data":false},"name":"b"},{"name":"a"}],
        "inputs":[{"data":[[1],[2]],"parameters":{"content_type":"np"},"shape":[2,1],"datatype":"INT8","name":"x"},
                  {"datatype":"BOOL","name":"y","data":[true,false],"shape":[2]}]})");
    ASSERT_TRUE(request.ok()) << request.error().message;
    EXPECT_EQ(request->id, "7");
    ASSERT_EQ(request->outputs.size(), 2U);
    EXPECT_EQ(request->outputs[0].name, "b");
    EXPECT_EQ(request->outputs[0].binary, false);
    EXPECT_EQ(request->outputs[1].name, "a");
    EXPECT_EQ(request->outputs[1].binary, std::nullopt);
    EXPECT_TRUE(request->binary_outputs);
    ASSERT_EQ(request->inputs.size(), 2U);
    EXPECT_THAT(request->inputs[0].values<std::int8_t>(), ElementsAre(1, 2));
    EXPECT_THAT(request->inputs[1].values<std::uint8_t>(), ElementsAre(1, 0));
}

TEST(OipRequest, TakesNullForAbsent) {
    const auto request = decode(R"({"id":null,"parameters":null,"outputs":null,"inputs":[]})");
    ASSERT_TRUE(request.ok()) << request.error().message;
    EXPECT_EQ(request->id, std::nullopt);
}

TEST(OipRequest, KeepsIntegersExact) {
    EXPECT_THAT(values<std::int64_t>(
                    decode(with_input("INT64", "[3]", "[9223372036854775807,-9223372036854775808,9007199254740993]"))),
                ElementsAre(INT64_MAX, INT64_MIN, 9007199254740993));
    EXPECT_THAT(values<std::uint64_t>(decode(with_input("UINT64", "[2]", "[18446744073709551615,0]"))),
                ElementsAre(UINT64_MAX, 0U));
}

TEST(OipRequest, TakesTheBareWordsForWhatIsNotFinite) {
    for (const char* data : {"[1,NaN,Infinity,-Infinity]", "[[1, NaN ],[ Infinity,\n-Infinity]]"}) {
        const auto request = decode(with_input("FP64", "[2,2]", data));
        const auto read = values<double>(request);
        ASSERT_EQ(read.size(), 4U) << data;
        EXPECT_EQ(read[0], 1);
        EXPECT_TRUE(std::isnan(read[1]));
        EXPECT_EQ(read[2], std::numeric_limits<double>::infinity());
        EXPECT_EQ(read[3], -std::numeric_limits<double>::infinity());
    }
    EXPECT_THAT(refusal(R"({"inputs":[],"a":NaN})"), HasSubstr("JSON")) << "nowhere else";
}

TEST(OipRequest, KnowsTheParametersOfTheProtocol) {
    const auto with = [](const std::string& parameters) {
        return decode(R"({"parameters":{)" + parameters + R"(},"inputs":[]})");
    };
    EXPECT_EQ(with(R"("timeout":1500)")->timeout, std::chrono::microseconds(1500));
    EXPECT_EQ(with(R"("timeout":0)")->timeout, std::nullopt);
    EXPECT_LE(with(R"("timeout":9223372036854775807)")->timeout, std::chrono::hours(24));
    EXPECT_TRUE(with(R"("priority":1,"sequence_id":0,"sequence_start":false,"mine":"x")").ok());
    for (const char* sequence : {R"("sequence_id":7)", R"("sequence_id":"a")", R"("sequence_start":true)"}) {
        EXPECT_EQ(with(sequence).error().code, Code::unimplemented) << sequence;
    }
    EXPECT_EQ(decode(R"({"inputs":[{"name":"x","parameters":{"shared_memory_region":"r"}}]})").error().code,
              Code::unimplemented);
}

TEST(OipRequest, RefusesValuesThatAreNotOfTheType) {
    struct Case {
        const char* type;
        const char* value;
        const char* expected;
    };
    const std::vector<Case> cases = {
        {"INT8", "128", "an integer that fits into INT8, found '128'"},
        {"INT8", "-129", "INT8"},
        {"UINT8", "256", "UINT8"},
        {"UINT8", "-1", "UINT8"},
        {"UINT16", "65536", "UINT16"},
        {"INT32", "2147483648", "INT32"},
        {"INT64", "9223372036854775808", "INT64"},
        {"UINT64", "18446744073709551616", "UINT64"},
        {"INT64", "1.0", "an integer"},
        {"INT64", "1e2", "an integer"},
        {"INT64", "\"1\"", "found a string"},
        {"FP32", "3.5e38", "a finite number that fits into FP32, or null for a missing one, found '3.5e38'"},
        {"FP64", "1e400", "a finite number"},
        {"FP64", "-1e400", "a finite number"},
        {"INT64", "NaN", "found NaN or Infinity"},
        {"FP32", "nan", "found null"},
        {"FP32", "+Infinity", "a finite number"},
        {"FP32", "-NaN", "a finite number"},
        {"FP32", "Infinityx", "found NaN or Infinity"},
        {"INT32", "null", "found null"},
        {"BYTES", "null", "found null"},
        {"FP32", "true", "found a boolean"},
        {"FP32", "{}", "found an object"},
        {"FP32", "01", "a finite number"},
        {"FP32", "+1", "a finite number"},
        {"FP32", "1.", "a finite number"},
        {"FP32", ".5", "a finite number"},
        {"FP32", "0x1", "a finite number"},
        {"BOOL", "1", "true or false, found '1'"},
        {"BYTES", "1", "a string, found '1'"},
        {"BYTES", R"({"b64":"AAAA"})", "found an object"},
        {"BYTES", R"("\ud800")", "a string"},
        {"FP16", "1", "cannot be sent as JSON"},
        {"BF16", "1", "cannot be sent as JSON"},
    };
    for (const auto& [type, value, expected] : cases) {
        const std::string element(value);
        EXPECT_THAT(refusal(with_input(type, "[2,1]", "[[" + element + "],[" + element + "]]")), HasSubstr(expected))
            << type << " " << value;
        EXPECT_THAT(refusal(with_input(type, "[1]", "[" + element + "]")), HasSubstr(expected)) << type << " " << value;
    }
}

struct Refused {
    std::string body;
    const char* expected;  // in the message
};

void expect_refused(const std::vector<Refused>& cases) {
    for (const auto& [body, expected] : cases) {
        EXPECT_THAT(refusal(body), HasSubstr(expected)) << body.substr(0, 200);
    }
}

TEST(OipRequest, RefusesWhatDoesNotHangTogether) {
    expect_refused({
        {"", "JSON"},
        {"[]", "must be a JSON object"},
        {"1", "must be a JSON object"},
        {"null", "must be a JSON object"},
        {"{", "ended early"},
        {R"({"inputs":[)", "ended early"},
        {"{}", "no \"inputs\""},
        {R"({"inputs":{}})", "inputs: expected a list, found an object"},
        {R"({"inputs":[1]})", "expected an object, found '1'"},
        {R"({"inputs":[{}]})", "no \"name\""},
        {R"({"inputs":[{"name":1}]})", "name of an input: expected a string"},
        {R"({"inputs":[{"name":"x"}]})", "'x' has no \"datatype\""},
        {R"({"inputs":[{"name":"x","datatype":"FP32"}]})", "no \"shape\""},
        {R"({"inputs":[{"name":"x","datatype":"FP32","shape":[1]}]})", "no \"data\""},
        {R"({"inputs":[{"name":"x","datatype":"FLOAT","shape":[1],"data":[1]}]})", "unknown datatype \"FLOAT\""},
        {R"({"inputs":[],"inputs":[]})", "\"inputs\" is there twice"},
        {R"({"inputs":[],"a":{"b":1,"b":2}})", "\"b\" is there twice"},
        {R"({"inputs":[],"\u0061":1,"a":2})", "\"a\" is there twice"},
        {R"({"inputs":[],"id":7})", "id: expected a string"},
        {R"({"inputs":[],"outputs":[{}]})", "no \"name\""},
        {R"({"inputs":[],"outputs":[{"name":"y","parameters":{"classification":-2}}]})", "cannot be negative"},
        {R"({"inputs":[],"outputs":[{"name":"y","parameters":{"binary_data":1}}]})", "true or false"},
        {R"({"inputs":[],"parameters":{"binary_data_output":1}})", "true or false"},
        {R"({"inputs":[],"parameters":{"timeout":-1}})", "cannot be negative"},
        {R"({"inputs":[],"parameters":{"timeout":1.5}})", "expected an integer"},
        {R"({"inputs":[],"parameters":{"priority":"high"}})", "expected an integer"},
        {R"({"inputs":[],"parameters":{"headers":"x"}})", "reserved"},
        {R"({"inputs":[],"parameters":{"triton_x":1}})", "reserved"},
        {R"({"inputs":[],"parameters":[]})", "parameters: expected an object"},
        {R"({"inputs":[]}{})", "JSON"},
        {R"({"inputs":[]} x)", "JSON"},
        {R"({"inputs":[],})", "JSON"},
        {R"({"inputs":[{"data":[1,],"name":"x","datatype":"FP32","shape":[1]}]})", "found"},
        {R"({"inputs":[{"data":[1}],"name":"x","datatype":"FP32","shape":[1]}]})", "JSON"},
        {R"({"inputs":[{"data":1,"name":"x","datatype":"FP32","shape":[1]}]})", "expected a list"},
        {R"({"inputs":[{"name":"x","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4}}]})", "binary"},
        {"{\"inputs\":[],\"\xff\":1}", "UTF"},
        {"{\"inputs\":[],\"a\":\"\x01\"}", "JSON"},
    });
}

TEST(OipRequest, RefusesWhatIsNestedTooDeeply) {
    const std::string deep(100'000, '[');
    expect_refused({
        {R"({"inputs":[)" + deep, "JSON"},
        {R"({"inputs":[],"a":)" + deep + std::string(100'000, ']') + "}", "deeper than 64"},
        {with_input("FP32", "[1]", deep + std::string(100'000, ']')), "deeper than 64"},
        {R"({"inputs":[{"data":)" + deep + std::string(100'000, ']') +
             R"(,"name":"x","datatype":"FP32","shape":[1]}]})",
         "deeper than 64"},
    });
}

TEST(OipRequest, RefusesDataThatIsNotOfItsShape) {
    expect_refused({
        {with_input("FP32", "[2,2]", "[1,2,3]"), "has shape [2,2], but its data has [3]"},
        {with_input("FP32", "[2,2]", "[[1,2,3,4]]"), "has shape [2,2], but its data has [1,4]"},
        {with_input("FP32", "[2,2]", "[[1,2],[3]]"), "differ in length or depth"},
        {with_input("FP32", "[2,2]", "[[1,2],3]"), "differ in length or depth"},
        {with_input("FP32", "[3]", "[1,[2],3]"), "found a list"},
        {with_input("FP32", "[2]", "[[],[1,2]]"), "differ in length or depth"},
        {with_input("FP32", "[1]", "[[1],[]]"), "differ in length or depth"},
        {with_input("FP32", "[-1]", "[1]"), "cannot be negative"},
        {with_input("FP32", "[1.5]", "[1]"), "expected an integer"},
        {with_input("FP32", "1", "[1]"), "expected a list"},
        {with_input("FP32", "[1000000000000]", "[1]"), "has shape [1000000000000]"},
        {with_input("FP32", "[4294967296,4294967296]", "[1]"), "its data has [1]"},
        {with_input("FP32", "[9223372036854775807,3]", "[]"), "its data has [0]"},
        {with_input("FP32", "[99999999999999999999]", "[1]"), "expected an integer"},
    });
}

TEST(OipRequest, CutsOffWhatItQuotes) {
    const auto request = decode(with_input(std::string(100'000, 'F'), "[1]", "[1]"));
    ASSERT_FALSE(request.ok());
    EXPECT_LT(error_body(request.error()).size(), 1100U);
}

TEST(OipRequest, EveryPrefixAndEveryDamagedByteIsAnsweredWithoutACrash) {
    const std::string whole =
        R"({"id":"a\u00e9","inputs":[{"name":"x","shape":[2,2],"datatype":"FP64","data":[[1.5,-2],)"
        R"([3e1,0]]},{"data":["a","\n"],"datatype":"BYTES","shape":[2],"name":"y"}]})";
    ASSERT_TRUE(decode(whole).ok());
    for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(decode(whole.substr(0, size)).ok()) << size;
    std::mt19937 random(42);
    for (int round = 0; round < 20'000; ++round) {
        std::string damaged = whole;
        for (int change = 0; change <= round % 4; ++change) {
            static constexpr std::string_view likely = "[]{},:\"\\0123456789-+.eEnulltrfas \n\x80\xff";
            damaged[random() % damaged.size()] = likely[random() % likely.size()];
        }
        static_cast<void>(decode(damaged));
    }
}

std::vector<std::size_t> indexes(const Result<std::vector<Selected>>& selected) {
    std::vector<std::size_t> found;
    for (const Selected& output : selected.value()) found.push_back(output.index);
    return found;
}

TEST(OipOutputs, AreThoseAskedForInThatOrder) {
    const inference::Signature signature{{}, {{"a", DataType::fp32, {-1}}, {"b", DataType::fp32, {-1}}}};
    const auto select = [&](std::vector<RequestedOutput> outputs) {
        return select_outputs(signature, {.outputs = std::move(outputs)});
    };
    EXPECT_THAT(indexes(select({})), ElementsAre(0U, 1U));
    EXPECT_THAT(indexes(select({{"b"}})), ElementsAre(1U));
    EXPECT_THAT(indexes(select({{"b"}, {"a"}})), ElementsAre(1U, 0U));
    EXPECT_THAT(select({{"c"}}).error().message, HasSubstr("unknown output 'c'"));
    EXPECT_THAT(select({{"a"}, {"a"}}).error().message, HasSubstr("twice"));
}

TEST(OipOutputs, AreBinaryIfTheyOrTheRequestSaySo) {
    const inference::Signature signature{{}, {{"a", DataType::fp32, {-1}}, {"b", DataType::fp32, {-1}}}};
    const auto binary = [&](bool all, std::optional<bool> a) {
        return select_outputs(signature, {.outputs = {{"a", a}}, .binary_outputs = all}).value()[0].binary;
    };
    EXPECT_FALSE(binary(false, {}));
    EXPECT_TRUE(binary(false, true));
    EXPECT_TRUE(binary(true, {}));
    EXPECT_FALSE(binary(true, false));
    EXPECT_TRUE(select_outputs(signature, {.binary_outputs = true}).value()[1].binary);
}

template <class T>
Tensor tensor(std::string name, DataType type, Shape shape, std::vector<T> elements) {
    Tensor made(std::move(name), type, std::move(shape));
    std::ranges::move(elements, made.values<T>().begin());
    return made;
}

const inference::Signature nothing_named;

Result<std::string> encode(const std::vector<Tensor>& outputs, std::optional<std::string_view> id = {}) {
    std::vector<Selected> selected(outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) selected[i].index = i;
    auto encoded = encode_infer_response(
        {.model = "m", .version = 3, .id = id, .signature = nothing_named, .outputs = outputs, .selected = selected});
    if (!encoded.ok()) return std::move(encoded).error();
    EXPECT_EQ(encoded->json_size, std::nullopt);
    return std::move(encoded->body);
}

TEST(OipResponse, IsWrittenAsTheProtocolSays) {
    const std::vector<Tensor> outputs = {tensor<std::int64_t>("label", DataType::int64, {2}, {1, INT64_MIN}),
                                         tensor<float>("p", DataType::fp32, {2, 2}, {0.1F, 1, -0.0F, 1e-30F})};
    EXPECT_EQ(encode(outputs, "a\"b").value(),
              R"({"model_name":"m","model_version":"3","id":"a\"b","outputs":[)"
              R"({"name":"label","datatype":"INT64","shape":[2],"data":[1,-9223372036854775808]},)"
              R"({"name":"p","datatype":"FP32","shape":[2,2],"data":[0.1,1,-0,1e-30]}]})");
    const std::vector<Selected> second = {{.index = 1}};
    EXPECT_EQ(
        encode_infer_response(
            {.model = "m", .version = 3, .id = {}, .signature = nothing_named, .outputs = outputs, .selected = second})
            ->body,
        R"({"model_name":"m","model_version":"3","outputs":[)"
        R"({"name":"p","datatype":"FP32","shape":[2,2],"data":[0.1,1,-0,1e-30]}]})");
}

TEST(OipResponse, WritesNullForWhatIsNotFinite) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    EXPECT_THAT(encode({tensor<double>("y", DataType::fp64, {3}, {std::nan(""), infinity, -infinity})}).value(),
                HasSubstr("[null,null,null]"));
}

TEST(OipResponse, RefusesWhatJsonCannotCarry) {
    EXPECT_EQ(encode({tensor<std::string>("y", DataType::bytes, {1}, {"\xff"})}).error().code, Code::invalid_argument);
    EXPECT_EQ(encode({Tensor("y", DataType::fp16, {1})}).error().code, Code::invalid_argument);
}

// Random tensors of every type come back as they were.
class RandomTensor {
public:
    explicit RandomTensor(unsigned seed) : random_(seed) {}

    Tensor make(std::string name) {
        static constexpr DataType types[] = {DataType::boolean, DataType::uint8, DataType::uint16, DataType::uint32,
                                             DataType::uint64,  DataType::int8,  DataType::int16,  DataType::int32,
                                             DataType::int64,   DataType::fp32,  DataType::fp64,   DataType::bytes};
        Shape shape(random_() % 4 + 1);
        for (auto& extent : shape) extent = static_cast<std::int64_t>(random_() % 4);
        Tensor tensor(std::move(name), types[random_() % std::size(types)], std::move(shape));
        fill(tensor);
        return tensor;
    }

private:
    void fill(Tensor& tensor) {
        if (tensor.type() == DataType::bytes) {
            for (auto& text : tensor.values<std::string>()) text = this->text();
            return;
        }
        for (auto& byte : tensor.raw()) byte = static_cast<std::byte>(random_());
        if (tensor.type() == DataType::boolean) {
            for (auto& value : tensor.values<std::uint8_t>()) value &= 1U;
        } else if (tensor.type() == DataType::fp32) {
            for (auto& value : tensor.values<float>()) value = std::isfinite(value) ? value : 0;
        } else if (tensor.type() == DataType::fp64) {
            for (auto& value : tensor.values<double>()) value = std::isfinite(value) ? value : 0;
        }
    }

    std::string text() {
        static const std::vector<std::string> pieces = {"a", "\"",   "\\", "\n", std::string(1, '\0'),
                                                        "é", "\x7f", "𝄞",  "/"};
        std::string text;
        for (auto count = random_() % 6; count > 0; --count) text += pieces[random_() % pieces.size()];
        return text;
    }

    std::mt19937 random_;
};

void expect_equal(const Tensor& a, const Tensor& b) {
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.type(), b.type());
    EXPECT_EQ(a.shape(), b.shape());
    if (a.type() == DataType::bytes) {
        EXPECT_TRUE(std::ranges::equal(a.values<std::string>(), b.values<std::string>()));
    } else {
        EXPECT_TRUE(std::ranges::equal(a.raw(), b.raw()));
    }
}

TEST(OipCodec, AnswersReadBackAsRequests) {
    for (unsigned seed = 0; seed < 500; ++seed) {
        RandomTensor random(seed);
        const std::vector<Tensor> tensors = {random.make("a"), random.make("ü\"")};
        std::string body = encode(tensors).value();
        body.replace(body.find("\"outputs\":"), 10, "\"inputs\":");
        const auto request = decode_infer_request(body, std::nullopt);
        ASSERT_TRUE(request.ok()) << request.error().message << body;
        ASSERT_EQ(request->inputs.size(), 2U);
        expect_equal(request->inputs[0], tensors[0]);
        expect_equal(request->inputs[1], tensors[1]);
    }
}

}  // namespace
}  // namespace baton::server::oip
