/* Programs as a mixture of experts is one: an operation with more weights than any present family's has, and a value of
 * which every expert reads a column. Gradients by central differences; no schedule and no thread count changes a bit.
 */
#include "test_support.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "engine/engine.h"
#include "packing/pack.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { EXPERTS = 100, COLUMNS = 40, WIDTH = 8, VOCAB = 20, TOKENS = 12, MOST = 2 * EXPERTS };

/* ---- y = x + p w: in 0 is x, in 1 the experts' shares p [T, E], weight e is w's row e ---- */

static assay_status mixture_check(const assay_op_shape *shape, assay_error *err)
{
    if (shape->in_cols[1] == (size_t)shape->params && shape->in_cols[0] == shape->out_cols[0]) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "%zu shares for %d experts", shape->in_cols[1], shape->params);
}

static unsigned mixture_reads(const assay_op_shape *shape)
{
    bool wanted = false;
    for (int e = 0; e < shape->params; e++) wanted = wanted || shape->param[e].wants;
    return wanted ? ASSAY_READS_IN(1) : 0;
}

static const float *expert(const assay_op_run *run, size_t e) { return run->param[e].data; }

static void mixture_forward(const assay_op_run *run)
{
    const assay_view *x = &run->in[0], *p = &run->in[1], *y = &run->out[0];
    for (size_t t = 0; t < y->rows; t++) {
        memcpy(y->data + t * y->ld, x->data + t * x->ld, y->cols * sizeof(float));
        for (size_t e = 0; e < p->cols; e++)
            for (size_t j = 0; j < y->cols; j++) y->data[t * y->ld + j] += p->data[t * p->ld + e] * expert(run, e)[j];
    }
}

static void put(const assay_op_run *run, int input, size_t row, size_t col, float value)
{
    const assay_view *to = &run->d_in[input];
    float *place = to->data + row * to->ld + col;
    *place = run->add[input] ? *place + value : value;
}

static void mixture_backward(const assay_op_run *run)
{
    const assay_view *p = &run->in[1], *dy = &run->d_out[0];
    size_t experts = run->d_in[1].cols;
    for (size_t t = 0; t < dy->rows; t++) {
        const float *row = dy->data + t * dy->ld;
        for (size_t j = 0; j < dy->cols; j++) put(run, 0, t, j, row[j]);
        for (size_t e = 0; e < experts; e++) {
            float sum = 0;
            for (size_t j = 0; j < dy->cols; j++) sum += row[j] * expert(run, e)[j];
            put(run, 1, t, e, sum);
            for (size_t j = 0; j < dy->cols; j++) run->param[e].gradient[j] += p->data[t * p->ld + e] * row[j];
        }
    }
}

static const assay_op mixture = {.name = "mixture",
                                 .passes_gradient = -1,
                                 .check = mixture_check,
                                 .reads = mixture_reads,
                                 .forward = mixture_forward,
                                 .backward = mixture_backward};

/* ---- the program ---- */

static int weight(assay_program *program, const char *name, int number, size_t rows, size_t cols)
{
    char text[64];
    snprintf(text, sizeof text, "%s.%d.weight", name, number);
    return assay_program_param(program, &(assay_param){.name = text, .rows = rows, .cols = cols, .trained = true});
}

/* residual -1: none. */
static int linear(assay_program *program, const char *name, int number, assay_operand x, assay_space_id space,
                  size_t out, int residual)
{
    int layer = number < 0 ? -1 : 0, y = assay_program_value(program, space, out, layer, name);
    size_t cols = x.cols ? x.cols : program->values[x.value].cols;
    assay_step step = {.op = &assay_op_linear,
                       .name = name,
                       .layer = layer,
                       .inputs = residual < 0 ? 1 : 2,
                       .in = {x, {residual, 0, 0}},
                       .outputs = 1,
                       .out = {y},
                       .param = (const int[]){weight(program, name, number, out, cols)},
                       .params = 1};
    step.attr.residual = residual >= 0;
    assay_program_step(program, &step);
    return y;
}

static int embed(assay_program *program)
{
    int x = assay_program_value(program, ASSAY_TOKENS, WIDTH, -1, "x");
    assay_step step = {.op = &assay_op_embedding,
                       .name = "embedding",
                       .layer = -1,
                       .outputs = 1,
                       .out = {x},
                       .param = (const int[]){weight(program, "embedding", 0, VOCAB, WIDTH)},
                       .params = 1};
    assay_program_step(program, &step);
    return x;
}

