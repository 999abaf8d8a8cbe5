/* A program in slices: rewards and gradients have the bits of the whole, for every family, tuning and precision,
 * whatever is kept of the micro-batches in flight; and what cannot be cut is not. */
#include "engine_lab.h"

#include "program/slice.h"

#include <math.h>

enum { LAYERS = 3, FLIGHTS = 2 };

/* Slices of a lab's program, each with its engine. */
typedef struct chain {
    lab *l;
    int count;
    assay_program *programs[LAYERS];
    assay_engine *engines[LAYERS];
    assay_pack pack;
} chain;

typedef struct way {
    int flights, replayed;
    bool stores;
} way;

static void bind(assay_engine *engine, const lab *l, const assay_program *program)
{
    for (size_t i = 0; i < program->param_count; i++) {
        const assay_param *p = &program->params[i];
        const assay_param_view view = {.data = p->absent ? NULL : l->weights[i],
                                       .dtype = ASSAY_F32,
                                       .rows = p->rows,
                                       .cols = p->cols,
                                       .gradient = p->trained ? l->gradients[i] : NULL};
        assay_engine_bind(engine, (int)i, &view);
    }
}

static chain chain_open(lab *l, int count, const way *how)
{
    chain c = {.l = l, .count = count};
    assay_error err = {0};
    assert_int_equal(assay_pack_init(&c.pack, 500, 3 * PAIRS, &l->prefix, NULL), ASSAY_OK);
    for (int s = 0; s < count; s++) {
        const assay_slice slice = {s * LAYERS / count, (s + 1) * LAYERS / count};
        if (assay_program_slice(&c.programs[s], l->program, &slice, &err)) fail_msg("%s", err.text);
        const assay_engine_config config = {
            .program = c.programs[s],
            .kernels = l->kernels,
            .pool = l->pool,
            .bounds = {.rows = {500, 2 * PAIRS}, .longest_path = 300},
            .flights = how->flights,
            .stores = how->stores,
            .schedule = {.keep = ASSAY_KEEP_NEEDED, .replayed = how->replayed, .backward = true}};
        if (assay_engine_create(&c.engines[s], &config, &err)) fail_msg("%s", err.text);
        bind(c.engines[s], l, c.programs[s]);
    }
    return c;
}

static void chain_close(chain *c)
{
    for (int s = 0; s < c->count; s++) {
        assert_true(assay_engine_used_bytes(c->engines[s]) <= assay_engine_planned_bytes(c->engines[s]));
        assay_engine_free(c->engines[s]);
        assay_program_free(c->programs[s]);
    }
    assay_pack_release(&c->pack);
}

static const assay_geometry *pack_one(chain *c, size_t pair)
{
    assay_pack_clear(&c->pack);
    pack_pair(&c->pack, pair, true);
    return assay_pack_finish(&c->pack);
}

static void carry(const assay_view *from, const assay_view *to)
{
    size_t element = from->bf16 ? sizeof *from->bf16 : sizeof *from->data;
    assert_int_equal(from->rows, to->rows);
    assert_int_equal(from->cols, to->cols);
    assert_true(!from->bf16 == !to->bf16);
    memcpy(to->bf16 ? (void *)to->bf16 : (void *)to->data, from->bf16 ? (void *)from->bf16 : (void *)from->data,
           from->rows * from->cols * element);
}

static void forward(chain *c, size_t pair, int flight, float *rewards)
{
    const assay_geometry *geometry = pack_one(c, pair);
    assay_error err = {0};
    for (int s = 0; s < c->count; s++) {
        assay_engine_turn(c->engines[s], flight);
        if (s) {
            const assay_view from = assay_engine_value(c->engines[s - 1], c->programs[s - 1]->output),
                             to = assay_engine_inlet(c->engines[s], geometry);
            carry(&from, &to);
        }
        if (assay_engine_forward(c->engines[s], geometry, 42, 7, true, &err)) fail_msg("%s", err.text);
        assert_int_equal(assay_engine_rewards(c->engines[s]) != NULL, s + 1 == c->count);
    }
    memcpy(rewards, assay_engine_rewards(c->engines[c->count - 1]), 2 * sizeof *rewards);
}

static void derivatives(const float *rewards, float *d)
{
    d[0] = -1.0f / (1.0f + expf(rewards[0] - rewards[1]));
    d[1] = -d[0];
}

