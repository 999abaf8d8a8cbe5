/* AdamW's moments in slices: every value is in one slice, slices take the same memory, and steps made slice by slice
 * are those made at once, to the last bit, whatever moments and weights are. */
#include "test_support.h"

#include "base/alloc.h"
#include "base/float16.h"
#include "base/rng.h"
#include "optim/moment_slices.h"
#include "optim/optimizer.h"
#include "train/moments.h"

#include <math.h>
#include <string.h>

enum { CHUNK = ASSAY_OPTIMIZER_CHUNK, WEIGHTS = 5, MOST = 8, STEPS = 3 };

/* A vector, matrices of several chunks, one that ends with a chunk, one that ends with a block cut short. */
static const size_t counts[WEIGHTS] = {300, 5 * CHUNK + 17, 2 * CHUNK, 4100, 3 * CHUNK + 256 * 3 + 5};

static void list(assay_sliced_weight *weights, bool packed)
{
    for (size_t i = 0; i < WEIGHTS; i++)
        weights[i] = (assay_sliced_weight){.count = counts[i], .packed = packed && i > 0, .width = i % 2 ? 2 : 4};
}

/* What one slice has of all weights, in bytes of moments. */
static size_t bytes_of(const assay_moment_slices *slices, size_t slice, const assay_sliced_weight *weights)
{
    size_t bytes = 0;
    for (size_t i = 0, first = 0; i < WEIGHTS; first += weights[i++].count) {
        size_t begin, end;
        assay_moment_slices_part(slices, slice, first, weights[i].count, &begin, &end);
        assert_true(begin <= end && end <= weights[i].count);
        assert_true(begin % CHUNK == 0 || begin == weights[i].count);
        assert_true(end % CHUNK == 0 || end == weights[i].count);
        bytes += assay_optimizer_moment_bytes(end - begin, weights[i].packed);
    }
    return bytes;
}

/* The planner's figure is that of the largest slice. */
static size_t planned(const assay_sliced_weight *weights, bool packed, size_t slices)
{
    assay_param params[WEIGHTS + 1] = {{.rows = 1, .cols = 1 << 20}}; /* a frozen one, which has no moments */
    assay_program program = {.params = params, .param_count = WEIGHTS + 1};
    for (size_t i = 0; i < WEIGHTS; i++)
        params[i + 1] = (assay_param){.rows = 1, .cols = weights[i].count, .vector = i == 0, .trained = true};
    return assay_moments_bytes(&program, packed, slices);
}

static void check_slices(size_t count, bool packed)
{
    assay_sliced_weight weights[WEIGHTS];
    assay_moment_slices slices;
    assay_error err;
    size_t total = 0, all = 0, most = 0, values = 0, chunks = 0, largest = 8 * CHUNK;
    list(weights, packed);
    assert_int_equal(assay_moment_slices_make(&slices, weights, WEIGHTS, count, &err), ASSAY_OK);
    for (size_t i = 0; i < WEIGHTS; i++) {
        total += assay_optimizer_moment_bytes(weights[i].count, weights[i].packed);
        values += weights[i].count;
        chunks += (weights[i].count + CHUNK - 1) / CHUNK;
    }
    for (size_t s = 0; s < count; s++) {
        size_t bytes = bytes_of(&slices, s, weights);
        assert_true(bytes <= total / count + largest);
        all += bytes;
        most = bytes > most ? bytes : most;
        assert_true(slices.gradients[s] <= slices.gradients[s + 1] && slices.weights[s] <= slices.weights[s + 1]);
    }
    assert_int_equal(all, total);
    assert_int_equal(planned(weights, packed, count), most);
    assert_true(slices.gradients[0] == 0 && slices.gradients[count] == values * sizeof(float));
    assert_true(slices.squares[0] == 0 && slices.squares[count] == chunks * sizeof(double));
    assay_moment_slices_release(&slices);
}

