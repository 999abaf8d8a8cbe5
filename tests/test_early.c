/* Gradients given away as they become whole: those of a pass that keeps them, for every family, tuning, precision and
 * schedule; each once; and no weight is read behind that, as whoever takes a gradient changes the weight. */
#include "engine_lab.h"

#include <math.h>

enum { LAYERS = 3 };

typedef struct taker {
    lab *l;
    size_t *times;  /* per parameter: how often it was given */
    float **copies; /* of what was given */
    size_t fails_at, taken;
} taker;

/* Whoever reads the weight from now on has NaN. */
static assay_status take(void *context, int param, float *gradient, assay_error *err)
{
    taker *t = context;
    const assay_param *p = &t->l->program->params[param];
    if (t->taken++ == t->fails_at) return assay_error_set(err, ASSAY_E_NUMERIC, "enough");
    memcpy(t->copies[param], gradient, p->rows * p->cols * sizeof(float));
    for (size_t i = 0; i < p->rows * p->cols; i++) t->l->weights[param][i] = NAN;
    t->times[param]++;
    return ASSAY_OK;
}

static assay_engine *engine_of(lab *l, int replayed, taker *t)
{
    assay_engine *engine;
    assay_error err = {0};
    const assay_engine_config config = {
        .program = l->program,
        .kernels = l->kernels,
        .pool = l->pool,
        .bounds = {.rows = {500, 2 * PAIRS}, .longest_path = 300},
        .take = t ? take : NULL,
        .taker = t,
        .schedule = {.keep = ASSAY_KEEP_NEEDED, .replayed = replayed, .backward = true, .early = t != NULL}};
    if (assay_engine_create(&engine, &config, &err)) fail_msg("%s", err.text);
    bind_lab(engine, l, l->program);
    return engine;
}

static assay_status run(lab *l, int replayed, taker *t, assay_error *err)
{
    static const float d[2 * PAIRS] = {-0.5f, 0.5f, -0.25f, 0.25f, -1, 1, -0.1f, 0.1f, -0.7f, 0.7f};
    assay_pack pack;
    assay_engine *engine = engine_of(l, replayed, t);
    assert_int_equal(assay_pack_init(&pack, 500, 3 * PAIRS, &l->prefix, NULL), ASSAY_OK);
    for (uint64_t pair = 0; pair < PAIRS; pair++) pack_pair(&pack, pair, true);
    const assay_geometry *geometry = assay_pack_finish(&pack);
    assert_int_equal(assay_engine_forward(engine, geometry, 42, 7, true, NULL), ASSAY_OK);
    assay_status status = assay_engine_backward(engine, d, err);
    assert_true(assay_engine_used_bytes(engine) <= assay_engine_planned_bytes(engine));
    assay_engine_free(engine);
    assay_pack_release(&pack);
    return status;
}

static size_t bytes_of(const lab *l, size_t param)
{
    return l->program->params[param].rows * l->program->params[param].cols * sizeof(float);
}

static taker taker_open(lab *l)
{
    size_t count = l->program->param_count;
    taker t = {.l = l,
               .times = assay_alloc(count, sizeof *t.times),
               .copies = assay_alloc(count, sizeof *t.copies),
               .fails_at = SIZE_MAX};
    for (size_t i = 0; i < count; i++) t.copies[i] = assay_alloc(bytes_of(l, i), 1);
    return t;
}

static void taker_close(taker *t)
{
    for (size_t i = 0; i < t->l->program->param_count; i++) assay_free(t->copies[i]);
    assay_free(t->copies);
    assay_free(t->times);
}

/* Runs with the gradients kept in the lab, then early, and puts the weights back. */
static void compare(lab *l, int replayed, const char *what)
{
    size_t count = l->program->param_count;
    float **before = assay_alloc(count, sizeof *before);
    taker t = taker_open(l);
    clear_gradients(l);
    assert_int_equal(run(l, replayed, NULL, NULL), ASSAY_OK);
    for (size_t i = 0; i < count; i++) {
        before[i] = assay_alloc(bytes_of(l, i), 1);
        memcpy(before[i], l->weights[i], bytes_of(l, i));
    }
    assert_int_equal(run(l, replayed, &t, NULL), ASSAY_OK);
    for (size_t i = 0; i < count; i++) {
        const assay_param *p = &l->program->params[i];
        assert_int_equal(t.times[i], p->trained ? 1 : 0);
        if (p->trained && memcmp(t.copies[i], l->gradients[i], bytes_of(l, i)))
            fail_msg("%s, %d layers replayed: another gradient of %s", what, replayed, p->name);
        memcpy(l->weights[i], before[i], bytes_of(l, i));
        assay_free(before[i]);
    }
    assay_free(before);
    taker_close(&t);
}

