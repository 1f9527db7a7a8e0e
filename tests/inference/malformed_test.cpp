// Damaged and crafted models: the answer is an error or a model that answers, never a crash.
#include <gmock/gmock.h>

#include <random>

#include "tests/inference/model_builder.h"
#include "tests/inference/support.h"

namespace baton::inference {
namespace {

using testing::HasSubstr;

// Loads the bytes and, where that works, runs rows of ones.
void try_out(const std::string& bytes) {
    (void)check_onnx(bytes);
    const auto model = load_onnx(bytes);
    if (!model.ok()) return;
    std::vector<Tensor> inputs;
    for (const auto& spec : (*model)->signature().inputs) {
        Shape shape = spec.shape;
        for (auto& extent : shape) extent = extent == -1 ? 2 : extent;
        if (element_count(shape).value_or(1 << 20) > 10'000) return;
        Tensor tensor(spec.name, spec.type, shape);
        if (spec.type == DataType::fp32) std::ranges::fill(tensor.values<float>(), 1.0f);
        inputs.push_back(std::move(tensor));
    }
    const auto outputs = (*model)->run(inputs);
    if (outputs.ok()) {
        EXPECT_EQ(outputs->size(), (*model)->signature().outputs.size());
    }
}

ModelBuilder svm_model() {
    ModelBuilder model;
    model.input("x", DataType::fp32, {-1, 2}).output("label", DataType::int64, {-1});
    model.node("ai.onnx.ml.SVMClassifier", {"x"}, {"label", "scores"})
        .set("kernel_type", std::string("RBF"))
        .set("kernel_params", std::vector<float>{0.5f, 0, 3})
        .set("classlabels_ints", std::vector<std::int64_t>{0, 1, 2})
        .set("vectors_per_class", std::vector<std::int64_t>{1, 1, 1})
        .set("support_vectors", std::vector<float>{0, 1, 1, 0, 1, 1})
        .set("coefficients", std::vector<float>{1, -1, 1, 1, -1, 1})
        .set("rho", std::vector<float>{0.1f, 0.2f, 0.3f})
        .set("prob_a", std::vector<float>{1, 1, 1})
        .set("prob_b", std::vector<float>{0, 0, 0});
    return model;
}

ModelBuilder plain_model() {
    ModelBuilder model;
    model.input("x", DataType::fp32, {-1, 3}).output("y", DataType::int64, {-1}).output("p", DataType::fp32, {-1, 2});
    model.initializer("w", {3, 2}, std::vector<float>{1, 2, 3, 4, 5, 6});
    model.initializer("shape", {1}, std::vector<std::int64_t>{-1});
    model.initializer("starts", {2}, std::vector<std::int64_t>{0, 0});
    model.initializer("ends", {2}, std::vector<std::int64_t>{1000, 2});
    model.node("ai.onnx.ml.Scaler", {"x"}, {"s"})
        .set("offset", std::vector<float>{1, 2, 3})
        .set("scale", std::vector<float>{1});
    model.node("MatMul", {"s", "w"}, {"m"});
    model.node("Softmax", {"m"}, {"soft"}).set("axis", std::int64_t{1});
    model.node("Slice", {"soft", "starts", "ends"}, {"p"});
    model.node("ArgMax", {"p"}, {"a"}).set("axis", std::int64_t{1});
    model.node("Reshape", {"a", "shape"}, {"y"});
    return model;
}

void damage(const std::string& bytes, std::uint64_t seed, int rounds) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random() % limit); };
    for (int round = 0; round < rounds; ++round) {
        std::string damaged = bytes;
        switch (round % 4) {
            case 0:
                damaged.resize(below(bytes.size()));
                break;
            case 1:
                damaged[below(bytes.size())] ^= static_cast<char>(1 << below(8));
                break;
            case 2:
                for (int i = 0; i < 8; ++i) damaged[below(bytes.size())] = static_cast<char>(below(256));
                break;
            default: {
                const std::size_t from = below(bytes.size());
                damaged.insert(below(bytes.size()), bytes.substr(from, below(64)));
            }
        }
        SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round));
        try_out(damaged);
    }
}

TEST(Malformed, DamagedSmallModelsNeverCrash) {
    damage(svm_model().bytes(), 1, 4000);
    damage(plain_model().bytes(), 2, 4000);
}

TEST(Malformed, DamagedTrainedModelsNeverCrash) {
    BATON_NEED_VECTORS(vectors);
    std::uint64_t seed = 10;
    for (const char* name : {"logreg-zipmap-names", "svc-rbf-names", "linearsvc-binary", "calibrated-svc", "pca-logreg",
                             "imputer-scaler-logreg", "one-class", "tree-regression"}) {
        damage(read_file(vectors / "onnx-sklearn" / name / "model_float.onnx"), ++seed, 400);
    }
}

