/* Which kernel sets there are and which one this processor should use: one line a set, slowest first. */
#include "backend/kernels.h"

#include <string.h>

typedef struct kernel_choice {
    const assay_kernels *kernels;
    bool (*supported)(void);
} kernel_choice;

static bool always(void) { return true; }

#if defined(__x86_64__)
static bool has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

static bool has_avx512bf16(void) { return has_avx512() && __builtin_cpu_supports("avx512bf16"); }

const char *assay_vectors_name(void)
{
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")) return "AVX-512";
    return has_avx2() ? "AVX2" : "none";
}
#else
const char *assay_vectors_name(void) { return "none"; }
#endif

/* A new set gets one line here, behind those it is faster than: the name of its constant, and what tells that this
 * processor can run it. */
#if defined(__x86_64__)
#define KERNEL_MAP(X)     \
    X(plain, always)      \
    X(avx2, has_avx2)     \
    X(avx512, has_avx512) \
    X(avx512bf16, has_avx512bf16)
#else
#define KERNEL_MAP(X) X(plain, always)
#endif

#define KERNEL_DECLARE(name, supported) extern const assay_kernels assay_kernels_##name;
KERNEL_MAP(KERNEL_DECLARE)
#undef KERNEL_DECLARE

#define KERNEL_CHOICE(name, supported) {&assay_kernels_##name, supported},
static const kernel_choice choices[] = {KERNEL_MAP(KERNEL_CHOICE)};
#undef KERNEL_CHOICE

const assay_kernels *assay_kernels_at(size_t index)
{
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
        if (choices[i].supported() && index-- == 0) return choices[i].kernels;
    return NULL;
}

assay_status assay_kernels_select(const assay_kernels **out, const char *name, assay_error *err)
{
    const assay_kernels *best = NULL;
    for (size_t i = 0; assay_kernels_at(i); i++) {
        best = assay_kernels_at(i);
        if (name && !strcmp(best->name, name)) break;
        if (name) best = NULL;
    }
    *out = best;
    if (best) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "no kernel set \"%s\" on this processor (plain, avx2, avx512 and avx512bf16 exist)", name);
}
