/* assay_verify finds what it is there to find. A sound build passes with all ways equal; builds broken on purpose, by
 * an operation exchanged in the program, fail with exit code 4 and the name of a tensor: a replay that differs from the
 * first computation, results that depend on threads or on how pairs were grouped, a tensor that gets no gradient. */
#include "test_support.h"

#include "base/rng.h"
#include "train/verify.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS = 6, VOCAB = 64 };

static void check(assay_status status, const assay_error *err)
{
    if (status != ASSAY_OK) fail_msg("%s", err->text);
}

typedef struct material {
    assay_pair_set pairs;
    assay_pair pair_items[PAIRS];
    assay_example_set set;
    assay_example items[PAIRS];
    assay_example_answer answers[2 * PAIRS];
    double values[2 * PAIRS];
    int32_t ids[PAIRS * 60];
} material;

/* Each side: a shared prompt, then tokens of its own. */
static void make_material(material *m)
{
    assay_rng rng = {.seed = 5};
    size_t next = 0;
    *m = (material){.pairs = {.pairs = m->pair_items, .count = PAIRS},
                    .set = {.items = m->items,
                            .count = PAIRS,
                            .ids = m->ids,
                            .answers = m->answers,
                            .answer_count = 2 * PAIRS,
                            .values = m->values}};
    m->set.pairs = &m->pairs;
    for (size_t i = 0; i < PAIRS; i++) {
        size_t shared = 3 + i, chosen = shared + 4 + i % 3, rejected = shared + 6;
        m->answers[2 * i] = (assay_example_answer){next, (uint32_t)chosen};
        m->answers[2 * i + 1] = (assay_example_answer){next + chosen, (uint32_t)rejected};
        m->values[2 * i] = 1;
        m->items[i] = (assay_example){.answers = 2 * i,
                                      .count = 2,
                                      .shared = (uint32_t)shared,
                                      .pair = (uint32_t)i,
                                      .margin = (double)NAN,
                                      .share = (double)NAN,
                                      .weight = 1};
        for (size_t j = 0; j < chosen + rejected; j++) m->ids[next + j] = (int32_t)assay_rng_below(&rng, VOCAB);
        memcpy(m->ids + next + chosen, m->ids + next, shared * sizeof *m->ids);
        m->ids[next + chosen + shared] = (m->ids[next + shared] + 1) % VOCAB;
        next += chosen + rejected;
        if (chosen > m->set.longest) m->set.longest = chosen;
        if (rejected > m->set.longest) m->set.longest = rejected;
    }
    m->set.id_count = next;
}

typedef struct bench {
    assay_checkpoint *checkpoint;
    assay_model *model;
    const assay_kernels *kernels;
    material data;
    assay_train_settings settings;
    assay_verify_setup setup;
    assay_verify_result result;
    assay_error err;
} bench;

static void open_bench(bench *b, assay_tuning tuning, double dropout)
{
    static const char *const all_modules[] = {"all"};
    assay_lora_spec lora = {.rank = 4, .alpha = 8, .dropout = dropout, .targets = all_modules, .target_count = 1};
    assay_model_options options = {.tuning = tuning, .lora = tuning == ASSAY_TUNE_LORA ? &lora : NULL, .seed = 1};
    *b = (bench){0};
    make_material(&b->data);
    check(assay_checkpoint_open(&b->checkpoint, "tests/data/golden/llama", 0, &b->err), &b->err);
    check(assay_model_open(&b->model, b->checkpoint, NULL, &options, &b->err), &b->err);
    check(assay_kernels_select(&b->kernels, NULL, &b->err), &b->err);
    b->settings = (assay_train_settings){.margin = -1, .seed = 9, .budget = SIZE_MAX};
    b->setup = (assay_verify_setup){.settings = &b->settings,
                                    .model = b->model,
                                    .examples = &b->data.set,
                                    .kernels = b->kernels,
                                    .pairs = PAIRS,
                                    .threads = 2,
                                    .combinations = true};
}

static void close_bench(bench *b)
{
    assay_verify_release(&b->result);
    assay_model_close(b->model);
    assay_checkpoint_close(b->checkpoint);
}

static assay_status verify(bench *b)
{
    assay_verify_release(&b->result);
    check(assay_verify(&b->setup, &b->result, &b->err), &b->err);
    return assay_verify_judge(&b->result, b->model->program, &b->err);
}

