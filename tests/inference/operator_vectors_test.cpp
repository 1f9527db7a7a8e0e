// Operators one by one, with numbers that other runtimes agree on.
#include <gmock/gmock.h>
#include <onnx/onnx_pb.h>

#include "inference/onnx/reader.h"
#include "tests/inference/engines.h"
#include "tests/inference/model_builder.h"
#include "tests/inference/support.h"

namespace baton::inference {
namespace {

using nlohmann::json;
using testing::HasSubstr;

DataType type_named(const std::string& name) {
    if (name == "double") return DataType::fp64;
    if (name == "int64") return DataType::int64;
    if (name == "int32") return DataType::int32;
    if (name == "string") return DataType::bytes;
    return DataType::fp32;
}

Tensor input_of(const json& input) {
    const Shape shape = input["shape"].get<Shape>();
    const DataType type = type_named(input["type"]);
    switch (type) {
        case DataType::fp64:
            return tensor_of<double>(input["name"], type, shape, flat_numbers(input["data"]));
        case DataType::int64:
            return tensor_of(input["name"], type, shape, input["data"].get<std::vector<std::int64_t>>());
        case DataType::int32:
            return tensor_of(input["name"], type, shape, input["data"].get<std::vector<std::int32_t>>());
        default: {
            const auto values = flat_numbers(input["data"]);
            return tensor_of(input["name"], type, shape, std::vector<float>(values.begin(), values.end()));
        }
    }
}

// The answer, or the first error on the way to it.
Result<std::vector<Tensor>> answer(const std::string& bytes, EngineChoice choice, std::vector<Tensor> inputs) {
    BATON_ASSIGN(const OnnxModel opened, engines().open(bytes, choice));
    BATON_ASSIGN(const auto arranged, arrange_inputs(opened.model->signature(), std::move(inputs)));
    return opened.model->run(arranged);
}

void expect_same(const Tensor& output, const json& expected, Tolerance tolerance) {
    EXPECT_EQ(shape_text(output.shape()), shape_text(expected["shape"].get<Shape>()));
    if (output.type() == DataType::bytes) {
        const auto values = output.values<std::string>();
        EXPECT_EQ(std::vector<std::string>(values.begin(), values.end()), flat_texts(expected["data"]));
    } else {
        EXPECT_TRUE(close(numbers(output), flat_numbers(expected["data"]), tolerance));
    }
}

void check_operator(const std::filesystem::path& folder, const json& one, EngineChoice choice) {
    std::vector<Tensor> inputs;
    inputs.push_back(input_of(one["input"]));
    const auto outputs = answer(read_file(folder / one["model"]), choice, std::move(inputs));
    const bool eigen = choice == EngineChoice::eigen;
    const std::string op = one["op"];
    if (eigen && op.starts_with("TreeEnsemble")) {
        ASSERT_FALSE(outputs.ok());
        EXPECT_EQ(outputs.error().code, Code::unsupported_model);
        EXPECT_THAT(outputs.error().message, HasSubstr("ai.onnx.ml." + op));
        return;
    }
    // ONNX Runtime ignores coefficients that are too many for a LinearRegressor; Eigen refuses the model.
    if (one["expect"] == "error" || (eigen && one["name"] == "regressor-extra-coefficients")) {
        ASSERT_FALSE(outputs.ok());
        EXPECT_TRUE(!eigen || outputs.error().code == Code::invalid_argument);
        return;
    }
    ASSERT_TRUE(outputs.ok()) << outputs.error().message;
    ASSERT_EQ(outputs->size(), one["outputs"].size());
    for (std::size_t i = 0; i < outputs->size(); ++i) {
        expect_same((*outputs)[i], one["outputs"][i], {.relative = one["rtol"], .absolute = one["atol"]});
    }
}

void check_operators(const std::filesystem::path& folder, EngineChoice choice) {
    const json cases = read_json(folder / "ops.json")["cases"];
    ASSERT_GT(cases.size(), 50u);
    for (const json& one : cases) {
        SCOPED_TRACE(one["name"].get<std::string>());
        check_operator(folder, one, choice);
    }
}

TEST(OperatorVectors, EigenRunsMachineLearningOperators) {
    BATON_NEED_VECTORS(vectors);
    check_operators(vectors / "onnx-ml", EngineChoice::eigen);
}

TEST(OperatorVectors, OnnxRuntimeRunsMachineLearningOperators) {
    BATON_NEED_VECTORS(vectors);
    BATON_NEED_ONNXRUNTIME();
    check_operators(vectors / "onnx-ml", EngineChoice::onnxruntime);
}

// A TensorProto file, read by way of a model that has it as its initializer; nullopt for types we have no word for.
std::optional<Tensor> tensor_file(const std::filesystem::path& path, const std::string& name) {
    ModelBuilder builder;
    EXPECT_TRUE(builder.graph().add_initializer()->ParseFromString(read_file(path)));
    builder.graph().mutable_initializer(0)->set_name(name);
    builder.output(name, DataType::fp32, {});
    const auto graph = onnx::read_graph(builder.bytes());
    if (!graph.ok() || graph->initializers.empty()) return std::nullopt;
    return graph->initializers.begin()->second;
}

void check_node(const std::filesystem::path& folder, const json& one, const Model& model) {
    const json& data = one["data_sets"][0];
    std::vector<Tensor> inputs;
    for (std::size_t i = 0; i < one["inputs"].size(); ++i) {
        auto input = tensor_file(folder / data["inputs"][i], one["inputs"][i]);
        ASSERT_TRUE(input);
        inputs.push_back(std::move(*input));
    }
    const auto outputs = model.run(inputs);
    ASSERT_TRUE(outputs.ok()) << outputs.error().message;
    for (std::size_t i = 0; i < outputs->size(); ++i) {
        const auto expected = tensor_file(folder / data["outputs"][i], "expected");
        ASSERT_TRUE(expected);
        EXPECT_EQ((*outputs)[i].type(), expected->type());
        EXPECT_EQ(shape_text((*outputs)[i].shape()), shape_text(expected->shape()));
        if (expected->type() == DataType::bytes) continue;
        EXPECT_TRUE(close(numbers((*outputs)[i]), numbers(*expected), {.relative = 1e-3, .absolute = 1e-7}));
    }
}

// Runs every case that the engine takes; what it does not take must be refused by name. Answers how many ran.
std::size_t check_nodes(const std::filesystem::path& folder, EngineChoice choice, const std::string& refusal) {
    std::size_t ran = 0;
    const json cases = read_json(folder / "manifest.json")["cases"];
    for (const json& one : cases) {
        SCOPED_TRACE(one["name"].get<std::string>());
        const auto opened = engines().open(read_file(folder / one["model"]), choice);
        if (opened.ok()) {
            ++ran;
            check_node(folder, one, *opened->model);
            continue;
        }
        EXPECT_EQ(opened.error().code, Code::unsupported_model) << opened.error().message;
        EXPECT_THAT(opened.error().message, testing::ContainsRegex(refusal));
    }
    return ran;
}

TEST(OperatorVectors, EigenRunsNodeTestsOfTheOnnxProjectOrNamesWhatIsMissing) {
    BATON_NEED_VECTORS(vectors);
    EXPECT_GT(check_nodes(vectors / "onnx-ml", EngineChoice::eigen, "needs another engine: |cannot be served: "), 55u);
}

TEST(OperatorVectors, OnnxRuntimeRunsNodeTestsOfTheOnnxProjectOrNamesWhatIsMissing) {
    BATON_NEED_VECTORS(vectors);
    BATON_NEED_ONNXRUNTIME();
    EXPECT_GT(check_nodes(vectors / "onnx-ml", EngineChoice::onnxruntime, "ONNX Runtime: |cannot be served: "), 80u);
}

}  // namespace
}  // namespace baton::inference
