// The models of tests/data, made with the newest tool chain we know.
#include <gmock/gmock.h>

#include "tests/inference/support.h"

namespace baton::inference {
namespace {

using nlohmann::json;

std::vector<std::string> model_names() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(data_dir() / "models")) {
        if (entry.path().extension() == ".onnx") names.push_back(entry.path().stem());
    }
    std::ranges::sort(names);
    return names;
}

class TrainedModel : public testing::TestWithParam<std::string> {};

TEST_P(TrainedModel, AnswersAsScikitLearnDoes) {
    const auto path = data_dir() / "models" / GetParam();
    const auto model = load_onnx(read_file(path.string() + ".onnx"));
    ASSERT_TRUE(model.ok()) << model.error().message;
    const json one = read_json(path.string() + ".json");
    const Signature& signature = (*model)->signature();
    const TensorSpec& spec = signature.inputs.at(0);
    const Shape shape{static_cast<std::int64_t>(one["rows"].size()), static_cast<std::int64_t>(one["rows"][0].size())};
    const auto rows = flat_numbers(one["rows"]);
    std::vector<Tensor> inputs;
    inputs.push_back(spec.type == DataType::fp64
                         ? tensor_of(spec.name, spec.type, shape, rows)
                         : tensor_of(spec.name, spec.type, shape, std::vector<float>(rows.begin(), rows.end())));
    const auto arranged = arrange_inputs(signature, std::move(inputs));
    ASSERT_TRUE(arranged.ok()) << arranged.error().message;
    const auto outputs = (*model)->run(*arranged);
    ASSERT_TRUE(outputs.ok()) << outputs.error().message;
    ASSERT_EQ(outputs->size(), one["relation"].size());
    for (std::size_t i = 0; i < outputs->size(); ++i) {
        const TensorSpec& output = signature.outputs[i];
        ASSERT_TRUE(one["relation"].contains(output.name)) << output.name;
        expect_output((*outputs)[i], output, one["relation"][output.name], one["expected"],
                      one.value("classes", json()), one["tolerance"]);
        EXPECT_EQ((*outputs)[i].name, output.name);
        EXPECT_EQ((*outputs)[i].type(), output.type);
    }
}

TEST_P(TrainedModel, SaysWhoMadeItAndThatItTakesAnyNumberOfRows) {
    const auto opened = Engines().open(read_file(data_dir() / "models" / (GetParam() + ".onnx")), EngineChoice::eigen);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(opened->producer, "skl2onnx 1.20.0");
    for (const TensorSpec& output : opened->model->signature().outputs) EXPECT_EQ(output.shape.at(0), -1);
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
    std::string name = info.param;
    std::ranges::replace(name, '-', '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(Models, TrainedModel, testing::ValuesIn(model_names()), test_name);

}  // namespace
}  // namespace baton::inference
