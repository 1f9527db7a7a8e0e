// Models in ONNX Runtime over time: many threads, many loads, damaged files.
#include <gmock/gmock.h>
#include <onnx/onnx_pb.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "inference/warm_up.h"
#include "tests/inference/engines.h"
#include "tests/inference/mutator.h"
#include "tests/inference/support.h"

namespace baton::inference {
namespace {

std::string trained(const std::string& name) { return read_file(data_dir() / "runtime-models" / (name + ".onnx")); }

std::unique_ptr<Model> load(const std::string& bytes) {
    auto opened = engines().open(bytes, EngineChoice::onnxruntime);
    return opened.ok() ? std::move(opened->model) : nullptr;
}

// `rows` rows of one value, or of one word.
std::vector<Tensor> rows_of(const Signature& signature, std::int64_t rows, float value) {
    std::vector<Tensor> inputs;
    for (const TensorSpec& spec : signature.inputs) {
        Shape shape = spec.shape;
        std::ranges::replace(shape, -1, rows);
        Tensor& tensor = inputs.emplace_back(spec.name, spec.type, std::move(shape));
        if (spec.type == DataType::fp32) std::ranges::fill(tensor.values<float>(), value);
        if (spec.type == DataType::bytes) std::ranges::fill(tensor.values<std::string>(), "good");
    }
    return inputs;
}

TEST(OnnxRuntimeLife, ManyThreadsShareAModel) {
    BATON_NEED_ONNXRUNTIME();
    const auto model = load(trained("mlp-regression"));
    ASSERT_NE(model, nullptr);
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&model, t] {
            const auto inputs = rows_of(model->signature(), t + 1, static_cast<float>(t));
            const auto first = model->run(inputs);
            ASSERT_TRUE(first.ok());
            for (int i = 0; i < 200; ++i) EXPECT_EQ(numbers(model->run(inputs)->at(0)), numbers(first->at(0)));
        });
    }
}

long resident_pages() {
    std::ifstream file("/proc/self/statm");
    long total = 0;
    long resident = 0;
    file >> total >> resident;
    return resident;
}

TEST(OnnxRuntimeLife, LoadingAndUnloadingLeavesNothingBehind) {
    BATON_NEED_ONNXRUNTIME();
    if (kSanitized) GTEST_SKIP() << "a sanitizer keeps freed memory";
    const std::string bytes = trained("extra-trees-digits");
    const auto cycles = [&bytes](int count) {
        for (int i = 0; i < count; ++i) {
            const auto model = load(bytes);
            ASSERT_NE(model, nullptr);
            EXPECT_TRUE(model->run(rows_of(model->signature(), 100, 1)).ok());
        }
    };
    cycles(100);
    const long before = resident_pages();
    cycles(400);
    EXPECT_LT(static_cast<double>(resident_pages()), 1.05 * static_cast<double>(before));
}

TEST(OnnxRuntimeLife, DamagedModelsDoNoHarm) {
    BATON_NEED_ONNXRUNTIME();
    int ran = 0;
    for (const std::string name : {"forest-names-zipmap", "xgboost-binary", "image", "text"}) {
        ::onnx::ModelProto original;
        ASSERT_TRUE(original.ParseFromString(trained(name)));
        Mutator mutator(name);
        for (int round = 0; round < 60; ++round) {
            SCOPED_TRACE(name + ", round " + std::to_string(round));
            ::onnx::ModelProto damaged = original;
            mutator.damage(damaged);
            const auto opened = engines().open(damaged.SerializePartialAsString(), EngineChoice::onnxruntime);
            if (!opened.ok()) {
                EXPECT_NE(opened.error().code, Code::internal) << opened.error().message;
                continue;
            }
            static_cast<void>(warm_up(*opened->model));
            for (const std::int64_t rows : {0, 1, 3}) {
                ran += opened->model->run(rows_of(opened->model->signature(), rows, 0.5F)).ok() ? 1 : 0;
            }
        }
    }
    EXPECT_GT(ran, 0) << "not every change breaks a model";
}

}  // namespace
}  // namespace baton::inference
