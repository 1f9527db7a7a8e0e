// The ONNX Runtime engine on its own: types, shapes, limits, what it refuses.
#include <gmock/gmock.h>
#include <onnx/onnx_pb.h>

#include <bit>

#include "inference/warm_up.h"
#include "tests/inference/engines.h"
#include "tests/inference/model_builder.h"
#include "tests/inference/support.h"

namespace baton::inference {
namespace {

using testing::HasSubstr;

Result<std::unique_ptr<Model>> load_forced(const std::string& bytes) {
    BATON_ASSIGN(OnnxModel opened, engines().open(bytes, EngineChoice::onnxruntime));
    return std::move(opened.model);
}

// y = Identity(x)
ModelBuilder echo(DataType type, const Shape& shape) {
    ModelBuilder model;
    model.input("x", type, shape).output("y", type, shape);
    model.node("Identity", {"x"}, {"y"});
    return model;
}

Error refusal(const ModelBuilder& model) {
    const auto loaded = load_forced(model.bytes());
    return loaded.ok() ? Error{.message = "accepted"} : loaded.error();
}

TEST(OnnxRuntime, AnswersEveryTypeOfNumber) {
    BATON_NEED_ONNXRUNTIME();
    for (const DataType type : {DataType::boolean, DataType::uint8, DataType::uint16, DataType::uint32,
                                DataType::uint64, DataType::int8, DataType::int16, DataType::int32, DataType::int64,
                                DataType::fp16, DataType::bf16, DataType::fp32, DataType::fp64}) {
        SCOPED_TRACE(data_type_name(type));
        const auto model = load_forced(echo(type, {-1, 3}).bytes());
        ASSERT_TRUE(model.ok()) << model.error().message;
        EXPECT_EQ((*model)->engine(), "onnxruntime");
        Tensor x("x", type, {2, 3});
        for (std::size_t i = 0; i < x.raw().size(); ++i) x.raw()[i] = std::byte(type == DataType::boolean ? i % 2 : i);
        const auto outputs = (*model)->run(std::span(&x, 1));
        ASSERT_TRUE(outputs.ok()) << outputs.error().message;
        EXPECT_EQ(outputs->at(0).type(), type);
        EXPECT_EQ(outputs->at(0).shape(), (Shape{2, 3}));
        EXPECT_TRUE(std::ranges::equal(outputs->at(0).raw(), x.raw()));
    }
}

TEST(OnnxRuntime, KeepsBytesWithZerosAndNothing) {
    BATON_NEED_ONNXRUNTIME();
    const auto model = load_forced(echo(DataType::bytes, {-1}).bytes());
    ASSERT_TRUE(model.ok()) << model.error().message;
    const std::vector<std::string> texts{"", std::string("a\0b", 3), "übermut", std::string(5000, '\xff')};
    const Tensor x = tensor_of("x", DataType::bytes, {4}, texts);
    const auto outputs = (*model)->run(std::span(&x, 1));
    ASSERT_TRUE(outputs.ok()) << outputs.error().message;
    EXPECT_TRUE(std::ranges::equal(outputs->at(0).values<std::string>(), texts));
}

TEST(OnnxRuntime, TakesNoRowsNumbersAloneAndManyDimensions) {
    BATON_NEED_ONNXRUNTIME();
    const std::vector<std::pair<Shape, Shape>> cases{
        {{-1, 3}, {0, 3}}, {{}, {}}, {{-1, -1, 2, -1}, {2, 1, 2, 3}}, {{1, 3, 8, 8}, {1, 3, 8, 8}}};
    for (const auto& [declared, given] : cases) {
        SCOPED_TRACE(shape_text(given));
        const auto model = load_forced(echo(DataType::fp32, declared).bytes());
        ASSERT_TRUE(model.ok()) << model.error().message;
        const Tensor x("x", DataType::fp32, given);
        const auto outputs = (*model)->run(std::span(&x, 1));
        ASSERT_TRUE(outputs.ok()) << outputs.error().message;
        EXPECT_EQ(outputs->at(0).shape(), given);
    }
}

TEST(OnnxRuntime, KnowsOutputShapesThatTheFileLeavesOut) {
    BATON_NEED_ONNXRUNTIME();
    ModelBuilder model;
    model.input("x", DataType::fp32, {-1, 3, 4}).output("y", DataType::fp32, {});
    model.graph().mutable_output(0)->mutable_type()->mutable_tensor_type()->clear_shape();
    model.node("Transpose", {"x"}, {"y"}).set("perm", std::vector<std::int64_t>{0, 2, 1});
    const auto loaded = load_forced(model.bytes());
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    EXPECT_EQ((*loaded)->signature().outputs.at(0).shape, (Shape{-1, 4, 3}));
}

TEST(OnnxRuntime, BlamesTheRequestForValuesThatTheModelCannotTake) {
    BATON_NEED_ONNXRUNTIME();
    ModelBuilder model;
    model.input("index", DataType::int64, {-1}).output("y", DataType::fp32, {-1});
    model.initializer("table", {3}, std::vector<float>{1, 2, 3});
    model.node("Gather", {"table", "index"}, {"y"});
    const auto loaded = load_forced(model.bytes());
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    const Tensor index = tensor_of("index", DataType::int64, {1}, std::vector<std::int64_t>{7});
    const auto outputs = (*loaded)->run(std::span(&index, 1));
    ASSERT_FALSE(outputs.ok());
    EXPECT_EQ(outputs.error().code, Code::invalid_argument);
    EXPECT_THAT(outputs.error().message, HasSubstr("Gather"));
}

TEST(OnnxRuntime, RefusesCustomOperatorsByName) {
    BATON_NEED_ONNXRUNTIME();
    ModelBuilder model = echo(DataType::fp32, {-1});
    model.node("com.example.Magic", {"x"}, {"m"});
    model.node("Sparkle", {"x"}, {"s"});
    model.node("If", {"x"}, {"i"});
    const Error error = refusal(model);
    EXPECT_EQ(error.code, Code::unsupported_model);
    EXPECT_EQ(error.message, "no engine runs: Sparkle, com.example.Magic");
}

TEST(OnnxRuntime, RefusesCustomOperatorsInSubgraphs) {
    BATON_NEED_ONNXRUNTIME();
    ModelBuilder model = echo(DataType::fp32, {-1});
    auto& attribute = *model.node("If", {"x"}, {"i"}).proto().add_attribute();
    attribute.set_name("then_branch");
    attribute.set_type(::onnx::AttributeProto::GRAPH);
    auto& inner = *attribute.mutable_g()->add_node();
    inner.set_op_type("Hidden");
    inner.set_domain("com.example");
    EXPECT_EQ(refusal(model).message, "no engine runs: com.example.Hidden");
}

TEST(OnnxRuntime, RefusesOpsetsThatNobodyKnows) {
    BATON_NEED_ONNXRUNTIME();
    ModelBuilder model = echo(DataType::fp32, {-1});
    model.proto().mutable_opset_import(0)->set_version(999);
    const Error error = refusal(model);
    EXPECT_EQ(error.code, Code::unsupported_model);
    EXPECT_THAT(error.message, HasSubstr("999"));
}

TEST(OnnxRuntime, NamesOperatorsThatHaveNoImplementation) {
    BATON_NEED_ONNXRUNTIME();
    ModelBuilder model;
    model.input("x", DataType::fp64, {-1, 2}).output("y", DataType::fp64, {-1, 2});
    model.node("ai.onnx.ml.Imputer", {"x"}, {"y"}).set("imputed_value_floats", std::vector<float>{1});
    const Error error = refusal(model);
    EXPECT_EQ(error.code, Code::unsupported_model);
    EXPECT_THAT(error.message, HasSubstr("Imputer"));
}

TEST(OnnxRuntime, RefusesDataInOtherFilesEvenInsideFunctionsAndSparseTensors) {
    BATON_NEED_ONNXRUNTIME();
    for (const bool in_function : {true, false}) {
        ModelBuilder model = echo(DataType::fp32, {-1});
        ::onnx::NodeProto& node = in_function ? *model.proto().add_functions()->add_node() : *model.graph().add_node();
        node.set_op_type("Constant");
        node.add_output("c");
        auto& attribute = *node.add_attribute();
        attribute.set_name("sparse_value");
        auto& location = *attribute.mutable_sparse_tensor()->mutable_values()->add_external_data();
        location.set_key("location");
        location.set_value("/etc/passwd");
        const Error error = refusal(model);
        EXPECT_EQ(error.code, Code::invalid_argument) << error.message;
        EXPECT_THAT(error.message, HasSubstr("another file"));
    }
}

::onnx::FunctionProto& add_function(ModelBuilder& model, const std::string& name,
                                    const std::vector<std::string>& operators) {
    auto& function = *model.proto().add_functions();
    function.set_domain("own");
    function.set_name(name);
    function.add_input("a");
    std::string value = "a";
    for (std::size_t i = 0; i < operators.size(); ++i) {
        auto& node = *function.add_node();
        node.set_op_type(operators[i]);
        if (operators[i].starts_with("f")) node.set_domain("own");
        node.add_input(value);
        value = i + 1 == operators.size() ? "b" : "v" + std::to_string(i);
        node.add_output(value);
    }
    function.add_output("b");
    auto& opset = *function.add_opset_import();
    opset.set_version(15);
    function.add_opset_import()->set_domain("own");
    function.mutable_opset_import(1)->set_version(1);
    return function;
}

ModelBuilder calls_function(const std::string& name) {
    ModelBuilder model;
    model.input("x", DataType::fp32, {-1}).output("y", DataType::fp32, {-1});
    auto& opset = *model.proto().add_opset_import();
    opset.set_domain("own");
    opset.set_version(1);
    model.node("own." + name, {"x"}, {"y"});
    return model;
}

TEST(OnnxRuntime, RunsFunctionsOfTheModel) {
    BATON_NEED_ONNXRUNTIME();
    ModelBuilder model = calls_function("f1");
    add_function(model, "f1", {"f2", "Neg"});
    add_function(model, "f2", {"Abs"});
    const auto loaded = load_forced(model.bytes());
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    const Tensor x = tensor_of("x", DataType::fp32, {2}, std::vector<float>{-1, 2});
    EXPECT_EQ(numbers((*loaded)->run(std::span(&x, 1))->at(0)), (std::vector<double>{-1, -2}));
}

TEST(OnnxRuntime, RefusesFunctionsThatNeverEndOrUnfoldWithoutMeasure) {
    BATON_NEED_ONNXRUNTIME();
    ModelBuilder circle = calls_function("f1");
    add_function(circle, "f1", {"f2"});
    add_function(circle, "f2", {"f1"});
    EXPECT_THAT(refusal(circle).message, HasSubstr("calls itself"));

    ModelBuilder bomb = calls_function("f0");
    for (int i = 0; i < 30; ++i)
        add_function(bomb, "f" + std::to_string(i), {"f" + std::to_string(i + 1), "f" + std::to_string(i + 1)});
    add_function(bomb, "f30", {"Abs"});
    EXPECT_THAT(refusal(bomb).message, HasSubstr("unfold"));
}

TEST(OnnxRuntime, DoesNotSpendMemoryWhileLoadingOnWhatAModelMakesOfNothing) {
    BATON_NEED_ONNXRUNTIME();
    if (kSanitized) GTEST_SKIP() << "a sanitizer ends the process where memory runs out";
    ModelBuilder model = echo(DataType::fp32, {-1});
    model.initializer("shape", {1}, std::vector<std::int64_t>{std::int64_t{1} << 50});
    model.node("ConstantOfShape", {"shape"}, {"huge"});
    model.output("sum", DataType::fp32, {});
    model.node("ReduceSum", {"huge"}, {"sum"}).set("keepdims", std::int64_t{0});
    const auto loaded = load_forced(model.bytes());
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    const Tensor x("x", DataType::fp32, {1});
    const auto outputs = (*loaded)->run(std::span(&x, 1));
    ASSERT_FALSE(outputs.ok());
    EXPECT_EQ(outputs.error().code, Code::resource_exhausted) << outputs.error().message;
}

TEST(OnnxRuntime, IsOptional) {
    const auto missing = onnxruntime::Runtime::start({.library = "/nonexistent/libonnxruntime.so.1"});
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().code, Code::unavailable);
    EXPECT_THAT(missing.error().hint, HasSubstr("BATON_ONNXRUNTIME"));
    const Engines alone(missing);

