// The loops that support vector machines spend their time in, built for several x86-64 levels and chosen at run time.
//
// The translation units behind this header are compiled with flags of their own. They exchange plain pointers and use
// no templates or inline functions of other headers, so that no code for a newer processor can leak into the rest.
#pragma once

#include <cstddef>

namespace baton::inference::eigen::simd {

// Vectors are packed in panels of this many: panel p holds for each feature in turn the values of vectors 16 p ... 16 p
// + 15; vectors that fill up the last panel are zeros.
inline constexpr std::size_t kPanel = 16;

struct Kernels {
    const char* name;
    // out[r * panels * kPanel + v] = x_r . vector_v; x is row-major rows x features.
    void (*products)(const double* x, std::size_t rows, std::size_t features, const double* packed, std::size_t panels,
                     double* out);
    // Replaces each product x . v by exp(-gamma |x - v|^2), given |x|^2 and the |v|^2; gamma >= 0. `count` is a
    // multiple of kPanel. Exact to about 1e-15 relative to 1.
    void (*rbf)(double* products, std::size_t count, const double* squares, double square, double gamma);
};

// For any processor, for AVX2 with FMA, for AVX-512; null where the build or the processor does not have it.
const Kernels* baseline_kernels();
const Kernels* avx2_kernels();
const Kernels* avx512_kernels();

// The best of these.
const Kernels& best_kernels();

}  // namespace baton::inference::eigen::simd
