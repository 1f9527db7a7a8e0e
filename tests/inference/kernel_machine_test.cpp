// Sums of kernel values against their definition, in floats and in doubles.
#include "inference/eigen/kernel_machine.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <random>

namespace baton::inference::eigen {
namespace {

using Type = KernelFunction::Type;

// Three classes against one another: 200, 0 and 500 vectors, three sums.
struct Example {
    RowMatrix vectors;
    Eigen::VectorXd offset{{0.5, -1, 0.25}};
    std::vector<MachinePart> parts;

    explicit Example(double spread = 1) : vectors(700, 6) {
        std::mt19937 random(7);
        std::normal_distribution<double> normal;
        const auto draw = [&](double) { return normal(random); };
        vectors = spread * vectors.unaryExpr(draw).array() + 3;
        vectors = vectors.cast<float>().cast<double>();
        parts.push_back({.start = 0, .weights = RowMatrix(2, 200).unaryExpr(draw), .sums = {0, 1}});
        parts.push_back({.start = 200, .weights = RowMatrix(2, 500).unaryExpr(draw), .sums = {1, 2}});
    }

    KernelMachine machine(KernelFunction kernel, bool floats) const { return {kernel, vectors, offset, parts, floats}; }

    // By the definition of the kernels.
    std::vector<double> sums(const KernelFunction& kernel, const Eigen::RowVectorXd& x) const {
        std::vector<double> sums(offset.begin(), offset.end());
        for (const MachinePart& part : parts) {
            for (Eigen::Index v = 0; v < part.weights.cols(); ++v) {
                const Eigen::RowVectorXd vector = vectors.row(part.start + v);
                const double product = kernel.gamma * x.dot(vector) + kernel.coef0;
                const double value = kernel.type == Type::rbf    ? std::exp(-kernel.gamma * (x - vector).squaredNorm())
                                     : kernel.type == Type::poly ? std::pow(product, kernel.degree)
                                                                 : std::tanh(product);
                for (std::size_t k = 0; k < part.sums.size(); ++k) {
                    sums[static_cast<std::size_t>(part.sums[k])] += value * part.weights(static_cast<int>(k), v);
                }
            }
        }
        return sums;
    }
};

void expect_sums(const Example& example, const KernelFunction& kernel, const KernelMachine& machine, double tolerance) {
    for (const Eigen::Index rows : {1, 5, 300}) {
        RowMatrix x(rows, example.vectors.cols());
        for (Eigen::Index r = 0; r < rows; ++r) {
            x.row(r) = example.vectors.row(r % example.vectors.rows()).array() + 0.01 * static_cast<double>(r % 90);
        }
        std::vector<double> sums(static_cast<std::size_t>(rows) * 3);
        machine.apply({x.data(), static_cast<std::size_t>(x.size())}, sums);
        for (Eigen::Index r = 0; r < rows; ++r) {
            const auto expected = example.sums(kernel, x.row(r));
            for (std::size_t k = 0; k < 3; ++k) {
                ASSERT_NEAR(sums[static_cast<std::size_t>(r) * 3 + k], expected[k],
                            tolerance * (1 + std::abs(expected[k])))
                    << "row " << r << " of " << rows;
            }
        }
    }
}

TEST(KernelMachine, ComputesEachKernelInDoubles) {
    const Example example;
    for (const KernelFunction kernel : {KernelFunction{Type::rbf, 0.3, 0, 0}, KernelFunction{Type::poly, 0.1, 1, 3},
                                        KernelFunction{Type::sigmoid, 0.02, -1, 0}}) {
        expect_sums(example, kernel, example.machine(kernel, false), 1e-11);
    }
}

TEST(KernelMachine, ComputesRbfInFloatsWhereTheySuffice) {
    const Example example;
    const KernelFunction kernel{Type::rbf, 0.3, 0, 0};
    const KernelMachine machine = example.machine(kernel, true);
    EXPECT_TRUE(machine.computes_floats());
    expect_sums(example, kernel, machine, 1e-5);
    EXPECT_FALSE(example.machine(kernel, false).computes_floats());
    EXPECT_FALSE(example.machine({Type::poly, 0.1, 1, 3}, true).computes_floats());
}

// Distances that floats lose in the squares, and weights that cancel: both keep to doubles.
TEST(KernelMachine, KeepsToDoublesWhereFloatsWouldShow) {
    const Example wide(100);
    const KernelFunction narrow{Type::rbf, 0.3, 0, 0};
    EXPECT_FALSE(wide.machine(narrow, true).computes_floats());
    expect_sums(wide, narrow, wide.machine(narrow, true), 1e-9);

    Example cancelling;  // all vectors twice the same but for the last digits, with weights against one another
    cancelling.vectors.bottomRows(200) = cancelling.vectors.topRows(200).array() + 1e-5;
    cancelling.parts = {{.start = 0, .weights = RowMatrix::Constant(1, 200, 1e6), .sums = {0}},
                        {.start = 500, .weights = RowMatrix::Constant(1, 200, -1e6), .sums = {0}}};
    EXPECT_FALSE(cancelling.machine(narrow, true).computes_floats());
}

TEST(KernelMachine, WhatIsFarFromAllVectorsHasNoKernelLeft) {
    const Example example;
    const KernelFunction kernel{Type::rbf, 0.3, 0, 0};
    for (const bool floats : {false, true}) {
        for (const double far : {1e4, 1e20, 3e38, -3e38}) {
            const std::vector<double> x(6, far);
            std::vector<double> sums(3);
            example.machine(kernel, floats).apply(x, sums);
            EXPECT_THAT(sums, testing::Pointwise(testing::DoubleNear(1e-30), {0.5, -1.0, 0.25})) << far;
        }
        std::vector<double> x(6, 1);
        x[3] = std::numeric_limits<double>::quiet_NaN();
        std::vector<double> sums(3);
        example.machine(kernel, floats).apply(x, sums);
        EXPECT_THAT(sums, testing::Each(testing::IsNan()));
    }
}

}  // namespace
}  // namespace baton::inference::eigen
