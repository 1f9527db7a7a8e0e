// Models that scikit-learn trained, with its own answers in double precision.
#include <gmock/gmock.h>

#include "tests/inference/support.h"

namespace baton::inference {
namespace {

using nlohmann::json;

// Every operator these cases lack is one of tree ensembles.
bool needs_other_engine(const json& model) {
    for (const std::string op : model["ops"]) {
        if (op.find("TreeEnsemble") != std::string::npos) return true;
    }
    return false;
}

Tensor input_for(const Model& model, Tensor values) {
    const TensorSpec& spec = model.signature().inputs.at(0);
    Tensor input = spec.type == DataType::fp64 ? as_doubles(values) : std::move(values);
    input.name = spec.name;
    return input;
}

void check_case(const std::filesystem::path& folder, const json& one, const std::string& precision) {
    const json& file = one["models"][precision];
    auto model = load_onnx(read_file(folder / file["file"]));
    if (needs_other_engine(file)) {
        ASSERT_FALSE(model.ok());
        EXPECT_EQ(model.error().code, Code::unsupported_model);
        EXPECT_THAT(model.error().message, testing::HasSubstr("ai.onnx.ml.TreeEnsemble"));
        return;
    }
    ASSERT_TRUE(model.ok()) << model.error().message;
    std::vector<Tensor> inputs;
    inputs.push_back(input_for(**model, read_npy(folder / one["input"])));
    auto arranged = arrange_inputs((*model)->signature(), std::move(inputs));
    ASSERT_TRUE(arranged.ok()) << arranged.error().message;
    const auto outputs = (*model)->run(*arranged);
    ASSERT_TRUE(outputs.ok()) << outputs.error().message;

    const json expected = read_json(folder / one["expected"]);
    const auto& specs = (*model)->signature().outputs;
    ASSERT_EQ(specs.size(), outputs->size());
    for (std::size_t i = 0; i < specs.size(); ++i) {
        ASSERT_TRUE(file["relation"].contains(specs[i].name)) << specs[i].name;
        expect_output((*outputs)[i], specs[i], file["relation"][specs[i].name], expected, one.value("classes", json()),
                      one["tolerance"][precision]);
    }
}

TEST(SklearnVectors, EveryModelAnswersAsScikitLearnDoes) {
    BATON_NEED_VECTORS(vectors);
    const auto folder = vectors / "onnx-sklearn";
    const json manifest = read_json(folder / "manifest.json");
    ASSERT_GT(manifest["cases"].size(), 80u);
    for (const json& one : manifest["cases"]) {
        for (const auto& [precision, model] : one["models"].items()) {
            SCOPED_TRACE(one["name"].get<std::string>() + " " + precision);
            check_case(folder, one, precision);
        }
    }
}

}  // namespace
}  // namespace baton::inference
