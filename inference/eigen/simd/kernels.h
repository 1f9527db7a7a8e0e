// The loops that support vector machines spend their time in, built for several x86-64 levels and chosen at run time.
//
// The translation units behind this header are compiled with flags of their own. They exchange plain pointers and use
// no templates or inline functions of other headers, so that no code for a newer processor can leak into the rest.
#pragma once

#include <cstddef>

namespace baton::inference::eigen::simd {

// What one feature is in the vectors of a panel. Vectors are packed in panels of kVectors: line p * features + f holds
// feature f of the vectors of panel p; what fills up the last panel is zeros. Aligned as the processor's own lines are.
template <class T>
struct alignas(128) Line {
    static constexpr std::size_t kVectors = 128 / sizeof(T);
    T values[kVectors];
};

template <class T>  // float or double
struct Routines {
    // Line r * panels + p of `out` = x_r . v for the vectors v of panel p; x is row-major rows x features.
    void (*products)(const T* x, std::size_t rows, std::size_t features, const Line<T>* vectors, std::size_t panels,
                     Line<T>* out);
    // Replaces each product x . v by 2^(x . v - |x|^2 / 2 - |v|^2 / 2) = 2^(-|x - v|^2 / 2), given the halves of |x|^2
    // and of the |v|^2. As exact as the exponent is; what is too small for a normal number is the smallest of them.
    void (*gaussians)(Line<T>* products, std::size_t panels, const Line<T>* halves, T half);
    // The sum of all values[i] * weights[i], in double.
    double (*weighted)(const T* values, const double* weights, std::size_t count);
};

struct Kernels {
    const char* name;
    Routines<float> singles;
    Routines<double> doubles;
};

// For any processor, for AVX2 with FMA, for AVX-512; null where the build or the processor does not have it.
const Kernels* baseline_kernels();
const Kernels* avx2_kernels();
const Kernels* avx512_kernels();

// The best of these.
const Kernels& best_kernels();

}  // namespace baton::inference::eigen::simd