static void test_every_value_is_in_one_slice(void **state)
{
    (void)state;
    for (size_t count = 1; count <= 64; count++) {
        check_slices(count, false);
        check_slices(count, true);
    }
    check_slices(1024, false);
    assay_sliced_weight weights[WEIGHTS];
    list(weights, true);
    assert_int_equal(planned(weights, true, 0), planned(weights, true, 1));
}

/* Weights, gradients and an optimizer of one slice of them. */
typedef struct bench {
    assay_optimizer_item items[WEIGHTS];
    assay_optimizer *optimizer;
} bench;

static void fill(bench *b, int step)
{
    assay_rng rng = {.seed = 7 + (uint64_t)step};
    for (size_t i = 0; i < WEIGHTS; i++)
        for (size_t j = 0; j < counts[i]; j++) b->items[i].gradient[j] = (float)assay_rng_below(&rng, 2001) / 1000 - 1;
}

static void bench_open(bench *b, const assay_moment_slices *slices, size_t slice, bool packed, bool half)
{
    assay_error err;
    for (size_t i = 0, first = 0; i < WEIGHTS; first += counts[i++]) {
        assay_optimizer_item *item = &b->items[i];
        *item = (assay_optimizer_item){.count = counts[i],
                                       .gradient = assay_alloc(counts[i], sizeof(float)),
                                       .stream = 11 + i,
                                       .decay = i % 2,
                                       .packed = packed && i > 0};
        if (half && i > 0) item->half = assay_alloc(counts[i], sizeof *item->half);
        else item->weight = assay_alloc(counts[i], sizeof *item->weight);
        for (size_t j = 0; j < counts[i]; j++) {
            if (item->half) item->half[j] = assay_f32_to_bf16((float)(j % 13) - 6);
            else item->weight[j] = (float)(j % 13) - 6;
        }
        if (slices) assay_moment_slices_part(slices, slice, first, counts[i], &item->begin, &item->end);
    }
    assert_int_equal(assay_optimizer_create(&b->optimizer, b->items, WEIGHTS, &err), ASSAY_OK);
}

static void bench_close(bench *b)
{
    assay_optimizer_free(b->optimizer);
    for (size_t i = 0; i < WEIGHTS; i++) {
        assay_free(b->items[i].weight);
        assay_free(b->items[i].half);
        assay_free(b->items[i].gradient);
    }
}

/* What a slice has of a weight and of its moments is what the whole has there; the rest of the weight is untouched. */
static void compare(const assay_optimizer_item *part, const assay_optimizer_item *whole)
{
    size_t begin = part->begin, n = part->end - begin, blocks = (n + ASSAY_DYNAMIC_BLOCK - 1) / ASSAY_DYNAMIC_BLOCK;
    if (part->half) assert_memory_equal(part->half + begin, whole->half + begin, n * sizeof *part->half);
    else assert_memory_equal(part->weight + begin, whole->weight + begin, n * sizeof *part->weight);
    if (begin && part->weight) assert_true(part->weight[0] == -6);
    if (!part->packed) {
        assert_memory_equal(part->m, whole->m + begin, n * sizeof *part->m);
        assert_memory_equal(part->v, whole->v + begin, n * sizeof *part->v);
        return;
    }
    size_t block = begin / ASSAY_DYNAMIC_BLOCK;
    assert_memory_equal(part->m_levels, whole->m_levels + begin, n);
    assert_memory_equal(part->v_levels, whole->v_levels + begin, n);
    assert_memory_equal(part->m_scales, whole->m_scales + block, blocks * sizeof *part->m_scales);
    assert_memory_equal(part->v_scales, whole->v_scales + block, blocks * sizeof *part->v_scales);
}

