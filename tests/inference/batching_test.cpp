#include "inference/batching.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/inference/engines.h"
#include "tests/inference/fake_model.h"
#include "tests/inference/support.h"

namespace baton::inference {
namespace {

using testing::ElementsAre;

std::vector<Tensor> rows_of(Shape shape, const std::vector<float>& values) {
    return {tensor_of<float>("x", DataType::fp32, std::move(shape), values)};
}

// Answers as a function says.
class Computed : public Model {
public:
    using Compute = std::function<Result<Tensor>(const Tensor&)>;
    Computed(Shape input, Shape output, Compute compute)
        : signature_{{{"x", DataType::fp32, std::move(input)}}, {{"y", DataType::fp32, std::move(output)}}},
          compute_(std::move(compute)) {}

    std::string_view engine() const override { return "fake"; }
    const Signature& signature() const override { return signature_; }
    Result<std::vector<Tensor>> run(std::span<const Tensor> inputs) const override {
        BATON_ASSIGN(Tensor output, compute_(inputs[0]));
        std::vector<Tensor> outputs;
        outputs.push_back(std::move(output));
        return outputs;
    }

private:
    Signature signature_;
    Compute compute_;
};

Result<Tensor> doubled(const Tensor& x) {
    Tensor y("y", DataType::fp32, x.shape());
    std::ranges::transform(x.values<float>(), y.values<float>().begin(), [](float value) { return 2 * value; });
    return y;
}

// Of every column over all rows, as a normalisation over the wrong axis has it.
Result<Tensor> less_the_mean(const Tensor& x) {
    Tensor y("y", DataType::fp32, x.shape());
    const auto columns = static_cast<std::size_t>(x.shape()[1]);
    const auto rows = static_cast<float>(x.shape()[0]);
    for (std::size_t column = 0; column < columns; ++column) {
        float sum = 0;
        for (std::size_t i = column; i < x.size(); i += columns) sum += x.values<float>()[i];
        for (std::size_t i = column; i < x.size(); i += columns) {
            y.values<float>()[i] = x.values<float>()[i] - sum / rows;
        }
    }
    return y;
}

TEST(Batching, ModelsThatAnswerRowByRowTakeBatches) {
    EXPECT_TRUE(takes_batches(FakeModel(1)));
    EXPECT_TRUE(takes_batches(Computed({-1, 3}, {-1, 3}, doubled)));
    EXPECT_TRUE(takes_batches(Computed({-1, -1}, {-1, -1}, doubled)));
    EXPECT_FALSE(takes_batches(Computed({-1, 3}, {-1, 3}, less_the_mean)));
    EXPECT_FALSE(takes_batches(Computed({4, 3}, {4, 3}, doubled)));
    EXPECT_FALSE(takes_batches(Computed({-1, 3}, {3}, doubled)));
    EXPECT_FALSE(takes_batches(Computed({-1, 3}, {-1, -1}, doubled))) << "may be padded";
    EXPECT_FALSE(takes_batches(Computed({}, {}, doubled)));
}

TEST(Batching, AModelThatRefusesMadeUpRowsIsNotTrusted) {
    FakeModel model(1);
    model.refusal = invalid_argument("not these");
    EXPECT_FALSE(takes_batches(model));
    model.refusal = internal_error("broken");
    EXPECT_FALSE(takes_batches(model));
}

TEST(Batching, OutputsOfOtherRowsAreNotSplit) {
    const auto one_more = [](const Tensor& x) -> Result<Tensor> {
        return Tensor("y", DataType::fp32, {x.shape()[0] + 1, 1});
    };
    EXPECT_FALSE(takes_batches(Computed({-1, 3}, {-1, 1}, one_more)));
}

TEST(Batching, TrainedModelsTakeBatches) {
    for (const char* name : {"lasso-float", "logreg-multinomial-float", "calibrated-svc-multi-float", "nusvc-ovo-float",
                             "columns-logreg-float"}) {
        const auto model = load_onnx(read_file(data_dir() / "models" / (std::string(name) + ".onnx")));
        ASSERT_TRUE(model.ok()) << name;
        EXPECT_TRUE(takes_batches(**model)) << name;
    }
}

TEST(Batching, TrainedModelsOfOnnxRuntimeTakeBatches) {
    BATON_NEED_ONNXRUNTIME();
    for (const char* name : {"forest-names-zipmap", "mlp-regression", "text"}) {
        const auto bytes = read_file(data_dir() / "runtime-models" / (std::string(name) + ".onnx"));
        const auto opened = engines().open(bytes, EngineChoice::onnxruntime);
        ASSERT_TRUE(opened.ok()) << name;
        EXPECT_TRUE(takes_batches(*opened->model)) << name;
    }
}

TEST(Batching, RowsAreThoseOfAllInputs) {
    std::vector<Tensor> inputs = rows_of({3, 2}, {1, 2, 3, 4, 5, 6});
    EXPECT_EQ(shared_rows(inputs), 3U);
    inputs.push_back(tensor_of<float>("z", DataType::fp32, {1, 1}, {1}));
    EXPECT_EQ(shared_rows(inputs), 0U) << "an engine may broadcast it";
    EXPECT_EQ(shared_rows({}), 0U);
    EXPECT_EQ(shared_rows(rows_of({0, 2}, {})), 0U);
    EXPECT_EQ(shared_rows(rows_of({}, {1})), 0U);
}

TEST(Batching, RowsOfOneShapeFitTogether) {
    EXPECT_TRUE(fit_together(rows_of({1, 2}, {1, 2}), rows_of({2, 2}, {1, 2, 3, 4})));
    EXPECT_FALSE(fit_together(rows_of({1, 2}, {1, 2}), rows_of({1, 3}, {1, 2, 3})));
}

TEST(Batching, JoinedRowsComeApartAgain) {
    const auto one = rows_of({1, 2}, {1, 2});
    const auto two = rows_of({2, 2}, {3, 4, 5, 6});
    const std::vector<std::span<const Tensor>> requests = {one, two};
    const auto joined = join_rows(requests);
    EXPECT_EQ(joined[0].name, "x");
    EXPECT_THAT(joined[0].shape(), ElementsAre(3, 2));
    EXPECT_THAT(joined[0].values<float>(), ElementsAre(1, 2, 3, 4, 5, 6));
    EXPECT_THAT(take_rows(joined, 0, 1)[0].values<float>(), ElementsAre(1, 2));
    EXPECT_THAT(take_rows(joined, 1, 2)[0].values<float>(), ElementsAre(3, 4, 5, 6));
    EXPECT_THAT(take_rows(joined, 1, 2)[0].shape(), ElementsAre(2, 2));
}

TEST(Batching, TextsAreJoinedToo) {
    const std::vector<Tensor> one = {tensor_of<std::string>("t", DataType::bytes, {1}, {"a"})};
    const std::vector<Tensor> two = {tensor_of<std::string>("t", DataType::bytes, {2}, {"b", "c"})};
    const std::vector<std::span<const Tensor>> requests = {one, two};
    const auto joined = join_rows(requests);
    EXPECT_THAT(joined[0].values<std::string>(), ElementsAre("a", "b", "c"));
    EXPECT_THAT(take_rows(joined, 1, 2)[0].values<std::string>(), ElementsAre("b", "c"));
}

}  // namespace
}  // namespace baton::inference
