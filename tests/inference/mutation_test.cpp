// Trained models of every family, damaged a few thousand times in ways that repeat: whatever is refused is refused in
// words, whatever loads can be warmed up and run, and nothing takes much memory.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include "inference/warm_up.h"
#include "tests/inference/model_builder.h"
#include "tests/inference/mutator.h"
#include "tests/inference/support.h"

namespace baton::inference {
namespace {

constexpr int kRounds = 60;  // of each kind for each model
// One array of the engine may have half of it, and the arrays of a running model together as much.
constexpr std::size_t kMostMemory = std::size_t{1536} << 20;

std::size_t peak_memory() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

std::vector<Tensor> some_rows(const Signature& signature, std::int64_t rows) {
    std::vector<Tensor> inputs;
    for (const TensorSpec& spec : signature.inputs) {
        Shape shape = spec.shape;
        std::ranges::replace(shape, -1, rows);
        Tensor& tensor = inputs.emplace_back(spec.name, spec.type, std::move(shape));
        if (spec.type == DataType::fp32) std::ranges::fill(tensor.values<float>(), 0.5F);
        if (spec.type == DataType::fp64) std::ranges::fill(tensor.values<double>(), -0.5);
        if (spec.type == DataType::int64) std::ranges::fill(tensor.values<std::int64_t>(), 3);
        if (spec.type == DataType::bytes) std::ranges::fill(tensor.values<std::string>(), "red");
    }
    return inputs;
}

// True when the model loaded.
bool try_out(const std::string& bytes) {
    const auto model = load_onnx(bytes);
    if (!model.ok()) {
        EXPECT_NE(model.error().code, Code::internal) << model.error().message;
        EXPECT_FALSE(model.error().message.empty());
        return false;
    }
    static_cast<void>(warm_up(**model));
    const Signature& signature = (*model)->signature();
    for (const std::int64_t rows : {0, 1, 3}) {
        const auto outputs = (*model)->run(some_rows(signature, rows));
        if (!outputs.ok()) continue;
        EXPECT_EQ(outputs->size(), signature.outputs.size());
        for (std::size_t i = 0; i < outputs->size(); ++i) EXPECT_EQ((*outputs)[i].type(), signature.outputs[i].type);
    }
    return true;
}

class Mutation : public testing::TestWithParam<std::string> {
protected:
    const std::string bytes_ = read_file(data_dir() / "models" / (GetParam() + ".onnx"));
    const std::size_t memory_before_ = peak_memory();
};

TEST_P(Mutation, OfFieldsDoesNoHarm) {
    ::onnx::ModelProto original;
    ASSERT_TRUE(original.ParseFromString(bytes_));
    Mutator mutator(GetParam());
    int loaded = 0;
    for (int round = 0; round < kRounds; ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        ::onnx::ModelProto damaged = original;
        mutator.damage(damaged);
        loaded += try_out(damaged.SerializePartialAsString()) ? 1 : 0;
    }
    EXPECT_GT(loaded, 0) << "not every change breaks a model";
    EXPECT_LT(peak_memory(), memory_before_ + kMostMemory);
}

TEST_P(Mutation, OfBytesDoesNoHarm) {
    Mutator mutator(GetParam());
    for (int round = 0; round < kRounds; ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        std::string damaged = bytes_;
        for (std::size_t changes = 1 + mutator.below(3); changes > 0; --changes) {
            damaged[mutator.below(damaged.size())] ^= static_cast<char>(1 << mutator.below(8));
        }
        if (mutator.below(8) == 0) damaged.resize(mutator.below(damaged.size()));
        try_out(damaged);
    }
    EXPECT_LT(peak_memory(), memory_before_ + kMostMemory);
}

std::vector<std::string> families() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(data_dir() / "models")) {
        if (entry.path().extension() == ".onnx") names.push_back(entry.path().stem().string());
    }
    std::ranges::sort(names);
    return names;
}

INSTANTIATE_TEST_SUITE_P(Models, Mutation, testing::ValuesIn(families()), [](const auto& model) {
    std::string name = model.param;
    std::ranges::replace(name, '-', '_');
    return name;
});

}  // namespace
}  // namespace baton::inference
