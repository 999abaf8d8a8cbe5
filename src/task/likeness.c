#include "task/likeness.h"

#include "backend/gemm.h"
#include "base/alloc.h"
#include "base/hash.h"
#include "base/rng.h"

#include <math.h>
#include <string.h>

enum { SIDE = 48, DEEP = 300, POINTS = 1000 }; /* deeper than a fold, no multiple of a tile */

typedef struct sample {
    const assay_kernels *kernels;
    assay_pool *pool;
    float a[SIDE * DEEP], b[SIDE * DEEP], c[SIDE * SIDE];
    uint32_t packed_a[ASSAY_BF16_MR * DEEP], packed_b[ASSAY_BF16_NR * DEEP];
    double points[POINTS];
} sample;

static uint64_t hash_of(const void *data, size_t bytes) { return XXH3_64bits(data, bytes); }

/* 0: out of memory. */
static uint64_t products(sample *s)
{
    char *block = assay_alloc((size_t)assay_pool_size(s->pool) * assay_gemm_scratch_bytes() + ASSAY_CACHE_LINE, 1);
    if (!block) return 0;
    void *scratch = block + (ASSAY_CACHE_LINE - (uintptr_t)block % ASSAY_CACHE_LINE);
    const assay_gemm_args args = {.m = SIDE,
                                  .n = SIDE,
                                  .k = DEEP,
                                  .a = assay_matrix_rows(s->a, DEEP),
                                  .b = assay_matrix_rows(s->b, SIDE),
                                  .c = s->c,
                                  .ldc = SIDE};
    assay_gemm(s->kernels, s->pool, scratch, &args);
    assay_free(block);
    return hash_of(s->c, sizeof s->c);
}

static uint64_t exponentials(sample *s)
{
    memcpy(s->c, s->a, sizeof s->c);
    s->kernels->rows->softmax(s->c, SIDE * SIDE, SIDE * SIDE, 9);
    return hash_of(s->c, sizeof s->c);
}

static uint64_t angles(sample *s)
{
    for (size_t i = 0; i < SIDE * SIDE; i++) {
        float angle = (float)i * powf(10000, -(float)(i % 64) / 64);
        s->c[i] = i % 2 ? cosf(angle) : sinf(angle);
    }
    return hash_of(s->c, sizeof s->c);
}

static uint64_t logarithms(sample *s)
{
    for (size_t i = 0; i < POINTS; i++) {
        double x = (double)i / 40 - 12;
        s->points[i] = i % 3 == 0 ? log1p(exp(x)) : i % 3 == 1 ? log(1 + x * x) : expm1(x);
    }
    return hash_of(s->points, sizeof s->points);
}

static uint64_t bf16_tile(sample *s)
{
    const assay_bf16_kernels *bf16 = s->kernels->bf16;
    size_t pairs = DEEP / 2;
    const assay_lanes a = {s->a, ASSAY_F32, DEEP, 1, ASSAY_BF16_MR, DEEP},
                      b = {s->b, ASSAY_F32, DEEP, 1, ASSAY_BF16_NR, DEEP};
    bf16->pack(s->packed_a, ASSAY_BF16_MR, ASSAY_BF16_MR * pairs, &a);
    bf16->pack(s->packed_b, ASSAY_BF16_NR, ASSAY_BF16_NR * pairs, &b);
    bf16->tile(pairs, s->packed_a, s->packed_b, s->c, ASSAY_BF16_NR, false, NULL);
    return hash_of(s->c, ASSAY_BF16_MR * ASSAY_BF16_NR * sizeof *s->c);
}

static const struct {
    const char *what;
    uint64_t (*compute)(sample *s);
} parts[] = {{"a sample of matrix products", products},
             {"a sample of exponentials", exponentials},
             {"a sample of angles (the C library's cos and sin)", angles},
             {"a sample of logarithms (the C library's log1p)", logarithms},
             {"a sample of bf16 products", bf16_tile}};

static assay_status compare_samples(sample *s, assay_comm *comm, assay_error *err)
{
    assay_rng rng = {.seed = 1};
    for (size_t i = 0; i < SIDE * DEEP; i++) {
        s->a[i] = (float)assay_rng_normal(&rng);
        s->b[i] = (float)assay_rng_normal(&rng);
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        ASSAY_TRY(assay_comm_compare(comm, parts[i].compute(s), parts[i].what, err));
    return ASSAY_OK;
}

/* 0 where the system does not show it. */
static uint64_t program_hash(void)
{
    uint64_t size, hash = 0;
    XXH3_state_t *state = XXH3_createState();
    if (state && XXH3_128bits_reset(state) == XXH_OK &&
        assay_hash_file(state, "/proc/self/exe", &size, NULL) == ASSAY_OK)
        hash = XXH3_128bits_digest(state).low64;
    XXH3_freeState(state);
    return hash;
}

static assay_status compare_texts(const assay_likeness *l, assay_comm *comm, assay_error *err)
{
    const struct {
        const char *what, *text;
    } texts[] = {{"the model", l->model}, {"the data", l->data}, {"the settings", l->settings}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].text)
            ASSAY_TRY(assay_comm_compare(comm, hash_of(texts[i].text, strlen(texts[i].text)), texts[i].what, err));
    return ASSAY_OK;
}

assay_status assay_likeness_check(const assay_likeness *likeness, assay_comm *comm, assay_error *err)
{
    if (assay_comm_size(comm) == 1) return ASSAY_OK;
    ASSAY_TRY(assay_comm_compare(comm, program_hash(), "the program", err));
    ASSAY_TRY(compare_texts(likeness, comm, err));
    sample *s = assay_alloc(1, sizeof *s);
    assay_status status = s ? ASSAY_OK : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a sample");
    status = assay_comm_agree(comm, status, NULL, err);
    if (s) s->kernels = likeness->kernels;
    if (s) s->pool = likeness->pool;
    if (s && status == ASSAY_OK) status = compare_samples(s, comm, err);
    assay_free(s);
    return status;
}
