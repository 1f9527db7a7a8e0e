#include "inference/eigen/simd/kernels.h"

#if defined(__AVX512F__) && defined(__AVX512DQ__)

#define BATON_SIMD_BYTES 64
#define BATON_SIMD_ROWS 8
#include "inference/eigen/simd/kernels.inc"

namespace baton::inference::eigen::simd {

const Kernels* avx512_kernels() {
    static constexpr Kernels kKernels{"avx512", kSingles, kDoubles};
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") ? &kKernels : nullptr;
}

}  // namespace baton::inference::eigen::simd

#else

namespace baton::inference::eigen::simd {

const Kernels* avx512_kernels() { return nullptr; }

}  // namespace baton::inference::eigen::simd

#endif
