// The models of tests/data/runtime-models: trees, networks, text and images, served by whichever engine runs them.
#include <gmock/gmock.h>

#include "tests/inference/engines.h"
#include "tests/inference/support.h"

namespace baton::inference {
namespace {

using nlohmann::json;

std::vector<std::string> model_names() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(data_dir() / "runtime-models")) {
        if (entry.path().extension() == ".onnx") names.push_back(entry.path().stem());
    }
    std::ranges::sort(names);
    return names;
}

// The rows as the tensor that the model takes: nested lists have as many levels as it has dimensions.
Tensor rows_of(const json& rows, const TensorSpec& spec) {
    Shape shape;
    for (const json* level = &rows; level->is_array(); level = &level->front()) {
        shape.push_back(static_cast<std::int64_t>(level->size()));
    }
    if (spec.type == DataType::bytes) return tensor_of(spec.name, spec.type, shape, flat_texts(rows));
    const auto values = flat_numbers(rows);
    return tensor_of(spec.name, spec.type, shape, std::vector<float>(values.begin(), values.end()));
}

class RuntimeModel : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        const auto path = data_dir() / "runtime-models" / GetParam();
        bytes_ = read_file(path.string() + ".onnx");
        case_ = read_json(path.string() + ".json");
    }

    void expect_answers(EngineChoice choice) {
        const auto opened = engines().open(bytes_, choice);
        ASSERT_TRUE(opened.ok()) << opened.error().message;
        const Signature& signature = opened->model->signature();
        std::vector<Tensor> inputs;
        inputs.push_back(rows_of(case_["rows"], signature.inputs.at(0)));
        const auto arranged = arrange_inputs(signature, std::move(inputs));
        ASSERT_TRUE(arranged.ok()) << arranged.error().message;
        const auto outputs = opened->model->run(*arranged);
        ASSERT_TRUE(outputs.ok()) << outputs.error().message;
        ASSERT_EQ(outputs->size(), case_["relation"].size());
        for (std::size_t i = 0; i < outputs->size(); ++i) {
            const TensorSpec& spec = signature.outputs[i];
            ASSERT_TRUE(case_["relation"].contains(spec.name)) << spec.name;
            EXPECT_EQ((*outputs)[i].shape().size(), spec.shape.size());
            expect_output((*outputs)[i], spec, case_["relation"][spec.name], case_["expected"],
                          case_.value("classes", json()), case_["tolerance"]);
        }
    }

    std::string bytes_;
    json case_;
};

TEST_P(RuntimeModel, AnswersAsTheLibraryThatTrainedIt) {
    BATON_NEED_ONNXRUNTIME();
    expect_answers(EngineChoice::onnxruntime);
    expect_answers(EngineChoice::automatic);
}

TEST_P(RuntimeModel, WithoutOnnxRuntimeRunsOrSaysWhatItNeeds) {
    const Engines alone(Error{.code = Code::unavailable, .message = "no library", .hint = "get one"});
    const auto opened = alone.open(bytes_, EngineChoice::automatic);
    if (opened.ok()) return expect_answers(EngineChoice::eigen);
    EXPECT_EQ(opened.error().code, Code::unsupported_model);
    EXPECT_THAT(opened.error().message, testing::MatchesRegex("needs another engine: [A-Za-z., ]+; no library"));
    EXPECT_EQ(opened.error().hint, "get one");
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
    std::string name = info.param;
    std::ranges::replace(name, '-', '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(Models, RuntimeModel, testing::ValuesIn(model_names()), test_name);

}  // namespace
}  // namespace baton::inference
