// Every model that both engines run, on both: the same signature and, within what float32 allows, the same answers.
#include <gmock/gmock.h>

#include "tests/inference/engines.h"
#include "tests/inference/support.h"

namespace baton::inference {
namespace {

using nlohmann::json;

void expect_same_signature(const Signature& a, const Signature& b) {
    ASSERT_EQ(a.inputs.size(), b.inputs.size());
    ASSERT_EQ(a.outputs.size(), b.outputs.size());
    for (std::size_t i = 0; i < a.inputs.size(); ++i) {
        EXPECT_EQ(a.inputs[i].name, b.inputs[i].name);
        EXPECT_EQ(a.inputs[i].type, b.inputs[i].type);
        EXPECT_EQ(a.inputs[i].shape, b.inputs[i].shape);
    }
    for (std::size_t i = 0; i < a.outputs.size(); ++i) {
        EXPECT_EQ(a.outputs[i].name, b.outputs[i].name);
        EXPECT_EQ(a.outputs[i].type, b.outputs[i].type);
        EXPECT_EQ(a.outputs[i].labels, b.outputs[i].labels);
    }
}

std::vector<std::string> texts(const Tensor& labels) {
    if (labels.type() == DataType::bytes) {
        const auto values = labels.values<std::string>();
        return {values.begin(), values.end()};
    }
    std::vector<std::string> result;
    for (const double label : numbers(labels)) result.push_back(std::to_string(label));
    return result;
}

// Whether the two best scores of a row are as good as the same, so that rounding decides the label.
bool is_tie(const Tensor& scores, std::size_t row, std::size_t rows, Tolerance tolerance) {
    std::vector<double> all = numbers(scores);
    const std::size_t columns = all.size() / rows;
    if (columns < 2) return false;
    std::vector<double> of_row(all.begin() + row * columns, all.begin() + (row + 1) * columns);
    std::ranges::sort(of_row, std::greater());
    return of_row[0] - of_row[1] <= tolerance.absolute + tolerance.relative * std::abs(of_row[0]);
}

void expect_same_labels(const Tensor& a, const Tensor& b, const Tensor& scores, Tolerance tolerance) {
    const auto by_a = texts(a);
    const auto by_b = texts(b);
    ASSERT_EQ(by_a.size(), by_b.size());
    for (std::size_t row = 0; row < by_a.size(); ++row) {
        if (by_a[row] == by_b[row] || is_tie(scores, row, by_a.size(), tolerance)) continue;
        ADD_FAILURE() << "row " << row << " is " << by_a[row] << " and " << by_b[row];
    }
}

void expect_same_answers(const std::vector<Tensor>& a, const std::vector<Tensor>& b, Tolerance tolerance) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        SCOPED_TRACE(a[i].name);
        EXPECT_EQ(shape_text(a[i].shape()), shape_text(b[i].shape()));
        if (a[i].type() == DataType::fp32 || a[i].type() == DataType::fp64) {
            EXPECT_TRUE(close(numbers(a[i]), numbers(b[i]), tolerance));
        } else {
            expect_same_labels(a[i], b[i], a.back(), tolerance);
        }
    }
}

// What the case allows its outputs, twice, since each engine may be that far from scikit-learn; and at least what
// ONNX Runtime's sums of kernels in float32 are known to lose.
Tolerance between_engines(const json& tolerance) {
    Tolerance widest{.relative = 1e-4, .absolute = 4e-5};
    for (const auto& [output, allowed] : tolerance.items()) {
        widest.relative = std::max(widest.relative, 2 * allowed["rtol"].get<double>());
        widest.absolute = std::max(widest.absolute, 2 * allowed["atol"].get<double>());
    }
    return widest;
}

// True if both engines ran the model.
bool compare(const std::string& bytes, const Tensor& rows, Tolerance tolerance) {
    const auto eigen = engines().open(bytes, EngineChoice::eigen);
    const auto runtime = engines().open(bytes, EngineChoice::onnxruntime);
    if (!eigen.ok() || !runtime.ok()) return false;
    expect_same_signature(eigen->model->signature(), runtime->model->signature());
    const TensorSpec& spec = eigen->model->signature().inputs.at(0);
    Tensor input = spec.type == DataType::fp64 ? as_doubles(rows) : rows;
    input.name = spec.name;
    const auto by_eigen = eigen->model->run(std::span(&input, 1));
    const auto by_runtime = runtime->model->run(std::span(&input, 1));
    EXPECT_TRUE(by_eigen.ok()) << by_eigen.error().message;
    EXPECT_TRUE(by_runtime.ok()) << by_runtime.error().message;
    if (by_eigen.ok() && by_runtime.ok()) expect_same_answers(*by_runtime, *by_eigen, tolerance);
    return true;
}

TEST(BothEngines, AgreeOnOurModels) {
    BATON_NEED_ONNXRUNTIME();
    std::size_t compared = 0;
    for (const auto& entry : std::filesystem::directory_iterator(data_dir() / "models")) {
        if (entry.path().extension() != ".onnx") continue;
        SCOPED_TRACE(entry.path().stem());
        const json one = read_json(std::filesystem::path(entry.path()).replace_extension(".json"));
        const auto numbers_of_rows = flat_numbers(one["rows"]);
        const Tensor rows =
            tensor_of("", DataType::fp32,
                      {static_cast<std::int64_t>(one["rows"].size()), static_cast<std::int64_t>(one["rows"][0].size())},
                      std::vector<float>(numbers_of_rows.begin(), numbers_of_rows.end()));
        compared += compare(read_file(entry.path()), rows, between_engines(one["tolerance"])) ? 1 : 0;
    }
    EXPECT_GT(compared, 50u);
}

TEST(BothEngines, AgreeOnModelsOfOthers) {
    BATON_NEED_ONNXRUNTIME();
    BATON_NEED_VECTORS(vectors);
    const auto folder = vectors / "onnx-sklearn";
    std::size_t compared = 0;
    const json manifest = read_json(folder / "manifest.json");
    for (const json& one : manifest["cases"]) {
        for (const auto& [precision, file] : one["models"].items()) {
            SCOPED_TRACE(one["name"].get<std::string>() + " " + precision);
            compared += compare(read_file(folder / file["file"]), read_npy(folder / one["input"]),
                                between_engines(one["tolerance"][precision]))
                            ? 1
                            : 0;
        }
    }
    EXPECT_GT(compared, 120u);
}

}  // namespace
}  // namespace baton::inference