static void a_sound_build_passes(void **state)
{
    static const assay_tuning tunings[] = {ASSAY_TUNE_LORA, ASSAY_TUNE_FULL, ASSAY_TUNE_HEAD, ASSAY_TUNE_LORA};
    (void)state;
    for (int i = 0; i < 4; i++) {
        bench b;
        open_bench(&b, tunings[i], i == 3 ? 0.2 : 0);
        b.settings.lanes = i > 1 ? 4 : 1;
        check(verify(&b), &b.err);
        assert_true(b.result.micro_count >= 3 && b.result.thread_count == 2);
        assert_int_equal(b.result.cell_count, (size_t)(b.result.schedule_count * b.result.micro_count * 2));
        assert_int_equal(b.result.ran, b.result.cell_count);
        assert_int_equal(b.result.unequal, 0);
        assert_true(b.result.tensors > 0 && isfinite(b.result.loss) && !b.result.by_hash);
        assert_int_equal(b.result.seeded > 0, tunings[i] == ASSAY_TUNE_LORA);
        close_bench(&b);
    }
}

/* Where a second block of gradients does not fit, hashes take its place; where less fits, ways are skipped; where
 * nothing does, it is said. */
static void a_budget_is_kept(void **state)
{
    bench b;
    bool hashed = false, skipped = false;
    (void)state;
    open_bench(&b, ASSAY_TUNE_FULL, 0);
    check(verify(&b), &b.err);
    size_t gradients = assay_model_weights(b.model, true) * sizeof(float),
           fixed = b.model->owned_bytes + b.model->borrowed_bytes + gradients, most = 0, least = SIZE_MAX;
    for (size_t i = 0; i < b.result.cell_count; i++) {
        size_t arena = b.result.cells[i].arena_bytes;
        most = arena > most ? arena : most;
        least = arena < least ? arena : least;
    }
    size_t budgets[] = {fixed + most + gradients, fixed + most + gradients - 1, fixed + most - 1, fixed + least};
    for (int i = 0; i < 4; i++) {
        b.settings.budget = budgets[i];
        assay_status status = verify(&b);
        assert_true(status == ASSAY_OK || (b.result.ran < 2 && status == ASSAY_E_NO_FIT));
        assert_true(b.result.ran >= 1);
        if (i == 0) assert_true(!b.result.by_hash && b.result.skipped == 0);
        if (i == 1) assert_true(b.result.by_hash && b.result.skipped == 0);
        hashed |= b.result.by_hash;
        skipped |= b.result.skipped > 0;
    }
    assert_true(hashed && skipped);
    b.settings.budget = fixed + least - 1;
    assay_verify_release(&b.result);
    assert_int_equal(assay_verify(&b.setup, &b.result, &b.err), ASSAY_E_NO_FIT);
    close_bench(&b);
}

static void time_and_interrupts_are_kept(void **state)
{
    static volatile sig_atomic_t interrupted = 1;
    bench b;
    (void)state;
    open_bench(&b, ASSAY_TUNE_HEAD, 0);
    b.setup.time_limit = 1e-9; /* over after the first way */
    assert_int_equal(verify(&b), ASSAY_E_NO_FIT);
    assert_non_null(strstr(b.err.text, "nothing was compared"));
    assert_int_equal(b.result.ran, 1);
    assert_true(b.result.cells[1].skip == ASSAY_VERIFY_NO_TIME);
    assay_verify_release(&b.result);
    b.setup.interrupted = &interrupted;
    assert_int_equal(assay_verify(&b.setup, &b.result, &b.err), ASSAY_E_STOPPED);
    close_bench(&b);
}

/* What the broken operations below remember: how often each use ran since the forward pass began, and what to break. A
 * test program's own. */
typedef struct sabotage {
    const assay_op_attributes *victim;
    int runs;
} sabotage;
static sabotage broken;

/* The last row: the first token of a text attends to itself alone, whatever its query. */
static void nudge(const assay_op_run *run)
{
    float *last = run->out[0].data + (run->out[0].rows - 1) * run->out[0].ld;
    *last += 1e-3f * (1 + fabsf(*last));
}

static void linear_replay_differs(const assay_op_run *run)
{
    assay_op_linear.forward(run);
    if (run->attr == broken.victim && broken.runs++) nudge(run);
}

static void linear_backward_resets(const assay_op_run *run)
{
    if (run->attr == broken.victim) broken.runs = 0;
    assay_op_linear.backward(run);
}

static void swiglu_replay_differs(const assay_op_run *run)
{
    assay_op_swiglu.forward(run);
    if (run->attr == broken.victim && broken.runs++) nudge(run);
}

static void swiglu_backward_resets(const assay_op_run *run)
{
    if (run->attr == broken.victim) broken.runs = 0;
    assay_op_swiglu.backward(run);
}

static void swiglu_minds_threads(const assay_op_run *run)
{
    assay_op_swiglu.forward(run);
    if (assay_pool_size(run->env->pool) > 1) nudge(run);
}

static void swiglu_minds_rows(const assay_op_run *run)
{
    assay_op_swiglu.forward(run);
    if (run->out[0].rows > 40) nudge(run);
}

static void norm_forgets_its_weight(const assay_op_run *run)
{
    assay_op_run lame = *run;
    assay_param_view frozen = run->param[0];
    frozen.gradient = NULL;
    if (run->attr == broken.victim) lame.param = &frozen;
    assay_op_rms_norm.backward(&lame);
}

