// Fused linear models against the interpreter.
#include <gmock/gmock.h>

#include "inference/eigen/linear_pipeline.h"
#include "inference/eigen/plan.h"
#include "inference/onnx/reader.h"
#include "tests/inference/model_builder.h"
#include "tests/inference/support.h"

namespace baton::inference {
namespace {

using nlohmann::json;

onnx::Graph graph_of(const std::filesystem::path& path) {
    onnx::Graph graph;
    // Unpacked right here, GCC 12 takes the end of the result for the freeing of a local variable.
    const Status status = [&]() -> Status {
        BATON_ASSIGN(graph, onnx::read_graph(read_file(path)));
        return {};
    }();
    EXPECT_TRUE(status.ok());
    return graph;
}

bool is_fused(const onnx::Graph& graph) {
    const auto plan = eigen::Plan::compile(graph);
    EXPECT_TRUE(plan.ok());
    return plan.ok() && eigen::fuse_linear(graph, **plan) != nullptr;
}

TEST(Fusion, TheCommonFormsAreFused) {
    for (const char* name : {"linreg-float",
                             "linreg-double",
                             "linreg-two-targets-float",
                             "linreg-two-targets-double",
                             "ridge-scaled-float",
                             "ridge-scaled-double",
                             "lasso-float",
                             "linear-svr-float",
                             "logreg-binary-float",
                             "logreg-binary-double",
                             "logreg-binary-zipmap",
                             "logreg-binary-scaled-float",
                             "logreg-binary-scaled-double",
                             "logreg-multinomial-float",
                             "logreg-multinomial-double",
                             "logreg-multinomial-zipmap",
                             "logreg-names-scaled-float",
                             "logreg-names-scaled-double",
                             "logreg-names-scaled-zipmap",
                             "linear-svc-binary-float",
                             "linear-svc-multi-float"}) {
        EXPECT_TRUE(is_fused(graph_of(data_dir() / "models" / (std::string(name) + ".onnx")))) << name;
    }
}

TEST(Fusion, OtherModelsAreNot) {
    for (const char* name :
         {"svc-rbf-binary-float", "imputer-logreg-float", "columns-logreg-float", "calibrated-svc-binary-float"}) {
        EXPECT_FALSE(is_fused(graph_of(data_dir() / "models" / (std::string(name) + ".onnx")))) << name;
    }
}

// The golden tests run what load_onnx gives; here the interpreter has to give the same for every row.
TEST(Fusion, AnswersLikeTheInterpreter) {
    std::size_t compared = 0;
    for (const auto& entry : std::filesystem::directory_iterator(data_dir() / "models")) {
        if (entry.path().extension() != ".onnx") continue;
        const onnx::Graph graph = graph_of(entry.path());
        const auto plan = eigen::Plan::compile(graph);
        ASSERT_TRUE(plan.ok());
        const auto fused = eigen::fuse_linear(graph, **plan);
        if (fused == nullptr) continue;
        SCOPED_TRACE(entry.path().stem());
        ++compared;
        const json one = read_json(std::filesystem::path(entry.path()).replace_extension(".json"));
        const auto rows = flat_numbers(one["rows"]);
        const TensorSpec& spec = (*plan)->signature().inputs[0];
        Tensor floats =
            tensor_of(spec.name, DataType::fp32, {static_cast<std::int64_t>(one["rows"].size()), spec.shape[1]},
                      std::vector<float>(rows.begin(), rows.end()));
        const std::vector<Tensor> inputs{spec.type == DataType::fp64 ? as_doubles(floats) : floats};
        const auto expected = (*plan)->run(inputs);
        const auto answers = fused->run(inputs);
        ASSERT_TRUE(expected.ok() && answers.ok());
        for (std::size_t i = 0; i < answers->size(); ++i) {
            EXPECT_EQ((*answers)[i].shape(), (*expected)[i].shape());
            EXPECT_EQ((*answers)[i].name, (*expected)[i].name);
            if ((*answers)[i].type() == DataType::bytes) {
                EXPECT_TRUE(
                    std::ranges::equal((*answers)[i].values<std::string>(), (*expected)[i].values<std::string>()));
            } else {
                EXPECT_TRUE(
                    close(numbers((*answers)[i]), numbers((*expected)[i]), {.relative = 2e-7, .absolute = 1e-12}));
            }
        }
    }
    EXPECT_GT(compared, 15u);
}

// A softmax over the rows looks like one over the columns to a careless walk.
TEST(Fusion, IsNotFooledByAxes) {
    ModelBuilder builder;
    builder.input("x", DataType::fp32, {-1, 2}).output("y", DataType::fp32, {-1, 2});
    builder.initializer("w", {2, 2}, std::vector<float>{1, 2, 3, 4});
    builder.node("MatMul", {"x", "w"}, {"m"});
    builder.node("Softmax", {"m"}, {"y"}).set("axis", std::int64_t{0});
    const auto graph = onnx::read_graph(builder.bytes());
    ASSERT_TRUE(graph.ok());
    EXPECT_TRUE(eigen::recognise_linear(*graph));
    EXPECT_FALSE(is_fused(*graph));
}

// A file that declares its labels as numbers, and one that reshapes the rows away.
TEST(Fusion, IsNotFooledByDeclaredTypesAndShapes) {
    ModelBuilder labels;
    labels.input("x", DataType::fp32, {-1, 2}).output("y", DataType::fp32, {-1});
    labels.node("ai.onnx.ml.LinearClassifier", {"x"}, {"y", "z"})
        .set("coefficients", std::vector<float>{1, 2, 3, 4})
        .set("classlabels_ints", std::vector<std::int64_t>{5, 6});
    ModelBuilder shape;
    shape.input("x", DataType::fp32, {-1, 2}).output("y", DataType::fp32, {-1});
    shape.initializer("flat", {1}, std::vector<std::int64_t>{-1});
    shape.node("ai.onnx.ml.LinearRegressor", {"x"}, {"m"})
        .set("coefficients", std::vector<float>{1, 2, 3, 4})
        .set("targets", std::int64_t{2});
    shape.node("Reshape", {"m", "flat"}, {"y"});
    for (const auto& [model, answer] :
         {std::pair(&labels, std::vector<double>{6, 6}), std::pair(&shape, std::vector<double>{3, 7, 3, 7})}) {
        const auto graph = onnx::read_graph(model->bytes());
        ASSERT_TRUE(graph.ok());
        EXPECT_FALSE(is_fused(*graph));
        const auto loaded = load_onnx(model->bytes());
        ASSERT_TRUE(loaded.ok()) << loaded.error().message;
        const std::vector<Tensor> inputs{tensor_of("x", DataType::fp32, {2, 2}, std::vector<float>{1, 1, 1, 1})};
        EXPECT_EQ(numbers((*loaded)->run(inputs)->at(0)), answer);
    }
}

}  // namespace
}  // namespace baton::inference