static void compare_steps(size_t count, bool packed, bool half)
{
    const assay_optimizer_hyper hyper = {
        .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .weight_decay = 0.01, .clip = 1, .seed = 3};
    assay_sliced_weight weights[WEIGHTS];
    assay_moment_slices slices;
    const assay_kernels *kernels;
    assay_pool *pool;
    assay_error err;
    bench whole, part[MOST];
    list(weights, packed);
    assert_int_equal(assay_kernels_select(&kernels, NULL, &err), ASSAY_OK);
    assert_int_equal(assay_pool_create(&pool, 2, &err), ASSAY_OK);
    assert_int_equal(assay_moment_slices_make(&slices, weights, WEIGHTS, count, &err), ASSAY_OK);
    double *squares = assay_alloc(slices.squares[count], 1);
    bench_open(&whole, NULL, 0, packed, half);
    for (size_t s = 0; s < count; s++) bench_open(&part[s], &slices, s, packed, half);
    for (int step = 0; step < STEPS; step++) {
        double sum = 0;
        fill(&whole, step);
        double norm = assay_optimizer_norm(whole.optimizer, kernels);
        assay_optimizer_step(whole.optimizer, kernels, pool, &hyper, 1e-2, norm);
        for (size_t s = 0; s < count; s++) {
            fill(&part[s], step);
            double *at = squares;
            for (size_t i = 0; i < WEIGHTS; at += assay_optimizer_chunks(counts[i++]))
                assay_optimizer_chunk_squares(&part[s].optimizer->items[i], kernels, at);
            assay_optimizer_step(part[s].optimizer, kernels, pool, &hyper, 1e-2, norm);
        }
        for (size_t i = 0; i < slices.squares[count] / sizeof *squares; i++) sum += squares[i];
        assert_true(sqrt(sum) == norm);
    }
    for (size_t s = 0; s < count; s++) {
        for (size_t i = 0; i < WEIGHTS; i++) compare(&part[s].optimizer->items[i], &whole.optimizer->items[i]);
        bench_close(&part[s]);
    }
    bench_close(&whole);
    assay_free(squares);
    assay_moment_slices_release(&slices);
    assay_pool_destroy(pool);
}

static void test_steps_in_slices_have_the_same_bits(void **state)
{
    (void)state;
    for (size_t count = 1; count <= MOST; count *= 2)
        for (int kind = 0; kind < 4; kind++) compare_steps(count, kind & 1, kind & 2);
}

/* Of a weight that is another slice's nothing is added up, not even its last chunk, which may be a short one. */
static void test_squares_are_of_the_own_chunks(void **state)
{
    enum { SLICES = 4, CHUNKS = 14 };
    assay_sliced_weight weights[WEIGHTS];
    assay_moment_slices slices;
    const assay_kernels *kernels;
    assay_error err;
    bench part;
    (void)state;
    list(weights, false);
    assert_int_equal(assay_kernels_select(&kernels, NULL, &err), ASSAY_OK);
    assert_int_equal(assay_moment_slices_make(&slices, weights, WEIGHTS, SLICES, &err), ASSAY_OK);
    assert_int_equal(slices.squares[SLICES], CHUNKS * sizeof(double));
    for (size_t s = 0; s < SLICES; s++) {
        double squares[CHUNKS], *at = squares;
        for (size_t c = 0; c < CHUNKS; c++) squares[c] = -1;
        bench_open(&part, &slices, s, false, false);
        fill(&part, 0);
        for (size_t i = 0; i < WEIGHTS; at += assay_optimizer_chunks(counts[i++]))
            assay_optimizer_chunk_squares(&part.optimizer->items[i], kernels, at);
        for (size_t c = 0; c < CHUNKS; c++) {
            size_t byte = c * sizeof *squares;
            assert_int_equal(squares[c] >= 0, byte >= slices.squares[s] && byte < slices.squares[s + 1]);
        }
        bench_close(&part);
    }
    assay_moment_slices_release(&slices);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_value_is_in_one_slice),
        cmocka_unit_test(test_steps_in_slices_have_the_same_bits),
        cmocka_unit_test(test_squares_are_of_the_own_chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
