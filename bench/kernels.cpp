// How many rows a second the Eigen engine answers, from tensors to tensors, on one thread.
//
//     bench_kernels FOLDER        models made by bench/kernels_sklearn.py, which also times scikit-learn on them
//
// Prints one line of JSON a measurement: the model, rows in a request, rows a second (best of five rounds).
#include <chrono>
#include <cstdio>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

#include "inference/engines.h"

namespace {

using namespace baton::inference;
using Seconds = std::chrono::duration<double>;

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    return std::move(bytes).str();
}

Tensor random_rows(const TensorSpec& spec, std::int64_t rows) {
    Tensor tensor(spec.name, spec.type, {rows, spec.shape.at(1)});
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    for (float& value : tensor.values<float>()) value = normal(random);
    return tensor;
}

// Rows a second in the best of five rounds of at least 0.2 s.
double measure(const Model& model, std::int64_t rows) {
    const std::vector<Tensor> inputs{random_rows(model.signature().inputs.at(0), rows)};
    double best = 0;
    for (int round = 0; round < 5; ++round) {
        std::int64_t done = 0;
        const auto start = std::chrono::steady_clock::now();
        Seconds spent{};
        while (spent.count() < 0.2) {
            for (int i = 0; i < 16; ++i) {
                if (!model.run(inputs).ok()) std::abort();
            }
            done += 16 * rows;
            spent = std::chrono::steady_clock::now() - start;
        }
        best = std::max(best, static_cast<double>(done) / spent.count());
    }
    return best;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: bench_kernels FOLDER\n");
        return 2;
    }
    for (const std::string name : {"linear", "logistic", "svm-rbf"}) {
        const auto model = load_onnx(read_file(std::string(argv[1]) + "/" + name + ".onnx"));
        if (!model.ok()) {
            std::fprintf(stderr, "%s: %s\n", name.c_str(), model.error().message.c_str());
            return 1;
        }
        for (const std::int64_t rows : {1, 1024}) {
            std::printf("{\"model\":\"%s\",\"rows\":%lld,\"rows_per_second\":%.0f}\n", name.c_str(),
                        static_cast<long long>(rows), measure(**model, rows));
            std::fflush(stdout);
        }
    }
    return 0;
}
