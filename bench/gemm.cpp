// Eigen's own product of float matrices for the processor at hand: rows x features times features x vectors, the least
// that an RBF kernel has to compute.
//
//     bench_gemm ROWS FEATURES VECTORS        prints microseconds a row, best of a hundred
//
// A program of its own, as its flags must not mix with those of the engine.
#include <Eigen/Core>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: bench_gemm ROWS FEATURES VECTORS\n");
        return 2;
    }
    const Eigen::Index rows = std::atol(argv[1]);
    const Eigen::Index features = std::atol(argv[2]);
    using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const Matrix x = Matrix::Random(rows, features);
    const Matrix vectors = Matrix::Random(features, std::atol(argv[3]));
    Matrix products(rows, vectors.cols());
    double best = std::numeric_limits<double>::max();
    for (int round = 0; round < 100; ++round) {
        const auto start = std::chrono::steady_clock::now();
        products.noalias() = x * vectors;
        const std::chrono::duration<double, std::micro> spent = std::chrono::steady_clock::now() - start;
        best = std::min(best, spent.count());
    }
    std::printf("%.6f\n", best / static_cast<double>(rows));
    return 0;
}