static int mix(assay_program *program, int x)
{
    int params[EXPERTS], y = assay_program_value(program, ASSAY_TOKENS, WIDTH, 0, "mixed");
    int shares = linear(program, "router", 0, (assay_operand){x, 0, 0}, ASSAY_TOKENS, EXPERTS, -1);
    for (int e = 0; e < EXPERTS; e++) params[e] = weight(program, "expert", e, 1, WIDTH);
    assay_step step = {.op = &mixture,
                       .name = "mixture",
                       .layer = 0,
                       .inputs = 2,
                       .in = {{x, 0, 0}, {shares, 0, 0}},
                       .outputs = 1,
                       .out = {y},
                       .param = params,
                       .params = EXPERTS};
    assay_program_step(program, &step);
    return y;
}

/* Every column of one value is read by two experts of one weight, one behind the other: the second adds to the first's
 * gradient, and to nobody else's. */
static int mix_by_columns(assay_program *program, int x)
{
    int shares = linear(program, "columns", 0, (assay_operand){x, 0, 0}, ASSAY_TOKENS, COLUMNS, -1), y = x;
    for (int e = 0; e < 2 * COLUMNS; e++) {
        assay_operand column = {shares, (size_t)e % COLUMNS, 1};
        y = linear(program, "column", e, column, ASSAY_TOKENS, WIDTH, y);
    }
    return y;
}

static assay_program *write_program(void)
{
    assay_program *program;
    assay_error err = {0};
    assert_int_equal(assay_program_create(&program, &err), ASSAY_OK);
    program->layers = 1;
    int y = mix_by_columns(program, mix(program, embed(program)));
    int last = assay_program_value(program, ASSAY_SCORED, WIDTH, 1, "last");
    assay_step gather = {.op = &assay_op_gather,
                         .name = "gather",
                         .layer = 1,
                         .inputs = 1,
                         .in = {{y, 0, 0}},
                         .outputs = 1,
                         .out = {last}};
    assay_program_step(program, &gather);
    program->output = linear(program, "head", 0, (assay_operand){last, 0, 0}, ASSAY_SCORED, 1, -1);
    if (assay_program_verify(program, &err)) fail_msg("%s", err.text);
    return program;
}

/* ---- running it ---- */

typedef struct lab {
    assay_program *program;
    float *weights[MOST], *gradients[MOST];
    float rewards[2];
} lab;

static size_t count_of(const lab *l, size_t i) { return l->program->params[i].rows * l->program->params[i].cols; }

static lab lab_open(void)
{
    lab l = {.program = write_program()};
    assert_true(l.program->param_count <= MOST && l.program->most_params == EXPERTS);
    for (size_t i = 0; i < l.program->param_count; i++) {
        assay_rng rng = {.seed = 3, .stream = i};
        l.weights[i] = assay_alloc(count_of(&l, i), sizeof(float));
        l.gradients[i] = assay_alloc(count_of(&l, i), sizeof(float));
        for (size_t j = 0; j < count_of(&l, i); j++) l.weights[i][j] = (float)(assay_rng_normal(&rng) * 0.3);
    }
    return l;
}

static void lab_close(lab *l)
{
    for (size_t i = 0; i < l->program->param_count; i++) {
        assay_free(l->weights[i]);
        assay_free(l->gradients[i]);
    }
    assay_program_free(l->program);
}

static void pack_texts(assay_pack *pack)
{
    int32_t ids[TOKENS];
    for (int32_t i = 0; i < TOKENS; i++) ids[i] = i * 7 % VOCAB;
    assert_int_equal(assay_pack_init(pack, TOKENS, 2, NULL, NULL), ASSAY_OK);
    assay_pack_tree(pack, 0);
    assay_pack_segment(pack, ids, 5, -1, true);
    assay_pack_segment(pack, ids + 5, TOKENS - 5, -1, true);
}