static void backward(chain *c, size_t pair, int flight, const float *rewards)
{
    const assay_geometry *geometry = pack_one(c, pair);
    float d[2];
    derivatives(rewards, d);
    for (int s = c->count; s-- > 0;) {
        assay_view gradient = {0};
        assert_int_equal(assay_engine_return(c->engines[s], flight, geometry, 42, 7, NULL), ASSAY_OK);
        if (s + 1 < c->count) gradient = assay_engine_inlet_gradient(c->engines[s + 1]);
        if (s + 1 < c->count && !gradient.data) return; /* nothing below is trained */
        if (s + 1 < c->count) {
            const assay_view seed = assay_engine_seed(c->engines[s]);
            carry(&gradient, &seed);
        }
        assert_int_equal(assay_engine_backward(c->engines[s], s + 1 < c->count ? NULL : d, NULL), ASSAY_OK);
    }
}

static void clear_gradients(const lab *l)
{
    for (size_t i = 0; i < l->program->param_count; i++)
        if (l->gradients[i])
            memset(l->gradients[i], 0, l->program->params[i].rows * l->program->params[i].cols * sizeof(float));
}

static uint64_t hash_gradients(const lab *l)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < l->program->param_count; i++) {
        const assay_param *p = &l->program->params[i];
        const uint32_t *bits = (const uint32_t *)(const void *)l->gradients[i];
        for (size_t j = 0; bits && j < p->rows * p->cols; j++) hash = (hash ^ bits[j]) * 1099511628211u;
    }
    return hash;
}

/* The lab's whole program, a pair at a time. */
static uint64_t run_whole(lab *l, float rewards[2 * PAIRS])
{
    const assay_engine_config config = {.program = l->program,
                                        .kernels = l->kernels,
                                        .pool = l->pool,
                                        .bounds = {.rows = {500, 2 * PAIRS}, .longest_path = 300},
                                        .schedule = {.keep = ASSAY_KEEP_NEEDED, .backward = true}};
    chain c = {.l = l, .count = 1, .programs = {l->program}};
    assert_int_equal(assay_pack_init(&c.pack, 500, 3 * PAIRS, &l->prefix, NULL), ASSAY_OK);
    assert_int_equal(assay_engine_create(&c.engines[0], &config, NULL), ASSAY_OK);
    bind(c.engines[0], l, l->program);
    clear_gradients(l);
    for (size_t pair = 0; pair < PAIRS; pair++) {
        forward(&c, pair, 0, rewards + 2 * pair);
        backward(&c, pair, 0, rewards + 2 * pair);
    }
    assay_engine_free(c.engines[0]);
    assay_pack_release(&c.pack);
    return hash_gradients(l);
}

/* As many forward passes as there are flights, then their backward passes. */
static uint64_t run_slices(lab *l, int count, const way *how, float rewards[2 * PAIRS])
{
    chain c = chain_open(l, count, how);
    clear_gradients(l);
    for (size_t first = 0; first < PAIRS; first += (size_t)how->flights) {
        size_t end = first + (size_t)how->flights < PAIRS ? first + (size_t)how->flights : PAIRS;
        for (size_t pair = first; pair < end; pair++) forward(&c, pair, (int)(pair - first), rewards + 2 * pair);
        for (size_t pair = first; pair < end; pair++) backward(&c, pair, (int)(pair - first), rewards + 2 * pair);
    }
    chain_close(&c);
    return hash_gradients(l);
}

static bool is_whole(const assay_architecture *arch)
{
    if (tests_are_thorough()) return true;
    return !TESTS_ARE_SANITIZED && (!strcmp(arch->name, "llama") || !strcmp(arch->name, "chatglm"));
}

/* Every way for two families; the others run what keeps most and what keeps least. */
static bool is_run(const assay_architecture *arch, size_t index, int count)
{
    if (is_whole(arch)) return true;
    return index == 1 ? count == LAYERS : index == 4 && count == 2;
}

