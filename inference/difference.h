// How far two answers to the same rows are apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "inference/tensor.h"

namespace baton::inference {

// Two floating-point numbers are the same answer when they are no further apart than absolute + relative * |expected|:
// what another order of the same sums may make of them. Everything else is compared exactly.
struct Tolerance {
    double absolute = 1e-5;
    double relative = 1e-4;
    // NaN is the same as NaN, an infinity as itself.
    bool same(double expected, double actual) const;
};

// FP16, BF16, FP32, FP64: what a tolerance is for.
bool is_floating(DataType type);

// The element as a number, also of FP16 and BF16. The tensor must not be of BYTES.
double number_at(const Tensor& tensor, std::size_t index);

struct OutputDifference {
    std::string name;
    std::uint64_t elements = 0;   // compared
    std::uint64_t differing = 0;  // of those
    double largest = 0;           // absolute difference of numbers; of labels that are text, 1 for each that differs
    double sum = 0;               // of all absolute differences; the finite ones in both figures
};

struct Difference {
    std::uint64_t rows = 0;
    std::uint64_t rows_differing = 0;  // those with a differing element in any output
    std::vector<OutputDifference> outputs;
};

// Compares outputs by name. An output that `actual` lacks, or has with another data type or shape, differs in every row
// and has no elements compared. The first dimension is the row; a scalar is one row.
Difference difference_of(std::span<const Tensor> expected, std::span<const Tensor> actual,
                         const Tolerance& tolerance = {});

}  // namespace baton::inference
