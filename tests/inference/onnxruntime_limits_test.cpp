// Runs that would never end.
#include <gmock/gmock.h>
#include <onnx/onnx_pb.h>

#include <future>

#include "inference/warm_up.h"
#include "tests/inference/engines.h"
#include "tests/inference/model_builder.h"
#include "tests/inference/support.h"

namespace baton::inference {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

Engines limited(seconds load_limit, seconds run_limit) {
    return Engines(onnxruntime::Runtime::start(
        {.library = (*engines().runtime())->path(), .load_limit = load_limit, .run_limit = run_limit}));
}

void describe(::onnx::ValueInfoProto& value, const char* name, ::onnx::TensorProto::DataType type) {
    value.set_name(name);
    value.mutable_type()->mutable_tensor_type()->set_elem_type(type);
    value.mutable_type()->mutable_tensor_type()->mutable_shape();
}

// What the body of a loop is made of.
enum class Body { work, copies, constants, nothing };

// y = x, after a loop that goes on as long as `goes_on` (a value of the graph, or an initializer) is true.
ModelBuilder looping(Body body, const std::string& goes_on) {
    ModelBuilder model;
    model.input("x", DataType::fp32, {}).output("y", DataType::fp32, {});
    auto& attribute = *model.node("Loop", {"", goes_on, "x"}, {"y"}).proto().add_attribute();
    attribute.set_name("body");
    attribute.set_type(::onnx::AttributeProto::GRAPH);
    auto& graph = *attribute.mutable_g();
    graph.set_name("body");
    describe(*graph.add_input(), "i", ::onnx::TensorProto::INT64);
    describe(*graph.add_input(), "again", ::onnx::TensorProto::BOOL);
    describe(*graph.add_input(), "v", ::onnx::TensorProto::FLOAT);
    const auto node = [&graph](const char* op, const char* in, const char* out) -> ::onnx::NodeProto& {
        auto& added = *graph.add_node();
        added.set_op_type(op);
        if (in != nullptr) added.add_input(in);
        added.add_output(out);
        return added;
    };
    describe(*graph.add_output(), body == Body::nothing ? "again" : "on", ::onnx::TensorProto::BOOL);
    describe(*graph.add_output(), body == Body::work || body == Body::copies ? "w" : "v", ::onnx::TensorProto::FLOAT);
    if (body == Body::constants) {
        auto& value = *node("Constant", nullptr, "on").add_attribute();
        value.set_name("value");
        value.set_type(::onnx::AttributeProto::TENSOR);
        value.mutable_t()->set_data_type(::onnx::TensorProto::BOOL);
        value.mutable_t()->add_int32_data(1);
    } else if (body != Body::nothing) {
        node("Identity", "again", "on");
        node(body == Body::work ? "Sin" : "Identity", "v", "w");
    }
    return model;
}

std::string endless(Body body) {
    ModelBuilder model = looping(body, "yes");
    auto& yes = *model.graph().add_initializer();
    yes.set_name("yes");
    yes.set_data_type(::onnx::TensorProto::BOOL);
    yes.add_int32_data(1);
    return model.bytes();
}

// Comes to an end unless x is 1000.
std::string endless_for_a_thousand() {
    ModelBuilder model;
    ModelBuilder loop = looping(Body::work, "goes_on");
    model.input("x", DataType::fp32, {}).output("y", DataType::fp32, {});
    model.initializer("thousand", {}, std::vector<float>{1000});
    model.node("Equal", {"x", "thousand"}, {"goes_on"});
    *model.graph().add_node() = loop.graph().node(0);
    return model.bytes();
}

Tensor number(float value) { return tensor_of("x", DataType::fp32, {}, std::vector<float>{value}); }

TEST(OnnxRuntimeLimits, AnyLoopCanBeStopped) {
    BATON_NEED_ONNXRUNTIME();
    const Engines all = limited(seconds(60), seconds(1));
    for (const Body body : {Body::work, Body::copies, Body::constants, Body::nothing}) {
        SCOPED_TRACE(static_cast<int>(body));
        const auto opened = all.open(endless(body), EngineChoice::automatic);
        ASSERT_TRUE(opened.ok()) << opened.error().message;
        const Tensor x = number(1);
        const auto outputs = opened->model->run(std::span(&x, 1));
        ASSERT_FALSE(outputs.ok());
        EXPECT_EQ(outputs.error().code, Code::deadline_exceeded);
        EXPECT_THAT(outputs.error().message, HasSubstr("did not answer within 1 seconds"));
    }
}

TEST(OnnxRuntimeLimits, AStoppedRunHarmsNoOther) {
    BATON_NEED_ONNXRUNTIME();
    const Engines all = limited(seconds(60), seconds(1));
    const auto opened = all.open(endless_for_a_thousand(), EngineChoice::automatic);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    const Model& model = *opened->model;
    EXPECT_TRUE(warm_up(model).ok());
    auto stuck = std::async(std::launch::async, [&model] {
        const Tensor x = number(1000);
        return model.run(std::span(&x, 1));
    });
    const Tensor x = number(7);
    while (stuck.wait_for(seconds(0)) != std::future_status::ready) {
        const auto outputs = model.run(std::span(&x, 1));
        ASSERT_TRUE(outputs.ok()) << outputs.error().message;
        EXPECT_EQ(numbers(outputs->at(0)), std::vector<double>{7});
    }
    EXPECT_EQ(stuck.get().error().code, Code::deadline_exceeded);
}

TEST(OnnxRuntimeLimits, MadeUpRowsHaveNoMoreTimeThanALoad) {
    BATON_NEED_ONNXRUNTIME();
    const Engines all = limited(seconds(1), seconds(3600));
    const auto opened = all.open(endless(Body::work), EngineChoice::automatic);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    EXPECT_EQ(warm_up(*opened->model).error().code, Code::deadline_exceeded);
}

TEST(OnnxRuntimeLimits, NothingRunsOnAtTheEnd) {
    BATON_NEED_ONNXRUNTIME();
    const Engines all = limited(seconds(3600), seconds(3600));
    const auto opened = all.open(endless(Body::work), EngineChoice::automatic);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    const auto run = [&opened] {
        const Tensor x = number(1);
        return opened->model->run(std::span(&x, 1));
    };
    auto stuck = std::async(std::launch::async, run);
    all.stop_all();
    EXPECT_EQ(stuck.get().error().code, Code::unavailable);
    EXPECT_EQ(run().error().code, Code::unavailable) << "nor does anything begin";
}

TEST(OnnxRuntimeLimits, LoopsThatEndAnswerAsBefore) {
    BATON_NEED_ONNXRUNTIME();
    ModelBuilder model = looping(Body::work, "");
    model.initializer("twice", {}, std::vector<std::int64_t>{2});
    model.graph().mutable_node(0)->set_input(0, "twice");
    const auto opened = engines().open(model.bytes(), EngineChoice::automatic);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    const Tensor x = number(1);
    const auto outputs = opened->model->run(std::span(&x, 1));
    ASSERT_TRUE(outputs.ok()) << outputs.error().message;
    EXPECT_NEAR(numbers(outputs->at(0)).at(0), std::sin(std::sin(1.0)), 1e-6);
}

}  // namespace
}  // namespace baton::inference
