#include "inference/eigen/simd/kernels.h"

#if defined(__AVX2__) && defined(__FMA__)

#define BATON_SIMD_BYTES 32
#define BATON_SIMD_ROWS 3
#include "inference/eigen/simd/kernels.inc"

namespace baton::inference::eigen::simd {

const Kernels* avx2_kernels() {
    static constexpr Kernels kKernels{"avx2", kSingles, kDoubles};
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kKernels : nullptr;
}

}  // namespace baton::inference::eigen::simd

#else

namespace baton::inference::eigen::simd {

const Kernels* avx2_kernels() { return nullptr; }

}  // namespace baton::inference::eigen::simd

#endif