std::string svm_refusal(const std::string& attribute, const std::vector<float>& values) {
    ModelBuilder model = svm_model();
    for (auto& given : *model.graph().mutable_node(0)->mutable_attribute()) {
        if (given.name() == attribute) given.mutable_floats()->Assign(values.begin(), values.end());
    }
    const auto loaded = load_onnx(model.bytes());
    if (loaded.ok()) return "accepted";
    EXPECT_EQ(loaded.error().code, Code::invalid_argument);
    return loaded.error().message;
}

TEST(Malformed, SvmSizesAndValuesAreChecked) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    EXPECT_EQ(svm_refusal("nothing", {}), "accepted");
    EXPECT_THAT(svm_refusal("coefficients", {1, 2, 3, 4, 5}), HasSubstr("coefficients has too few values"));
    EXPECT_THAT(svm_refusal("rho", {1, 2}), HasSubstr("rho has too few values"));
    EXPECT_THAT(svm_refusal("prob_a", {1, 2}), HasSubstr("prob_a or prob_b has too few values"));
    EXPECT_THAT(svm_refusal("prob_b", {}), HasSubstr("prob_a or prob_b has too few values"));
    EXPECT_THAT(svm_refusal("support_vectors", {1, 2, 3, 4}), HasSubstr("support_vectors has the wrong size"));
    EXPECT_THAT(svm_refusal("support_vectors", {}), HasSubstr("vectors_per_class is out of range"));
    EXPECT_THAT(svm_refusal("coefficients", {1, 2, 3, 4, 5, nan}), HasSubstr("coefficients is not finite"));
    EXPECT_THAT(svm_refusal("kernel_params", {nan, 0, 3}), HasSubstr("kernel_params are not finite"));
    EXPECT_THAT(svm_refusal("kernel_params", {1}), HasSubstr("kernel_params"));
}

TEST(Malformed, SvmClassCountsAreChecked) {
    for (const std::vector<std::int64_t>& counts :
         {std::vector<std::int64_t>{1, 1}, {-1, 2, 2}, {0, 0, 0}, {std::int64_t{1} << 62, std::int64_t{1} << 62, 1}}) {
        ModelBuilder model = svm_model();
        for (auto& given : *model.graph().mutable_node(0)->mutable_attribute()) {
            if (given.name() == "vectors_per_class") given.mutable_ints()->Assign(counts.begin(), counts.end());
        }
        EXPECT_FALSE(load_onnx(model.bytes()).ok());
    }
}

TEST(Malformed, ModelsCannotAskForUnboundedMemory) {
    ModelBuilder constant;
    constant.input("x", DataType::fp32, {-1}).output("y", DataType::fp32, {-1});
    constant.initializer("huge", {2}, std::vector<std::int64_t>{1 << 20, 1 << 20});
    constant.node("ConstantOfShape", {"huge"}, {"y"});
    EXPECT_EQ(load_onnx(constant.bytes()).error().code, Code::too_large);

    ModelBuilder grows;  // every step doubles the array
    grows.input("x", DataType::fp32, {-1, 4}).output("v40", DataType::fp32, {-1, 4});
    grows.node("Identity", {"x"}, {"v0"});
    for (int i = 0; i < 40; ++i) {
        const std::string from = "v" + std::to_string(i);
        grows.node("Concat", {from, from}, {"v" + std::to_string(i + 1)}).set("axis", std::int64_t{1});
    }
    EXPECT_EQ(load_onnx(grows.bytes()).error().code, Code::too_large);

    ModelBuilder outer;  // a row against a column
    outer.input("x", DataType::fp32, {-1, 1}).output("y", DataType::fp32, {-1, 100});
    outer.initializer("row", {1, 100}, std::vector<float>(100, 1));
    outer.node("Mul", {"x", "row"}, {"y"});
    const auto model = load_onnx(outer.bytes());
    ASSERT_TRUE(model.ok());
    const std::vector<Tensor> rows{Tensor("x", DataType::fp32, {4'000'000, 1})};
    EXPECT_EQ((*model)->run(rows).error().code, Code::too_large);
}

// An output nobody wants and an input left out are both nameless; they have nothing to do with each other.
TEST(Malformed, NamelessOutputsAreNotNamelessInputs) {
    ModelBuilder model;
    model.input("x", DataType::fp32, {-1, 2}).output("y", DataType::fp32, {-1, 2});
    model.node("Identity", {"x"}, {""});
    model.node("Clip", {"x", "", ""}, {"y"});
    const auto loaded = load_onnx(model.bytes());
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    const std::vector<Tensor> rows{tensor_of("x", DataType::fp32, {1, 2}, std::vector<float>{1, 2})};
    EXPECT_EQ(numbers((*loaded)->run(rows)->at(0)), (std::vector<double>{1, 2}));
}