static void check_family(const assay_architecture *arch, assay_tuning tuning, float dropout, bool bf16)
{
    static const way ways[] = {
        {1, 0, false}, {FLIGHTS, 0, false}, {FLIGHTS, LAYERS, false}, {FLIGHTS, 0, true}, {FLIGHTS, 2, true}};
    lab l = lab_open(arch, tuning, dropout, 2, best_kernels(), bf16);
    float whole[2 * PAIRS], now[2 * PAIRS];
    uint64_t hash = run_whole(&l, whole);
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++)
        for (int count = 2; count <= LAYERS; count++) {
            if (!is_run(arch, w, count)) continue;
            uint64_t found = run_slices(&l, count, &ways[w], now);
            if (found != hash) fail_msg("%s: other gradients in %d slices, way %zu", arch->name, count, w);
            assert_memory_equal(now, whole, sizeof whole);
        }
    lab_close(&l);
}

static void test_slices_have_the_bits_of_the_whole(void **state)
{
    static const assay_tuning tunings[] = {ASSAY_TUNE_LORA, ASSAY_TUNE_FULL, ASSAY_TUNE_HEAD};
    (void)state;
    for (size_t f = 0; assay_architecture_at(f) && (!f || !TESTS_ARE_SANITIZED || tests_are_thorough()); f++)
        for (size_t t = 0; t < 6; t++) {
            const assay_architecture *arch = assay_architecture_at(f);
            bool bf16 = t >= 3, lora = tunings[t % 3] == ASSAY_TUNE_LORA;
            if (is_whole(arch) || t == 1 || t == 3 || (t == 5 && TESTS_ARE_SANITIZED))
                check_family(arch, tunings[t % 3], lora ? 0.25f : 0, bf16);
        }
}

/* Every weight belongs to one slice, and the borders are where a layer begins. */
static void test_every_weight_has_its_slice(void **state)
{
    (void)state;
    for (size_t f = 0; assay_architecture_at(f); f++) {
        lab l = lab_open(assay_architecture_at(f), ASSAY_TUNE_FULL, 0, 1, best_kernels(), false);
        size_t found = 0;
        for (int s = 0; s < LAYERS; s++) {
            assay_program *slice;
            assert_int_equal(assay_program_slice(&slice, l.program, &(assay_slice){s, s + 1}, NULL), ASSAY_OK);
            for (size_t i = 0; i < slice->param_count; i++) found += !slice->params[i].absent;
            assay_program_free(slice);
        }
        assert_int_equal(found, l.program->param_count);
        assert_int_equal(assay_program_border(l.program, 0), -1);
        assert_int_equal(assay_program_border(l.program, LAYERS), -1);
        lab_close(&l);
    }
}

/* Two values of weights would have to cross. */
static void test_what_cannot_be_cut_is_refused(void **state)
{
    assay_error err = {0};
    assay_program *slice;
    (void)state;
    lab l = lab_open(assay_architecture_find("llama"), ASSAY_TUNE_FULL, 0, 1, best_kernels(), false);
    int low = assay_program_border(l.program, 1), high = assay_program_border(l.program, 2),
        y = assay_program_value(l.program, ASSAY_TOKENS, l.program->values[high].cols, 2, "both");
    const assay_step step = {.op = &assay_op_add,
                             .name = "both",
                             .layer = 2,
                             .inputs = 2,
                             .in = {{.value = low}, {.value = high}},
                             .outputs = 1,
                             .out = {y}};
    size_t steps = l.program->step_count, at = steps;
    assay_program_step(l.program, &step);
    while (l.program->steps[at - 1].layer >= 2) at--;
    assay_step last = l.program->steps[steps];
    memmove(&l.program->steps[at + 1], &l.program->steps[at], (steps - at) * sizeof last);
    l.program->steps[at] = last;
    for (size_t s = 0; s <= steps; s++)
        for (int i = 0; i < l.program->steps[s].outputs; i++)
            l.program->values[l.program->steps[s].out[i]].maker = (int)s;
    assert_true(assay_program_border(l.program, 1) >= 0);
    assert_int_equal(assay_program_border(l.program, 2), -1);
    assert_int_equal(assay_program_slice(&slice, l.program, &(assay_slice){0, 2}, &err), ASSAY_E_UNSUPPORTED);
    assert_null(slice);
    assert_int_equal(assay_program_slice(&slice, l.program, &(assay_slice){2, 2}, &err), ASSAY_E_UNSUPPORTED);
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slices_have_the_bits_of_the_whole),
        cmocka_unit_test(test_every_weight_has_its_slice),
        cmocka_unit_test(test_what_cannot_be_cut_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
