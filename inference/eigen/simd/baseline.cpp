#define BATON_SIMD_BYTES 16
#define BATON_SIMD_ROWS 1
#include "inference/eigen/simd/kernels.inc"

namespace baton::inference::eigen::simd {

const Kernels* baseline_kernels() {
    static constexpr Kernels kKernels{"baseline", kSingles, kDoubles};
    return &kKernels;
}

const Kernels& best_kernels() {
    static const Kernels& best = []() -> const Kernels& {
        if (const Kernels* kernels = avx512_kernels()) return *kernels;
        if (const Kernels* kernels = avx2_kernels()) return *kernels;
        return *baseline_kernels();
    }();
    return best;
}

}  // namespace baton::inference::eigen::simd