    EXPECT_TRUE(alone.open(read_file(data_dir() / "models/lasso-float.onnx"), EngineChoice::automatic).ok());
    ModelBuilder model;
    model.input("x", DataType::fp32, {-1, 2}).output("y", DataType::fp32, {-1, 2});
    model.node("Softsign", {"x"}, {"y"});
    for (const EngineChoice choice : {EngineChoice::automatic, EngineChoice::onnxruntime}) {
        const auto opened = alone.open(model.bytes(), choice);
        ASSERT_FALSE(opened.ok());
        EXPECT_EQ(opened.error().code, Code::unsupported_model);
        EXPECT_THAT(opened.error().hint, HasSubstr("BATON_ONNXRUNTIME"));
    }
    EXPECT_THAT(alone.open(model.bytes(), EngineChoice::automatic).error().message,
                HasSubstr("needs another engine: Softsign; the ONNX Runtime library was not found"));
}

TEST(OnnxRuntime, RefusesALibraryThatIsSomethingElse) {
    BATON_NEED_ONNXRUNTIME();
    const auto other = onnxruntime::Runtime::start({.library = "libz.so.1"});
    ASSERT_FALSE(other.ok());
    EXPECT_THAT(other.error().message, HasSubstr("is not the ONNX Runtime library"));
}

TEST(OnnxRuntime, StopsLoadingWhenTheTimeIsOver) {
    BATON_NEED_ONNXRUNTIME();
    const auto runtime =
        onnxruntime::Runtime::start({.library = (*engines().runtime())->path(), .load_limit = std::chrono::seconds(0)});
    ASSERT_TRUE(runtime.ok());
    ModelBuilder model;
    model.input("v0", DataType::fp32, {-1}).output("v60000", DataType::fp32, {-1});
    for (int i = 0; i < 60'000; ++i) model.node("Softsign", {"v" + std::to_string(i)}, {"v" + std::to_string(i + 1)});
    const auto opened = Engines(runtime).open(model.bytes(), EngineChoice::automatic);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, Code::deadline_exceeded) << opened.error().message;
}

TEST(Engines, ChoosesEigenWhereItCanAndTheOtherWhereAsked) {
    BATON_NEED_ONNXRUNTIME();
    const std::string linear = read_file(data_dir() / "models/lasso-float.onnx");
    EXPECT_EQ(engines().open(linear, EngineChoice::automatic)->model->engine(), "eigen");
    EXPECT_EQ(engines().open(linear, EngineChoice::eigen)->model->engine(), "eigen");
    EXPECT_EQ(engines().open(linear, EngineChoice::onnxruntime)->model->engine(), "onnxruntime");
    ModelBuilder other;
    other.input("x", DataType::fp32, {-1, 2}).output("y", DataType::fp32, {-1, 2});
    other.node("Softsign", {"x"}, {"y"});
    EXPECT_EQ(engines().open(other.bytes(), EngineChoice::automatic)->model->engine(), "onnxruntime");
    const auto forced = engines().open(other.bytes(), EngineChoice::eigen);
    ASSERT_FALSE(forced.ok());
    EXPECT_EQ(forced.error().message, "needs another engine: Softsign");
}

}  // namespace
}  // namespace baton::inference
