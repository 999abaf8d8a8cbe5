/* The memory of a training step: it uses all that was planned for the fullest micro-batch and no byte more, and asks
 * for no other.
 *
 * Allocations are counted below everything, at malloc itself: a step that asks the C library for memory in any way is
 * found. The address sanitizer brings its own malloc, so that test is skipped there. */
#include "test_support.h"
#include "trainer_bench.h"

#include "base/alloc.h"
#include "machine/process_memory.h"
#include "train/trainer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { COUNTED = 0 };
static unsigned calls;
#else
enum { COUNTED = 1 };
static unsigned calls;
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

static void count(void) { __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED); }

void *malloc(size_t bytes)
{
    count();
    return __libc_malloc(bytes);
}

void *calloc(size_t items, size_t size)
{
    count();
    return __libc_calloc(items, size);
}

void *realloc(void *block, size_t bytes)
{
    count();
    return __libc_realloc(block, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    count();
    return __libc_memalign(alignment, bytes);
}

int posix_memalign(void **out, size_t alignment, size_t bytes)
{
    count();
    *out = __libc_memalign(alignment, bytes);
    return *out ? 0 : ENOMEM;
}
#endif

enum { PAIRS = 12, PROMPT = 10, ANSWER = 7, PAIR_TOKENS = PROMPT + 2 * ANSWER };

/* Pairs of one length, so that full micro-batches are full to the last token. */
typedef struct material {
    assay_pair pair_list[PAIRS];
    assay_example items[PAIRS];
    assay_example_answer answers[2 * PAIRS];
    double values[2 * PAIRS];
    int32_t ids[PAIRS * 2 * (PROMPT + ANSWER)];
    assay_pair_set pairs;
    assay_example_set set;
} material;

static void fill(material *m)
{
    const size_t length = PROMPT + ANSWER;
    memset(m, 0, sizeof *m);
    m->pairs = (assay_pair_set){.pairs = m->pair_list, .count = PAIRS};
    m->set = (assay_example_set){.items = m->items,
                                 .count = PAIRS,
                                 .ids = m->ids,
                                 .answers = m->answers,
                                 .answer_count = 2 * PAIRS,
                                 .values = m->values,
                                 .id_count = PAIRS * 2 * length,
                                 .longest = length,
                                 .pairs = &m->pairs};
    for (size_t p = 0; p < PAIRS; p++) {
        int32_t *chosen = m->ids + p * 2 * length, *rejected = chosen + length;
        for (size_t i = 0; i < length; i++) {
            chosen[i] = (int32_t)((p * 31 + i * 7) % 64);
            rejected[i] = i < PROMPT ? chosen[i] : (chosen[i] + 1) % 64;
        }
        for (size_t i = 2 * p; i < 2 * p + 2; i++) m->answers[i] = (assay_example_answer){i * length, PROMPT + ANSWER};
        m->values[2 * p] = 1;
        m->items[p] = (assay_example){.answers = 2 * p,
                                      .count = 2,
                                      .shared = PROMPT,
                                      .pair = (uint32_t)p,
                                      .margin = 0,
                                      .share = (double)NAN,
                                      .weight = 1};
    }
}

static const char *const all_modules[] = {"all"};
static const assay_lora_spec lora = {.rank = 4, .alpha = 8, .dropout = 0.1, .targets = all_modules, .target_count = 1};

static trainer_bench open_bench(const material *m, const char *model, assay_tuning tuning, assay_recompute recompute,
                                size_t micro_pairs)
{
    const assay_model_options options = {.tuning = tuning, .lora = tuning == ASSAY_TUNE_LORA ? &lora : NULL, .seed = 1};
    const assay_train_settings settings = {.batch_pairs = micro_pairs,
                                           .epochs = 3,
                                           .lr = 1e-3,
                                           .shape = ASSAY_LR_CONSTANT,
                                           .margin = -1,
                                           .seed = 3,
                                           .recompute = recompute,
                                           .micro_tokens = micro_pairs * PAIR_TOKENS,
                                           .budget = SIZE_MAX,
                                           .adam = {.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .clip = 1}};
    return trainer_bench_open(model, NULL, &options, &settings, &m->set, 2);
}

typedef void (*look)(trainer_bench *b);

static void with_all(look at)
{
    static const assay_tuning tunings[] = {ASSAY_TUNE_LORA, ASSAY_TUNE_FULL, ASSAY_TUNE_HEAD};
    static const assay_recompute recomputes[] = {ASSAY_RECOMPUTE_OFF, ASSAY_RECOMPUTE_ALL};
    static const char *const models[] = {"tests/data/golden/llama", "tests/data/golden/chatglm"};
    material m;
    fill(&m);
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        for (int t = 0; t < 3; t++)
            for (int r = 0; r < 2; r++)
                for (size_t micro = 1; micro <= 4; micro += 3) {
                    trainer_bench b = open_bench(&m, models[i], tunings[t], recomputes[r], micro);
                    at(&b);
                    trainer_bench_close(&b);
                }
}

/* Sizes are rounded up to 64 bytes for the layout, a used slot is counted to its last byte: that much may the two
 * differ. */
static void uses_its_plan(trainer_bench *b)
{
    assay_error err;
    assay_step_record record;
    size_t planned = assay_engine_planned_bytes(b->trainer->engine);
    trainer_bench_check(assay_trainer_step(b->trainer, &record, &err), &err);
    size_t used = assay_engine_used_bytes(b->trainer->engine);
    if (used > planned || used + 64 <= planned) fail_msg("%zu bytes used, %zu planned", used, planned);
    assert_int_equal(planned, b->trainer->plan.arena_bytes);
}

static void test_fullest_micro_batch_uses_the_plan(void **state)
{
    (void)state;
    with_all(uses_its_plan);
}

static void allocates_nothing(trainer_bench *b)
{
    assay_error err;
    assay_step_record record;
    unsigned before = __atomic_load_n(&calls, __ATOMIC_RELAXED), after;
    assay_status status = ASSAY_OK;
    /* All three epochs: the first step and every new shuffle are in it. */
    while (status == ASSAY_OK && b->trainer->step < b->trainer->total_steps)
        status = assay_trainer_step(b->trainer, &record, &err);
    after = __atomic_load_n(&calls, __ATOMIC_RELAXED);
    trainer_bench_check(status, &err);
    assert_int_equal(after - before, 0);
}

static void test_steps_allocate_nothing(void **state)
{
    (void)state;
    if (!COUNTED) skip();
    unsigned before = calls;
    assay_free(assay_alloc(1, 1));
    assert_int_equal(calls - before, 1); /* the counter counts */
    with_all(allocates_nothing);
}

static void test_anonymous_plan(void **state)
{
    (void)state;
    assay_anonymous_parts parts = {.present = 100, .weights = 1000, .trained = 10, .moments = 80, .arena = 7},
                          one_line = parts;
    uint64_t plan = assay_anonymous_plan(&parts), huge[] = {UINT64_MAX, UINT64_MAX / 2, UINT64_MAX / 4};
    assert_int_equal(plan, 100 + 1000 + 10 * 4 + 80 + 7 + assay_anonymous_besides(&parts));
    one_line.lines = 1;
    assert_true(assay_anonymous_plan(&one_line) > plan);
    one_line.before = 1 << 30;
    assert_int_equal(assay_anonymous_plan(&one_line), 1 << 30);
    for (size_t i = 0; i < 3; i++) {
        assert_true(assay_anonymous_plan(&(assay_anonymous_parts){.trained = huge[i], .arena = huge[i]}) == UINT64_MAX);
        assert_true(assay_anonymous_plan(&(assay_anonymous_parts){.tensors = huge[i], .lines = huge[i]}) == UINT64_MAX);
    }
    assay_anonymous_present(&parts);
    assert_true(parts.present == 0 || (parts.before > parts.present / 2 && parts.present > 1000));
    size_t bytes = 64 << 20;
    uint64_t before = assay_anonymous_bytes();
    if (before == 0) skip();
    char *block = assay_alloc(bytes, 1);
    assert_non_null(block);
    memset(block, 1, bytes);
    uint64_t grown = assay_anonymous_bytes() - before;
    /* The kernel counts in batches per thread or CPU: a few hundred pages of doubt. */
    assert_true(grown > bytes - (4 << 20) && grown < bytes + (4 << 20));
    assay_free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fullest_micro_batch_uses_the_plan),
                                       cmocka_unit_test(test_steps_allocate_nothing),
                                       cmocka_unit_test(test_anonymous_plan)};
    return cmocka_run_group_tests_name("step_memory", tests, NULL, NULL);
}