TEST(Malformed, ZipMapOfOneNumberIsRefused) {
    ModelBuilder model;
    model.input("x", DataType::fp32, {}).output("y", DataType::fp32, {});
    model.node("ai.onnx.ml.ZipMap", {"x"}, {"y"}).set("classlabels_int64s", std::vector<std::int64_t>{7});
    const auto loaded = load_onnx(model.bytes());
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().code, Code::invalid_argument);
}

TEST(Malformed, NodesWithoutOutputsAreNoReasonToThrow) {
    ModelBuilder model;
    model.input("x", DataType::fp32, {-1, 2}).output("y", DataType::fp32, {-1, 1});
    model.node("ai.onnx.ml.LinearRegressor", {"x"}, {"y"}).set("coefficients", std::vector<float>{1, 2});
    model.node("Identity", {"y"}, {});
    EXPECT_TRUE(load_onnx(model.bytes()).ok());
}

// What an input declares costs memory before a request says anything: one row of it is made to warm the model up.
TEST(Malformed, DeclaredSizesAreBounded) {
    constexpr auto million = static_cast<std::int64_t>(kMaxRowElements);
    const auto load = [](const std::vector<Shape>& shapes) {
        ModelBuilder model;
        for (std::size_t i = 0; i < shapes.size(); ++i) {
            const std::string name = std::to_string(i);
            model.input("x" + name, DataType::fp32, shapes[i]).output("y" + name, DataType::fp32, shapes[i]);
            model.node("Neg", {"x" + name}, {"y" + name});
        }
        const auto loaded = load_onnx(model.bytes());
        return loaded.ok() ? Code::internal : loaded.error().code;
    };
    const auto accepted = Code::internal;
    EXPECT_EQ(load({{-1, million}}), accepted);
    EXPECT_EQ(load({{-1, million + 1}}), Code::too_large);
    EXPECT_EQ(load({{-1, million / 2}, {-1, million / 2}}), accepted);
    EXPECT_EQ(load({{-1, million / 2}, {-1, million / 2}, {-1}}), Code::too_large);
    EXPECT_EQ(load({{-1, std::int64_t{1} << 40, std::int64_t{1} << 40}}), Code::too_large);
    EXPECT_EQ(load({{std::int64_t{1} << 62}, {std::int64_t{1} << 62}, {std::int64_t{1} << 62}}), Code::too_large);

    ModelBuilder linear;
    linear.input("x", DataType::fp32, {-1, std::int64_t{1} << 40}).output("y", DataType::fp32, {-1, 1});
    linear.node("ai.onnx.ml.LinearRegressor", {"x"}, {"y"}).set("coefficients", std::vector<float>{1, 2});
    EXPECT_EQ(load_onnx(linear.bytes()).error().code, Code::too_large);
}

// An array without elements may have huge dimensions all the same; operators make others of them.
TEST(Malformed, EmptyInputsCannotAskForUnboundedMemory) {
    constexpr std::int64_t many = std::int64_t{1} << 31;
    const auto answer = [](const std::string& op, Shape shape) {
        ModelBuilder builder;
        builder.input("x", DataType::fp32, Shape(shape.size(), -1)).output("y", DataType::fp32, {});
        NodeBuilder node = builder.node(op, {"x"}, {"y"});
        if (op == "ReduceSum") node.set("axes", std::vector<std::int64_t>{0});
        if (op == "ReduceL2") node.set("axes", std::vector<std::int64_t>{0, 1});
        const auto model = load_onnx(builder.bytes());
        EXPECT_TRUE(model.ok()) << op << ": " << model.error().message;
        if (!model.ok()) return Code::internal;
        const auto outputs = (*model)->run(std::vector<Tensor>{Tensor("x", DataType::fp32, std::move(shape))});
        return outputs.ok() ? Code::internal : outputs.error().code;
    };
    EXPECT_EQ(answer("ReduceSum", {0, many}), Code::too_large);
    EXPECT_EQ(answer("ReduceL2", {0, 2, many}), Code::too_large);
    EXPECT_EQ(answer("Softmax", {0, many}), Code::too_large);
    EXPECT_EQ(answer("Flatten", {0, std::int64_t{1} << 62, 2}), Code::too_large);
    EXPECT_EQ(answer("Neg", {0, many}), Code::too_large);
    EXPECT_EQ(answer("Neg", {0, 3}), Code::internal);
}

// Some operators take time by the square of the number of dimensions, which a Reshape can make a million.
TEST(Malformed, ArraysHaveFewDimensions) {
    ModelBuilder model;
    model.input("x", DataType::fp32, {-1}).output("y", DataType::fp32, {});
    model.initializer("shape", {100'000}, std::vector<std::int64_t>(100'000, 1));
    model.initializer("one", {1}, std::vector<float>{1});
    model.node("Reshape", {"one", "shape"}, {"wide"});
    model.node("Transpose", {"wide"}, {"flipped"});
    model.node("Identity", {"x"}, {"y"});
    const auto loaded = load_onnx(model.bytes());
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace baton::inference
