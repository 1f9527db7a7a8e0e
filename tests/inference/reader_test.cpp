#include "inference/onnx/reader.h"

#include <gmock/gmock.h>
#include <sys/mman.h>

#include "tests/inference/model_builder.h"
#include "tests/inference/support.h"

namespace baton::inference {
namespace {

using testing::HasSubstr;

// y = x + 1
ModelBuilder adder() {
    ModelBuilder model;
    model.input("x", DataType::fp32, {-1, 2}).output("y", DataType::fp32, {-1, 2});
    model.initializer("one", {1}, std::vector<float>{1});
    model.node("Add", {"x", "one"}, {"y"});
    return model;
}

std::string refusal(ModelBuilder& model) {
    const auto well_formed = check_onnx(model.bytes());
    if (well_formed.ok()) return "accepted";
    EXPECT_EQ(well_formed.error().code, Code::invalid_argument);
    EXPECT_EQ(load_onnx(model.bytes()).ok(), false);
    return well_formed.error().message;
}

TEST(Open, SaysWhatTheFileIs) {
    const auto opened = Engines().open(adder().bytes(), EngineChoice::automatic);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    EXPECT_EQ(opened->producer, "test 1.0");
    const Signature& signature = opened->model->signature();
    ASSERT_EQ(signature.inputs.size(), 1u);
    EXPECT_EQ(signature.inputs[0].name, "x");
    EXPECT_EQ(signature.inputs[0].shape, (Shape{-1, 2}));
    EXPECT_EQ(signature.outputs[0].type, DataType::fp32);
}

TEST(Open, OutputShapesComeFromTheModelNotFromItsWord) {
    ModelBuilder model = adder();
    model.graph().mutable_output(0)->mutable_type()->mutable_tensor_type()->clear_shape();
    const auto opened = Engines().open(model.bytes(), EngineChoice::automatic);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(opened->model->signature().outputs[0].shape, (Shape{-1, 2}));
}

TEST(Check, TakesWhatOnlyAnotherEngineRuns) {
    ModelBuilder model = adder();
    model.node("com.example.Magic", {"y"}, {"m"});
    EXPECT_TRUE(check_onnx(model.bytes()).ok());
    const auto loaded = load_onnx(model.bytes());
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().code, Code::unsupported_model);
    EXPECT_EQ(loaded.error().message, "needs another engine: com.example.Magic");
}

TEST(Load, NamesEveryMissingOperatorOnce) {
    ModelBuilder model = adder();
    model.node("Conv", {"y", "one"}, {"a"});
    model.node("Conv", {"a", "one"}, {"b"});
    model.node("ai.onnx.ml.TreeEnsembleClassifier", {"y"}, {"c", "d"});
    EXPECT_EQ(load_onnx(model.bytes()).error().message,
              "needs another engine: Conv, ai.onnx.ml.TreeEnsembleClassifier");
}

TEST(Load, RefusesSubgraphsByTheNameOfTheirOperator) {
    ModelBuilder model = adder();
    auto& attribute = *model.node("If", {"x"}, {"i"}).proto().add_attribute();
    attribute.set_name("then_branch");
    attribute.set_type(::onnx::AttributeProto::GRAPH);
    attribute.mutable_g()->add_node()->set_op_type("Conv");
    const auto loaded = load_onnx(model.bytes());
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().code, Code::unsupported_model);
    EXPECT_THAT(loaded.error().message, HasSubstr("If"));
}

TEST(Reader, TakesNewerVersionsAndRepeatedOpsets) {
    ModelBuilder model = adder();
    model.proto().set_ir_version(99);
    *model.proto().add_opset_import() = model.proto().opset_import(0);
    EXPECT_TRUE(load_onnx(model.bytes()).ok());
}

TEST(Reader, RefusesNamesThatAreDanglingDoubleOrCircular) {
    ModelBuilder dangling = adder();
    dangling.node("Neg", {"nobody"}, {"n"});
    EXPECT_THAT(refusal(dangling), HasSubstr("'nobody'"));

    ModelBuilder cycle = adder();
    cycle.node("Neg", {"b"}, {"a"});
    cycle.node("Neg", {"a"}, {"b"});
    EXPECT_THAT(refusal(cycle), HasSubstr("cycle"));

    ModelBuilder twice = adder();
    twice.node("Neg", {"x"}, {"y"});
    EXPECT_THAT(refusal(twice), HasSubstr("'y' is defined twice"));

    ModelBuilder no_output = adder();
    no_output.output("z", DataType::fp32, {1});
    EXPECT_THAT(refusal(no_output), HasSubstr("nothing makes the output 'z'"));

    ModelBuilder two_inputs = adder();
    two_inputs.input("x", DataType::fp32, {1});
    EXPECT_THAT(refusal(two_inputs), HasSubstr("two inputs are named 'x'"));

    ModelBuilder attributes = adder();
    attributes.node("Softmax", {"x"}, {"s"}).set("axis", std::int64_t{1}).set("axis", std::int64_t{0});
    EXPECT_THAT(refusal(attributes), HasSubstr("double attribute"));
}