/* Every use of `honest` becomes `crooked`; the one of `layer` is the victim, whose first parameter's name comes
 * back. */
static const char *exchange(bench *b, const assay_op *honest, const assay_op *crooked, int layer)
{
    const char *name = NULL;
    for (size_t i = 0; i < b->model->program->step_count; i++) {
        assay_step *step = &b->model->program->steps[i];
        if (step->op != honest) continue;
        step->op = crooked;
        if (step->layer != layer || name) continue;
        broken = (sabotage){.victim = &step->attr};
        name = step->params ? b->model->program->params[step->param[0]].name : step->name;
    }
    assert_non_null(name);
    return name;
}

static void expect_found(bench *b, const char *what)
{
    assay_status status = verify(b);
    if (status != ASSAY_E_UNEQUAL || !strstr(b->err.text, what))
        fail_msg("status %d, no \"%s\" in: %s", (int)status, what, b->err.text);
    assert_int_equal(assay_status_exit_code(status), 4);
}

static size_t different_in(const bench *b, int schedule)
{
    size_t different = 0;
    for (size_t i = 0; i < b->result.cell_count; i++)
        if (b->result.cells[i].schedule == schedule) different += b->result.cells[i].tensors_different;
    return different;
}

static void a_replay_that_differs_is_found(void **state)
{
    static assay_op crooked;
    (void)state;
    for (int hashed = 0; hashed < 2; hashed++) {
        bench b;
        crooked = assay_op_linear;
        crooked.forward = linear_replay_differs;
        crooked.backward = linear_backward_resets;
        open_bench(&b, ASSAY_TUNE_FULL, 0);
        if (hashed) {
            check(verify(&b), &b.err);
            size_t most = 0;
            for (size_t i = 0; i < b.result.cell_count; i++)
                most = b.result.cells[i].arena_bytes > most ? b.result.cells[i].arena_bytes : most;
            b.settings.budget = b.model->owned_bytes + b.model->borrowed_bytes +
                                assay_model_weights(b.model, true) * sizeof(float) + most;
        }
        exchange(&b, &assay_op_linear, &crooked, 0);
        expect_found(&b, "model.layers.0.");
        assert_true(b.result.by_hash == (hashed == 1));
        assert_int_equal(different_in(&b, 0) + different_in(&b, 1), 0); /* nothing of it is replayed there */
        assert_true(different_in(&b, b.result.schedule_count - 1) > 0);
        close_bench(&b);
    }
}

/* Pointwise results are made again even with recompute off: only keeping everything shows it. */
static void a_pointwise_replay_that_differs_is_found(void **state)
{
    static assay_op crooked;
    bench b;
    (void)state;
    crooked = assay_op_swiglu;
    crooked.forward = swiglu_replay_differs;
    crooked.backward = swiglu_backward_resets;
    open_bench(&b, ASSAY_TUNE_LORA, 0);
    exchange(&b, &assay_op_swiglu, &crooked, 1);
    expect_found(&b, "model.layers.1.mlp.down_proj");
    assert_int_equal(different_in(&b, 0), 0);
    assert_true(different_in(&b, 1) > 0);
    close_bench(&b);
}

static void what_minds_threads_or_grouping_is_found(void **state)
{
    static assay_op crooked;
    static void (*const forwards[])(const assay_op_run *) = {swiglu_minds_threads, swiglu_minds_rows};
    (void)state;
    for (int i = 0; i < 2; i++) {
        bench b;
        crooked = assay_op_swiglu;
        crooked.forward = forwards[i];
        open_bench(&b, ASSAY_TUNE_LORA, 0);
        b.setup.combinations = i == 0; /* the short list finds it as well */
        exchange(&b, &assay_op_swiglu, &crooked, 0);
        expect_found(&b, "loss and rewards differ");
        close_bench(&b);
    }
}

static void a_tensor_without_gradient_is_named(void **state)
{
    static assay_op crooked;
    bench b;
    (void)state;
    crooked = assay_op_rms_norm;
    crooked.backward = norm_forgets_its_weight;
    open_bench(&b, ASSAY_TUNE_FULL, 0);
    const char *name = exchange(&b, &assay_op_rms_norm, &crooked, 1);
    expect_found(&b, name);
    assert_non_null(strstr(b.err.text, "without a gradient"));
    assert_int_equal(b.result.unequal, 0);
    close_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_build_passes),
        cmocka_unit_test(a_budget_is_kept),
        cmocka_unit_test(time_and_interrupts_are_kept),
        cmocka_unit_test(a_replay_that_differs_is_found),
        cmocka_unit_test(a_pointwise_replay_that_differs_is_found),
        cmocka_unit_test(what_minds_threads_or_grouping_is_found),
        cmocka_unit_test(a_tensor_without_gradient_is_named),
    };
    return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