static void gradients_are_those_kept(void **state)
{
    static const assay_tuning tunings[] = {ASSAY_TUNE_FULL, ASSAY_TUNE_LORA, ASSAY_TUNE_HEAD};
    (void)state;
    for (size_t f = 0; assay_architecture_at(f) && (!f || !TESTS_ARE_SANITIZED || tests_are_thorough()); f++)
        for (size_t t = 0; t < 4; t++) {
            const assay_architecture *arch = assay_architecture_at(f);
            lab l = lab_open(arch, tunings[t % 3], t == 1 ? 0.25f : 0, 2, best_kernels(), t == 3);
            for (int replayed = 0; replayed <= LAYERS; replayed += t ? LAYERS : 1) compare(&l, replayed, arch->name);
            lab_close(&l);
        }
}

static const assay_architecture *llama(void)
{
    size_t f = 0;
    while (strcmp(assay_architecture_at(f)->name, "llama")) f++;
    return assay_architecture_at(f);
}

static int find_step(const assay_program *program, const char *name)
{
    for (size_t s = 0; s < program->step_count; s++)
        if (!strcmp(program->steps[s].name, name)) return (int)s;
    fail_msg("no step %s", name);
    return -1;
}

/* Two layers with one weight: its gradient waits for both. What is left of the other layer's own has none, and is given
 * as nothing. */
static void a_weight_of_two_steps(void **state)
{
    lab l = lab_open(llama(), ASSAY_TUNE_FULL, 0, 2, best_kernels(), false);
    int from = l.program->steps[find_step(l.program, "model.layers.0.mlp.down_proj")].param[0],
        to = find_step(l.program, "model.layers.2.mlp.down_proj"), alone = l.program->steps[to].param[0];
    (void)state;
    *(int *)(uintptr_t)l.program->steps[to].param = from;
    for (int replayed = 0; replayed <= LAYERS; replayed++) compare(&l, replayed, "a weight of two steps");
    for (size_t i = 0; i < bytes_of(&l, (size_t)alone) / sizeof(float); i++)
        assert_true(l.gradients[alone][i] == 0 && l.gradients[from][i] != 0);
    lab_close(&l);
}

/* Memory is what is alive at a time: far less than all gradients. */
static void the_arena_has_room_for_some(void **state)
{
    lab l = lab_open(llama(), ASSAY_TUNE_FULL, 0, 2, best_kernels(), false);
    taker t = taker_open(&l);
    assay_engine *kept = engine_of(&l, LAYERS, NULL), *early = engine_of(&l, LAYERS, &t);
    size_t all = 0, more = assay_engine_planned_bytes(early) - assay_engine_planned_bytes(kept);
    (void)state;
    for (size_t i = 0; i < l.program->param_count; i++) all += l.program->params[i].trained ? bytes_of(&l, i) : 0;
    assert_true(assay_engine_planned_bytes(early) >= assay_engine_planned_bytes(kept));
    assert_true(more < all / 2);
    assay_engine_free(kept);
    assay_engine_free(early);
    taker_close(&t);
    lab_close(&l);
}

static void a_taker_ends_the_pass(void **state)
{
    lab l = lab_open(llama(), ASSAY_TUNE_FULL, 0, 1, best_kernels(), false);
    taker t = taker_open(&l);
    assay_error err = {0};
    (void)state;
    t.fails_at = 4;
    assert_int_equal(run(&l, 1, &t, &err), ASSAY_E_NUMERIC);
    assert_string_equal(err.text, "enough");
    assert_int_equal(t.taken, 5);
    taker_close(&t);
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_those_kept),
        cmocka_unit_test(a_weight_of_two_steps),
        cmocka_unit_test(the_arena_has_room_for_some),
        cmocka_unit_test(a_taker_ends_the_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