TEST(Reader, InitializersListedAsInputsAreNoInputs) {
    ModelBuilder model = adder();
    model.input("one", DataType::fp32, {1});
    EXPECT_EQ((*load_onnx(model.bytes()))->signature().inputs.size(), 1u);
}

TEST(Reader, RefusesDataInOtherFilesWhereverItIsNamed) {
    ModelBuilder model = adder();
    model.graph().mutable_initializer(0)->set_data_location(::onnx::TensorProto::EXTERNAL);
    EXPECT_THAT(refusal(model), HasSubstr("another file"));

    ModelBuilder entry = adder();
    entry.graph().mutable_initializer(0)->add_external_data()->set_key("location");
    EXPECT_THAT(refusal(entry), HasSubstr("another file"));

    ModelBuilder constant = adder();
    auto& value = *constant.node("Constant", {}, {"c"}).proto().add_attribute();
    value.set_name("value");
    value.set_type(::onnx::AttributeProto::TENSOR);
    value.mutable_t()->set_data_location(::onnx::TensorProto::EXTERNAL);
    EXPECT_THAT(refusal(constant), HasSubstr("another file"));

    ModelBuilder deep = adder();
    auto& branch = *deep.node("If", {"x"}, {"i"}).proto().add_attribute();
    branch.set_name("then_branch");
    branch.set_type(::onnx::AttributeProto::GRAPH);
    branch.mutable_g()->add_initializer()->set_data_location(::onnx::TensorProto::EXTERNAL);
    EXPECT_THAT(refusal(deep), HasSubstr("another file"));
}

TEST(Reader, RefusesTensorsWhoseSizesLie) {
    const auto with_dims = [](const Shape& dims) {
        ModelBuilder model = adder();
        model.graph().mutable_initializer(0)->mutable_dims()->Assign(dims.begin(), dims.end());
        return refusal(model);
    };
    EXPECT_THAT(with_dims({2}), HasSubstr("does not have as many elements"));
    EXPECT_THAT(with_dims({-1}), HasSubstr("impossible shape"));
    EXPECT_THAT(with_dims({std::int64_t{1} << 40, std::int64_t{1} << 40}), HasSubstr("impossible shape"));
    EXPECT_THAT(with_dims({std::int64_t{1} << 60}), HasSubstr("does not have as many elements"));
    EXPECT_THAT(with_dims(Shape(17, 1)), HasSubstr("too many dimensions"));

    ModelBuilder raw = adder();
    raw.graph().mutable_initializer(0)->clear_float_data();
    raw.graph().mutable_initializer(0)->set_raw_data("abc");
    EXPECT_THAT(refusal(raw), HasSubstr("does not have as many elements"));

    ModelBuilder both = adder();
    both.graph().mutable_initializer(0)->set_raw_data("abcd");
    EXPECT_THAT(refusal(both), HasSubstr("stores its data twice"));

    ModelBuilder wrong_field = adder();
    wrong_field.graph().mutable_initializer(0)->clear_float_data();
    wrong_field.graph().mutable_initializer(0)->add_int64_data(1);
    EXPECT_THAT(refusal(wrong_field), HasSubstr("elements"));
}

TEST(Reader, RefusesLargeFilesUnread) {
    const std::size_t size = onnx::kMaxModelBytes + 1;
    void* pages = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ASSERT_NE(pages, MAP_FAILED);
    const Status status = check_onnx({static_cast<const char*>(pages), size});
    munmap(pages, size);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, Code::too_large);
    EXPECT_EQ(status.error().message, "the ONNX model is over 512 MiB");
}

TEST(Reader, RefusesWhatIsNoModel) {
    for (const std::string bytes : {"", "hello", "\x08\x08"}) {
        const Status well_formed = check_onnx(bytes);
        ASSERT_FALSE(well_formed.ok());
        EXPECT_EQ(well_formed.error().code, Code::invalid_argument);
    }
}

}  // namespace
}  // namespace baton::inference
