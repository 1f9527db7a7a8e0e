// Models that scikit-learn trained, with its own answers in double precision.
#include <gmock/gmock.h>

#include "tests/inference/engines.h"
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

// The operator that an engine must name when it refuses the model; empty if it has to run it.
std::string refused_for(const json& file, EngineChoice choice) {
    if (choice == EngineChoice::eigen && needs_other_engine(file)) return "ai.onnx.ml.TreeEnsemble";
    const bool loads = file.value("onnxruntime_loads", true);
    if (choice == EngineChoice::onnxruntime && !loads) return "ONNX Runtime: ";
    // ... and such trees, which declare to answer in double, no engine runs.
    if (choice == EngineChoice::automatic && !loads && needs_other_engine(file)) return "TreeEnsemble";
    return {};
}

void check_case(const std::filesystem::path& folder, const json& one, const std::string& precision,
                EngineChoice choice) {
    const json& file = one["models"][precision];
    const auto opened = engines().open(read_file(folder / file["file"]), choice);
    if (const std::string named = refused_for(file, choice); !named.empty()) {
        ASSERT_FALSE(opened.ok());
        EXPECT_EQ(opened.error().code, Code::unsupported_model);
        EXPECT_THAT(opened.error().message, testing::HasSubstr(named));
        return;
    }
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    const auto* model = &opened->model;
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

void check_all(const std::filesystem::path& folder, EngineChoice choice) {
    const json manifest = read_json(folder / "manifest.json");
    ASSERT_GT(manifest["cases"].size(), 80u);
    for (const json& one : manifest["cases"]) {
        for (const auto& [precision, model] : one["models"].items()) {
            SCOPED_TRACE(one["name"].get<std::string>() + " " + precision);
            check_case(folder, one, precision, choice);
        }
    }
}

TEST(SklearnVectors, EigenAnswersAsScikitLearnDoes) {
    BATON_NEED_VECTORS(vectors);
    check_all(vectors / "onnx-sklearn", EngineChoice::eigen);
}

TEST(SklearnVectors, OnnxRuntimeAnswersAsScikitLearnDoes) {
    BATON_NEED_VECTORS(vectors);
    BATON_NEED_ONNXRUNTIME();
    check_all(vectors / "onnx-sklearn", EngineChoice::onnxruntime);
}

TEST(SklearnVectors, BothTogetherServeEveryModel) {
    BATON_NEED_VECTORS(vectors);
    BATON_NEED_ONNXRUNTIME();
    check_all(vectors / "onnx-sklearn", EngineChoice::automatic);
}

}  // namespace
}  // namespace baton::inference
