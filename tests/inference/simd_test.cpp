// Every set of kernels that this processor has, against plain loops.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>
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

template <class T>
const Routines<T>& routines(const Kernels& kernels) {
    if constexpr (std::is_same_v<T, float>) {
        return kernels.singles;
    } else {
        return kernels.doubles;
    }
}

template <class T>
Line<T> line_of(T value) {
    Line<T> line;
    std::ranges::fill(line.values, value);
    return line;
}

// 2^(product - half - half_of_vectors), of which all of a line must be the same.
template <class T>
T gaussian(const Kernels& kernels, T product, T half, T half_of_vectors = 0) {
    std::vector<Line<T>> values(2, line_of(product));
    const std::vector<Line<T>> halves(2, line_of(half_of_vectors));
    routines<T>(kernels).gaussians(values.data(), values.size(), halves.data(), half);
    const T first = values[0].values[0];
    for (const auto& line : values) {
        for (const T value : line.values) EXPECT_TRUE(value == first || std::isnan(first));
    }
    return first;
}

template <class T>
class SimdKernels : public testing::Test {
protected:
    static constexpr T kEpsilon = std::numeric_limits<T>::epsilon();
};
using Numbers = testing::Types<float, double>;
TYPED_TEST_SUITE(SimdKernels, Numbers);

TEST(SimdDispatch, TheBaselineIsAlwaysThereAndTheBestIsOneOfThem) {
    ASSERT_NE(baseline_kernels(), nullptr);
    EXPECT_THAT(available(), testing::Contains(&best_kernels()));
}

TYPED_TEST(SimdKernels, ProductsOfAllSizes) {
    using T = TypeParam;
    std::mt19937 random(1);
    std::normal_distribution<T> normal;
    for (const Kernels* kernels : available()) {
        for (std::size_t rows = 1; rows < 20; ++rows) {
            for (const auto& [features, panels] :
                 {std::pair(1, 1), std::pair(5, 1), std::pair(64, 9), std::pair(3, 6)}) {
                SCOPED_TRACE(std::string(kernels->name) + " rows " + std::to_string(rows));
                std::vector<T> x(rows * features);
                std::vector<Line<T>> vectors(panels * features);
                std::vector<Line<T>> out(rows * panels, line_of<T>(-1));
                for (T& value : x) value = normal(random);
                for (auto& line : vectors) std::ranges::generate(line.values, [&] { return normal(random); });
                routines<T>(*kernels).products(x.data(), rows, features, vectors.data(), panels, out.data());
                for (std::size_t i = 0; i < out.size() * Line<T>::kVectors; ++i) {
                    const std::size_t v = i % Line<T>::kVectors;
                    const std::size_t r = i / Line<T>::kVectors / panels;
                    const std::size_t p = i / Line<T>::kVectors % panels;
                    double sum = 0;
                    for (std::size_t f = 0; f < static_cast<std::size_t>(features); ++f) {
                        sum += double{x[r * features + f]} * vectors[p * features + f].values[v];
                    }
                    ASSERT_NEAR(out[r * panels + p].values[v], sum, 200 * this->kEpsilon);
                }
            }
        }
    }
}

TYPED_TEST(SimdKernels, PowersAreAsGoodAsTheStandardOnes) {
    using T = TypeParam;
    const T smallest = std::numeric_limits<T>::min_exponent - 1;
    for (const Kernels* kernels : available()) {
        SCOPED_TRACE(kernels->name);
        for (int i = 0; i < 20'000; ++i) {
            const T exponent = smallest * static_cast<T>(i) / 20'000;
            ASSERT_NEAR(gaussian<T>(*kernels, 0, -exponent) / std::exp2(exponent), 1, 4 * this->kEpsilon) << exponent;
        }
        EXPECT_EQ(gaussian<T>(*kernels, 0, -smallest), std::numeric_limits<T>::min());
        EXPECT_EQ(gaussian<T>(*kernels, 3, 2, 2), T{0.5});
    }
}

TYPED_TEST(SimdKernels, RoundingCannotMakeADistanceNegativeNorAFarOneWrong) {
    using T = TypeParam;
    const T far = std::numeric_limits<T>::max() / 4;
    for (const Kernels* kernels : available()) {
        EXPECT_EQ(gaussian<T>(*kernels, 1 + this->kEpsilon, T{0.5}, T{0.5}), 1);
        EXPECT_EQ(gaussian<T>(*kernels, -far, far, far), std::numeric_limits<T>::min());
    }
}

TYPED_TEST(SimdKernels, WhatIsNoNumberStaysNone) {
    using T = TypeParam;
    for (const Kernels* kernels : available()) {
        SCOPED_TRACE(kernels->name);
        for (const T bad : {std::numeric_limits<T>::quiet_NaN(), -std::numeric_limits<T>::quiet_NaN()}) {
            EXPECT_TRUE(std::isnan(gaussian<T>(*kernels, bad, 1, 1)));
        }
    }
}

TYPED_TEST(SimdKernels, WeightedSumsOfAllLengths) {
    using T = TypeParam;
    std::mt19937 random(1);
    std::normal_distribution<T> normal;
    std::vector<T> values(101);
    std::vector<double> weights(101);
    std::ranges::generate(values, [&] { return normal(random); });
    std::ranges::generate(weights, [&] { return normal(random); });
    for (const Kernels* kernels : available()) {
        double sum = 0;
        for (std::size_t count = 0; count < values.size(); ++count) {
            ASSERT_NEAR(routines<T>(*kernels).weighted(values.data() + 1, weights.data() + 1, count), sum, 1e-12);
            if (count + 1 < values.size()) sum += double{values[count + 1]} * weights[count + 1];
        }
    }
}

}  // namespace
}  // namespace baton::inference::eigen::simd
