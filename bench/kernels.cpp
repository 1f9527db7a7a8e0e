// How long the Eigen engine and ONNX Runtime take for a row of the same models, on one thread.
//
//     bench_kernels FOLDER        models made by bench/kernels.py, which times other peers on them
//
// Prints one line of JSON a measurement: engine, model, rows in a request, microseconds a row (best of five rounds)
// from tensors to tensors; the engine "product" is the arithmetic of a linear model alone. ONNX Runtime is the library
// that BATON_ONNXRUNTIME names, or the one the system has.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>
#include <string>

#include "inference/eigen/linear_pipeline.h"
#include "inference/engines.h"
#include "inference/onnx/reader.h"

namespace {

using namespace baton::inference;
using Seconds = std::chrono::duration<double>;

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    return std::move(bytes).str();
}

template <class T>
void fill_random(std::span<T> values) {
    std::mt19937 random(1);
    std::normal_distribution<T> normal;
    for (T& value : values) value = normal(random);
}

Tensor random_rows(const TensorSpec& spec, std::int64_t rows) {
    Tensor tensor(spec.name, spec.type, {rows, spec.shape.at(1)});
    if (spec.type == DataType::fp64) {
        fill_random(tensor.values<double>());
    } else {
        fill_random(tensor.values<float>());
    }
    return tensor;
}

// The best of five rounds of at least 0.2 s.
template <class Call>
void measure(const char* engine, const std::string& model, std::int64_t rows, Call&& call) {
    double best = std::numeric_limits<double>::max();
    for (int round = 0; round < 5; ++round) {
        std::int64_t done = 0;
        const auto start = std::chrono::steady_clock::now();
        Seconds spent{};
        while (spent.count() < 0.2) {
            for (int i = 0; i < 16; ++i) call();
            done += 16 * rows;
            spent = std::chrono::steady_clock::now() - start;
        }
        best = std::min(best, spent.count() / static_cast<double>(done));
    }
    std::printf("{\"engine\":\"%s\",\"model\":\"%s\",\"rows\":%lld,\"microseconds\":%.6f}\n", engine, model.c_str(),
                static_cast<long long>(rows), best * 1e6);
    std::fflush(stdout);
}

// The product of a linear model without the tensors around it.
void measure_product(const std::string& name, const std::string& bytes, const Tensor& input, std::int64_t rows) {
    const auto graph = onnx::read_graph(bytes);
    const auto recipe = graph.ok() ? eigen::recognise_linear(*graph) : std::nullopt;
    if (!recipe) return;
    std::vector<double> scores(static_cast<std::size_t>(rows) * recipe->map.outputs());
    measure("product", name, rows, [&] { recipe->map.apply(input.values<float>(), std::span<double>(scores)); });
}

Engines both_engines() {
    const char* library = std::getenv("BATON_ONNXRUNTIME");
    return Engines(onnxruntime::Runtime::start({.library = library != nullptr ? library : ""}));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: bench_kernels FOLDER\n");
        return 2;
    }
    const Engines engines = both_engines();
    if (!engines.runtime().ok()) std::fprintf(stderr, "%s\n", engines.runtime().error().message.c_str());
    for (const std::string name : {"linear", "logistic", "svm-rbf", "svm-rbf-double"}) {
        const std::string bytes = read_file(std::string(argv[1]) + "/" + name + ".onnx");
        for (const EngineChoice engine : {EngineChoice::eigen, EngineChoice::onnxruntime}) {
            const auto opened = engines.open(bytes, engine);
            if (!opened.ok()) {
                std::fprintf(stderr, "%s: %s\n", name.c_str(), opened.error().message.c_str());
                continue;
            }
            const Model& model = *opened->model;
            for (const std::int64_t rows : {1, 1024}) {
                const std::vector<Tensor> inputs{random_rows(model.signature().inputs.at(0), rows)};
                measure(engine_name(engine).data(), name, rows, [&] {
                    if (!model.run(inputs).ok()) std::abort();
                });
                if (engine == EngineChoice::eigen) measure_product(name, bytes, inputs[0], rows);
            }
        }
    }
    return 0;
}
