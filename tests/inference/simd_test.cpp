// Every set of kernels that this processor has, against plain loops.
#include <gmock/gmock.h>

#include <cmath>
#include <random>

#include "inference/eigen/simd/kernels.h"

namespace baton::inference::eigen::simd {
namespace {

std::vector<const Kernels*> available() {
    std::vector<const Kernels*> sets;
    for (const Kernels* kernels : {baseline_kernels(), avx2_kernels(), avx512_kernels()}) {
        if (kernels != nullptr) sets.push_back(kernels);
    }
    return sets;
}

TEST(SimdKernels, TheBaselineIsAlwaysThereAndTheBestIsOneOfThem) {
    ASSERT_NE(baseline_kernels(), nullptr);
    EXPECT_THAT(available(), testing::Contains(&best_kernels()));
}

TEST(SimdKernels, ProductsOfAllSizes) {
    std::mt19937 random(1);
    std::normal_distribution<double> normal;
    for (const Kernels* kernels : available()) {
        for (const auto& [rows, features, panels] : {std::tuple(1, 1, 1), std::tuple(3, 5, 1), std::tuple(1, 64, 9),
                                                     std::tuple(7, 3, 6), std::tuple(9, 30, 5)}) {
            SCOPED_TRACE(std::string(kernels->name) + " rows " + std::to_string(rows));
            const std::size_t vectors = panels * kPanel;
            std::vector<double> x(rows * features);
            std::vector<double> packed(vectors * features);
            std::vector<double> out(rows * vectors, -1);
            for (double& value : x) value = normal(random);
            for (double& value : packed) value = normal(random);
            kernels->products(x.data(), rows, features, packed.data(), panels, out.data());
            for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r) {
                for (std::size_t v = 0; v < vectors; ++v) {
                    double sum = 0;
                    for (std::size_t f = 0; f < static_cast<std::size_t>(features); ++f) {
                        sum += x[r * features + f] * packed[(v / kPanel * features + f) * kPanel + v % kPanel];
                    }
                    ASSERT_NEAR(out[r * vectors + v], sum, 1e-12);
                }
            }
        }
    }
}

TEST(SimdKernels, ExponentialsAreAsGoodAsTheStandardOnes) {
    const std::vector<double> zeros(kPanel, 0);
    for (const Kernels* kernels : available()) {
        SCOPED_TRACE(kernels->name);
        std::vector<double> values(kPanel);
        for (int i = 0; i < 70'000; ++i) {
            const double distance = i * 0.01;
            std::ranges::fill(values, 0);
            kernels->rbf(values.data(), values.size(), zeros.data(), distance, 1);
            ASSERT_NEAR(values[i % kPanel] / std::exp(-distance), 1, 1e-15 * 4) << distance;
        }
    }
}

TEST(SimdKernels, RoundingCannotMakeADistanceNegativeNorAFarOneWrong) {
    for (const Kernels* kernels : available()) {
        std::vector<double> values(kPanel, 1 + 1e-12);  // |x|^2 + |v|^2 - 2 x.v = -2e-12
        const std::vector<double> ones(kPanel, 1);
        kernels->rbf(values.data(), values.size(), ones.data(), 1, 1e9);
        EXPECT_THAT(values, testing::Each(1.0));
        std::ranges::fill(values, -1e300);
        kernels->rbf(values.data(), values.size(), ones.data(), 1, 1);
        EXPECT_THAT(values, testing::Each(testing::AllOf(testing::Ge(0.0), testing::Lt(1e-300))));
    }
}

TEST(SimdKernels, WhatIsNoNumberStaysNone) {
    for (const Kernels* kernels : available()) {
        SCOPED_TRACE(kernels->name);
        for (const double bad : {std::nan(""), -std::nan("1")}) {
            std::vector<double> values(kPanel, bad);
            const std::vector<double> ones(kPanel, 1);
            kernels->rbf(values.data(), values.size(), ones.data(), 1, 1);
            EXPECT_THAT(values, testing::Each(testing::IsNan()));
        }
    }
}

}  // namespace
}  // namespace baton::inference::eigen::simd