/* The loss is the first reward less the second. */
static void run(lab *l, assay_keep keep, int replayed, int threads)
{
    assay_error err = {0};
    assay_engine *engine;
    assay_pool *pool;
    assay_pack pack;
    const assay_kernels *kernels = NULL;
    assert_int_equal(assay_kernels_select(&kernels, NULL, NULL), ASSAY_OK);
    assert_int_equal(assay_pool_create(&pool, threads, NULL), ASSAY_OK);
    assay_engine_config config = {.program = l->program,
                                  .kernels = kernels,
                                  .pool = pool,
                                  .bounds = {.rows = {TOKENS, 2}, .longest_path = TOKENS},
                                  .schedule = {.keep = keep, .replayed = replayed, .backward = true}};
    if (assay_engine_create(&engine, &config, &err)) fail_msg("%s", err.text);
    for (size_t i = 0; i < l->program->param_count; i++) {
        assay_param_view view = {.data = l->weights[i],
                                 .dtype = ASSAY_F32,
                                 .rows = l->program->params[i].rows,
                                 .cols = l->program->params[i].cols,
                                 .gradient = l->gradients[i]};
        memset(l->gradients[i], 0, count_of(l, i) * sizeof(float));
        assay_engine_bind(engine, (int)i, &view);
    }
    pack_texts(&pack);
    if (assay_engine_forward(engine, assay_pack_finish(&pack), 1, 1, true, &err)) fail_msg("%s", err.text);
    memcpy(l->rewards, assay_engine_rewards(engine), sizeof l->rewards);
    assert_int_equal(assay_engine_backward(engine, (const float[]){1, -1}, NULL), ASSAY_OK);
    assert_true(assay_engine_used_bytes(engine) <= assay_engine_planned_bytes(engine));
    assay_engine_free(engine);
    assay_pack_release(&pack);
    assay_pool_destroy(pool);
}

static double loss_moved(lab *l, size_t param, size_t element, float by)
{
    float kept = l->weights[param][element];
    l->weights[param][element] = kept + by;
    run(l, ASSAY_KEEP_NEEDED, 0, 1);
    l->weights[param][element] = kept;
    return (double)l->rewards[0] - (double)l->rewards[1];
}

/* One element of every weight. Rewards are of the order of 1, of float32: a difference over 2^-5 of them is right to
 * some 1e-5, and the program is linear in any one weight, so a central difference has no error of its
 * own. */
static void gradients_are_slopes(void **state)
{
    (void)state;
    lab l = lab_open(), honest = lab_open();
    run(&honest, ASSAY_KEEP_NEEDED, 0, 1);
    for (size_t i = 0; i < l.program->param_count; i++) {
        size_t element = i ? i % count_of(&l, i) : 7 * WIDTH; /* of a token that is read */
        double slope = (loss_moved(&l, i, element, 0x1p-6f) - loss_moved(&l, i, element, -0x1p-6f)) / 0x1p-5;
        double gradient = (double)honest.gradients[i][element];
        if (fabs(slope - gradient) > 1e-3)
            fail_msg("%s[%zu]: slope %g, gradient %g", l.program->params[i].name, element, slope, gradient);
    }
    lab_close(&l);
    lab_close(&honest);
}

static void no_schedule_changes_a_bit(void **state)
{
    (void)state;
    lab l = lab_open(), other = lab_open();
    run(&l, ASSAY_KEEP_EVERYTHING, 0, 1);
    for (int c = 0; c < 4; c++) {
        run(&other, ASSAY_KEEP_NEEDED, c & 1, 1 + (c >> 1));
        assert_memory_equal(l.rewards, other.rewards, sizeof l.rewards);
        for (size_t i = 0; i < l.program->param_count; i++)
            assert_memory_equal(l.gradients[i], other.gradients[i], count_of(&l, i) * sizeof(float));
    }
    lab_close(&l);
    lab_close(&other);
}

/* Two readers whose columns meet, however many readers there are. */
static void overlapping_columns_are_refused(void **state)
{
    (void)state;
    assay_program *program = write_program();
    assay_error err = {0};
    assay_operand *last = NULL;
    for (size_t s = 0; s < program->step_count; s++)
        if (!strcmp(program->steps[s].name, "column")) last = &program->steps[s].in[0];
    assert_non_null(last);
    last->col--;
    assert_int_equal(assay_program_verify(program, &err), ASSAY_OK); /* the column before, a third time */
    for (size_t s = 0; s < program->step_count; s++)
        if (!strcmp(program->steps[s].name, "column") && program->steps[s].in[0].col == COLUMNS - 1)
            program->steps[s].in[0].col--;
    assert_int_equal(assay_program_verify(program, &err), ASSAY_E_FORMAT);
    assert_non_null(strstr(err.text, "39 of its 40 columns"));
    last->col = COLUMNS - 2;
    last->cols = 2;
    assert_int_equal(assay_program_verify(program, &err), ASSAY_E_FORMAT);
    assay_program_free(program);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_slopes),
        cmocka_unit_test(no_schedule_changes_a_bit),
        cmocka_unit_test(overlapping_columns_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
