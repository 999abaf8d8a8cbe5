/* The contract of ops/op.h, by walking the list: every operation, in every row space and with all its attributes, for
 * every subset of wanted gradients, overwritten or added to, in every kernel set, in f32 and in bf16.
 *
 * Every operand lies between guard bytes and has a gap behind each row; memory that is to be written holds NaN before.
 * So what is written where nobody asked, not written where somebody did, or read before it was written is seen. An
 * operation without a case here fails by name. */
#include "op_cases.h"
#include "test_support.h"

#include "backend/gemm_bf16.h"
#include "base/alloc.h"
#include "base/rng.h"
#include "ops/op.h"
#include "packing/pack.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A text longer than a fold, a tile of keys and a block of queries; under the sanitizers than the last alone. */
enum { LONG = TESTS_ARE_SANITIZED ? 100 : 270, DIRECTIONS = TESTS_ARE_SANITIZED ? 1 : 3 };

enum { GUARD = 64, GAP = 3, BLANK = 0xff, WORKERS = 2 };

enum { CASES = sizeof cases / sizeof *cases };

/* Rows between guards and gaps, all BLANK but for the rows themselves. */
typedef struct sheet {
    unsigned char *block;
    size_t rows, cols, ld, width, bytes;
} sheet;

static sheet sheet_new(size_t rows, size_t cols, size_t gap, bool bf16)
{
    sheet s = {.rows = rows, .cols = cols, .ld = cols + gap, .width = bf16 ? sizeof(uint16_t) : sizeof(float)};
    s.bytes = rows * s.ld * s.width + 2 * (size_t)GUARD;
    s.block = assay_alloc(s.bytes, 1);
    assert_non_null(s.block);
    memset(s.block, BLANK, s.bytes);
    return s;
}

static void *sheet_row(const sheet *s, size_t row) { return s->block + GUARD + row * s->ld * s->width; }

static void sheet_put(const sheet *s, const float *from)
{
    for (size_t t = 0; t < s->rows; t++)
        for (size_t j = 0; j < s->cols; j++) {
            float value = from[t * s->cols + j];
            if (s->width == sizeof value) ((float *)sheet_row(s, t))[j] = value;
            else ((uint16_t *)sheet_row(s, t))[j] = assay_f32_to_bf16(value);
        }
}

static void sheet_get(const sheet *s, float *to)
{
    for (size_t t = 0; t < s->rows; t++)
        for (size_t j = 0; j < s->cols; j++)
            to[t * s->cols + j] = s->width == sizeof *to ? ((const float *)sheet_row(s, t))[j]
                                                         : assay_bf16_to_f32(((const uint16_t *)sheet_row(s, t))[j]);
}

/* Whether every byte that is no row's is as it was. */
static bool sheet_guards_hold(const sheet *s)
{
    bool hold = true;
    for (size_t i = 0; i < GUARD; i++) hold = hold && s->block[i] == BLANK && s->block[s->bytes - 1 - i] == BLANK;
    for (size_t t = 0; t < s->rows; t++) {
        const unsigned char *gap = (unsigned char *)sheet_row(s, t) + s->cols * s->width;
        for (size_t i = 0; i < (s->ld - s->cols) * s->width; i++) hold = hold && gap[i] == BLANK;
    }
    return hold;
}

static assay_view sheet_view(const sheet *s)
{
    assay_view view = {.rows = s->rows, .cols = s->cols, .ld = s->ld};
    if (s->width == sizeof(float)) view.data = sheet_row(s, 0);
    else view.bf16 = sheet_row(s, 0);
    return view;
}

/* What a case is run with; all values are bf16's, so that both precisions see the same operands. */
typedef struct lab {
    const op_case *c;
    const assay_kernels *kernels;
    bool bf16;
    assay_geometry geometry;
    assay_pool *pool;
    float *in[ASSAY_MAX_INPUTS], *param[MOST_WEIGHTS], *d_out;
    float *base_in[ASSAY_MAX_INPUTS], *base_param[MOST_WEIGHTS]; /* what gradients are added to */
    char what[200];                                              /* for messages */
} lab;

/* Whose gradients are wanted and which of the inputs' are added to: bit sets. in_place: backward writes d_in over
 * d_out, forward its output over input 0, where the operation says it can. */
typedef struct order {
    unsigned in, add, param;
    bool in_place;
} order;

typedef struct outcome {
    float *out, *d_in[ASSAY_MAX_INPUTS], *d_param[MOST_WEIGHTS];
} outcome;

static size_t rows_of(const lab *l, assay_space_id space) { return l->geometry.spaces[space].rows; }
static size_t in_count(const lab *l, int i) { return rows_of(l, l->c->shape.in_space[i]) * l->c->shape.in_cols[i]; }
static size_t out_count(const lab *l) { return rows_of(l, l->c->shape.out_space) * l->c->shape.out_cols[0]; }
static size_t param_count(const lab *l, int i) { return l->c->shape.param[i].rows * l->c->shape.param[i].cols; }

/* As programs have it: in bf16 runs the rows of all tokens are bf16, scored rows and angles are not. */
static bool stores_bf16(const lab *l, assay_space_id space, unsigned constant)
{
    return l->bf16 && space == ASSAY_TOKENS && !constant;
}

static float *draw(size_t count, uint64_t stream)
{
    assay_rng rng = {.seed = 19, .stream = stream};
    float *values = assay_alloc(count + 1, sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++) values[i] = assay_bf16_to_f32(assay_f32_to_bf16((float)assay_rng_normal(&rng)));
    return values;
}

static void check_guards(const lab *l, const order *o, const sheet *s, const char *whose)
{
    if (sheet_guards_hold(s)) return;
    fail_msg("%s, wanted in %x added %x param %x: %s is written beyond its columns or rows", l->what, o->in, o->add,
             o->param, whose);
}

static void check_unchanged(const lab *l, const order *o, const sheet *s, const float *wanted, const char *whose)
{
    float *now = assay_alloc(s->rows * s->cols, sizeof *now);
    sheet_get(s, now);
    if (memcmp(now, wanted, s->rows * s->cols * sizeof *now) != 0)
        fail_msg("%s, wanted in %x added %x param %x: %s is changed", l->what, o->in, o->add, o->param, whose);
    assay_free(now);
    check_guards(l, o, s, whose);
}

/* All memory of one call. */
typedef struct call {
    assay_op_attributes attr;
    assay_op_shape shape;
    assay_op_env env;
    assay_op_run run;
    assay_param_shape weights[MOST_WEIGHTS];
    assay_param_view views[MOST_WEIGHTS];
    sheet in[ASSAY_MAX_INPUTS], d_in[ASSAY_MAX_INPUTS], param[MOST_WEIGHTS], d_param[MOST_WEIGHTS], out, d_out,
        workspace, scratch;
} call;

/* 64-byte aligned memory of exactly that many bytes, as a sheet of one row. */
static sheet aligned_sheet(size_t bytes)
{
    sheet s = {.rows = 1, .cols = bytes, .ld = bytes, .width = 1, .bytes = bytes + 2 * (size_t)GUARD};
    void *block = NULL;
    assert_int_equal(posix_memalign(&block, GUARD, s.bytes), 0);
    s.block = block;
    memset(s.block, BLANK, s.bytes);
    return s;
}

static void call_open(call *c, const lab *l, const order *o, bool backward)
{
    const op_case *from = l->c;
    size_t scratch = assay_gemm_scratch_bytes(), scratch_bf16 = assay_gemm_bf16_scratch_bytes();
    *c = (call){.attr = from->attr, .shape = from->shape};
    c->attr.bf16 = l->bf16;
    c->shape.attr = &c->attr;
    for (int i = 0; i < from->shape.inputs; i++) c->shape.in_wants[i] = o->in >> i & 1u;
    for (int i = 0; i < from->shape.params; i++) {
        c->weights[i] = from->shape.param[i];
        c->weights[i].wants = o->param >> i & 1u;
    }
    c->shape.param = c->weights;
    assay_bounds bounds = {.rows = {rows_of(l, ASSAY_TOKENS), rows_of(l, ASSAY_SCORED)},
                           .longest_path = l->geometry.longest_path};
    c->workspace = aligned_sheet(from->op->workspace ? from->op->workspace(&c->shape, &bounds, WORKERS, backward) : 0);
    c->scratch = aligned_sheet((scratch > scratch_bf16 ? scratch : scratch_bf16) * WORKERS);
    c->env = (assay_op_env){.kernels = l->kernels,
                            .pool = l->pool,
                            .scratch = c->scratch.block + GUARD,
                            .geometry = &l->geometry,
                            .seed = 5,
                            .step = 9,
                            .training = true};
    c->run = (assay_op_run){.env = &c->env,
                            .attr = &c->attr,
                            .out_space = from->shape.out_space,
                            .param = c->views,
                            .workspace = c->workspace.block + GUARD};
    memcpy(c->run.in_space, from->shape.in_space, sizeof c->run.in_space);
}

/* Frozen matrices of a bf16 run are bf16: their values are, so no result may differ. */
static void call_params(call *c, const lab *l, const order *o, bool backward)
{
    for (int i = 0; i < c->shape.params; i++) {
        size_t rows = c->shape.param[i].rows, cols = c->shape.param[i].cols;
        bool wanted = o->param >> i & 1u, bf16 = l->bf16 && rows > 1 && !wanted;
        c->param[i] = sheet_new(rows, cols, 0, bf16);
        sheet_put(&c->param[i], l->param[i]);
        c->views[i] = (assay_param_view){
            .data = sheet_row(&c->param[i], 0), .dtype = bf16 ? ASSAY_BF16 : ASSAY_F32, .rows = rows, .cols = cols};
        if (!backward || !wanted) continue;
        c->d_param[i] = sheet_new(rows, cols, 0, false);
        sheet_put(&c->d_param[i], l->base_param[i]);
        c->views[i].gradient = sheet_row(&c->d_param[i], 0);
    }
}

static sheet input_sheet(const lab *l, int i, const float *values)
{
    assay_space_id space = l->c->shape.in_space[i];
    sheet s =
        sheet_new(rows_of(l, space), l->c->shape.in_cols[i], GAP, stores_bf16(l, space, l->c->constants >> i & 1u));
    sheet_put(&s, values);
    return s;
}

static sheet output_sheet(const lab *l)
{
    assay_space_id space = l->c->shape.out_space;
    return sheet_new(rows_of(l, space), l->c->shape.out_cols[0], GAP,
                     stores_bf16(l, space, l->c->op == &assay_op_angles));
}

static void sheet_free(sheet *s)
{
    if (s->width == 1) free(s->block); /* libc's, for its alignment */
    else assay_free(s->block);
    *s = (sheet){0};
}

static void call_close(call *c, const lab *l, const order *o)
{
    check_guards(l, o, &c->workspace, "the workspace");
    check_guards(l, o, &c->scratch, "the scratch");
    for (int i = 0; i < ASSAY_MAX_INPUTS; i++) {
        sheet_free(&c->in[i]);
        sheet_free(&c->d_in[i]);
    }
    for (int i = 0; i < c->shape.params; i++) {
        check_unchanged(l, o, &c->param[i], l->param[i], "a parameter");
        sheet_free(&c->param[i]);
        sheet_free(&c->d_param[i]);
    }
    sheet_free(&c->out);
    sheet_free(&c->d_out);
    sheet_free(&c->workspace);
    sheet_free(&c->scratch);
}

static void run_forward(const lab *l, bool in_place, float *out)
{
    order o = {.in_place = in_place};
    call c;
    call_open(&c, l, &o, false);
    call_params(&c, l, &o, false);
    for (int i = 0; i < c.shape.inputs; i++) {
        c.in[i] = input_sheet(l, i, l->in[i]);
        c.run.in[i] = sheet_view(&c.in[i]);
    }
    if (!in_place) c.out = output_sheet(l);
    const sheet *home = in_place ? &c.in[0] : &c.out;
    c.run.out[0] = sheet_view(home);
    l->c->op->forward(&c.run);
    for (int i = in_place; i < c.shape.inputs; i++) check_unchanged(l, &o, &c.in[i], l->in[i], "an input");
    check_guards(l, &o, home, "the output");
    sheet_get(home, out);
    for (size_t i = 0; i < out_count(l); i++)
        if (!isfinite(out[i])) fail_msg("%s: element %zu of the output is not written", l->what, i);
    call_close(&c, l, &o);
}

/* Operands that backward did not ask for are not there. */
static void backward_inputs(call *c, const lab *l, const order *o, const float *out)
{
    unsigned reads = l->c->op->reads(&c->shape);
    for (int i = 0; i < c->shape.inputs; i++) {
        size_t rows = rows_of(l, c->shape.in_space[i]), cols = c->shape.in_cols[i];
        bool takes_over = o->in_place && l->c->op->passes_gradient == i;
        if (reads & ASSAY_READS_IN(i)) {
            c->in[i] = input_sheet(l, i, l->in[i]);
            c->run.in[i] = sheet_view(&c->in[i]);
        }
        if (!(o->in >> i & 1u)) continue;
        c->run.add[i] = o->add >> i & 1u;
        if (!takes_over) c->d_in[i] = sheet_new(rows, cols, GAP, false);
        if (c->run.add[i]) sheet_put(&c->d_in[i], l->base_in[i]);
        c->run.d_in[i] = sheet_view(takes_over ? &c->d_out : &c->d_in[i]);
    }
    if (!(reads & ASSAY_READS_OUT(0))) return;
    c->out = output_sheet(l);
    sheet_put(&c->out, out);
    c->run.out[0] = sheet_view(&c->out);
}

static void take_gradients(const call *c, const lab *l, const order *o, outcome *result)
{
    for (int i = 0; i < c->shape.inputs; i++) {
        if (c->in[i].block) check_unchanged(l, o, &c->in[i], l->in[i], "an input");
        if (!(o->in >> i & 1u)) continue;
        const sheet *home = c->d_in[i].block ? &c->d_in[i] : &c->d_out;
        check_guards(l, o, home, "an input's gradient");
        sheet_get(home, result->d_in[i]);
        for (size_t j = 0; j < in_count(l, i); j++)
            if (!isfinite(result->d_in[i][j]))
                fail_msg("%s, wanted in %x added %x param %x: element %zu of input %d's gradient is not written",
                         l->what, o->in, o->add, o->param, j, i);
    }
    for (int i = 0; i < c->shape.params; i++) {
        if (!(o->param >> i & 1u)) continue;
        check_guards(l, o, &c->d_param[i], "a parameter's gradient");
        sheet_get(&c->d_param[i], result->d_param[i]);
    }
}

static void run_backward(const lab *l, const order *o, const float *out, outcome *result)
{
    call c;
    call_open(&c, l, o, true);
    call_params(&c, l, o, true);
    c.d_out = sheet_new(rows_of(l, l->c->shape.out_space), l->c->shape.out_cols[0], GAP, false);
    sheet_put(&c.d_out, l->d_out);
    c.run.d_out[0] = sheet_view(&c.d_out);
    backward_inputs(&c, l, o, out);
    l->c->op->backward(&c.run);
    take_gradients(&c, l, o, result);
    if (l->c->op->passes_gradient < 0) check_unchanged(l, o, &c.d_out, l->d_out, "d_out");
    else check_guards(l, o, &c.d_out, "d_out");
    if (c.out.block) check_unchanged(l, o, &c.out, out, "the output");
    call_close(&c, l, o);
}

static outcome outcome_new(const lab *l)
{
    outcome result = {.out = assay_alloc(out_count(l), sizeof(float))};
    for (int i = 0; i < l->c->shape.inputs; i++) result.d_in[i] = assay_alloc(in_count(l, i), sizeof(float));
    for (int i = 0; i < l->c->shape.params; i++) result.d_param[i] = assay_alloc(param_count(l, i), sizeof(float));
    return result;
}

static void outcome_free(outcome *result)
{
    assay_free(result->out);
    for (int i = 0; i < ASSAY_MAX_INPUTS; i++) assay_free(result->d_in[i]);
    for (int i = 0; i < MOST_WEIGHTS; i++) assay_free(result->d_param[i]);
}

static order everything(const op_case *c)
{
    return (order){.in = ((1u << c->shape.inputs) - 1) & ~c->constants, .param = (1u << c->shape.params) - 1};
}

/* The whole of one kernel set and precision. */
static outcome run_all(const lab *l)
{
    outcome result = outcome_new(l);
    order all = everything(l->c);
    run_forward(l, false, result.out);
    if (l->c->op->backward) run_backward(l, &all, result.out, &result);
    return result;
}

static double norm_of(const float *x, size_t n)
{
    double squares = 0;
    for (size_t i = 0; i < n; i++) squares += (double)x[i] * (double)x[i];
    return sqrt(squares);
}

/* Added gradients are base + gradient, up to the rounding of a sum whose parts may be added one by one: 32 roundings
 * of 2^-24 at the size of what is added up. A gradient that is lost or written over the base is off by its own size. */
static void check_added(const lab *l, const order *o, int i, const float *got, const float *gradient)
{
    double size = norm_of(gradient, in_count(l, i)) / sqrt((double)in_count(l, i));
    for (size_t j = 0; j < in_count(l, i); j++) {
        double base = (double)l->base_in[i][j], wanted = base + (double)gradient[j];
        if (fabs((double)got[j] - wanted) <= 0x1p-19 * (fabs(base) + fabs((double)gradient[j]) + size)) continue;
        fail_msg("%s, wanted in %x added %x param %x: element %zu of input %d's gradient is %g, not %g + %g", l->what,
                 o->in, o->add, o->param, j, i, (double)got[j], base, (double)gradient[j]);
    }
}

/* Whatever else is wanted, what is wanted has the bits it has when all is. */
static void check_order(const lab *l, const order *o, const outcome *all)
{
    outcome got = outcome_new(l);
    run_backward(l, o, all->out, &got);
    for (int i = 0; i < l->c->shape.inputs; i++) {
        if (!(o->in >> i & 1u)) continue;
        if (o->add >> i & 1u) check_added(l, o, i, got.d_in[i], all->d_in[i]);
        else if (memcmp(got.d_in[i], all->d_in[i], in_count(l, i) * sizeof(float)) != 0)
            fail_msg("%s, wanted in %x added %x param %x: input %d's gradient has other bits", l->what, o->in, o->add,
                     o->param, i);
    }
    for (int i = 0; i < l->c->shape.params; i++)
        if ((o->param >> i & 1u) && memcmp(got.d_param[i], all->d_param[i], param_count(l, i) * sizeof(float)) != 0)
            fail_msg("%s, wanted in %x added %x param %x: parameter %d's gradient has other bits", l->what, o->in,
                     o->add, o->param, i);
    outcome_free(&got);
}

static void check_orders(const lab *l, const outcome *all)
{
    order most = everything(l->c);
    int passed = l->c->op->passes_gradient;
    for (unsigned in = 0; in <= most.in; in++)
        for (unsigned param = 0; param <= most.param; param++)
            for (unsigned add = 0; add <= in; add++) {
                order o = {.in = in, .add = add, .param = param};
                if ((in & ~most.in) || (add & ~in) || (!in && !param)) continue;
                check_order(l, &o, all);
                o.in_place = passed >= 0 && (in >> passed & 1u) && !(add >> passed & 1u);
                if (o.in_place) check_order(l, &o, all);
            }
    if (!l->c->op->in_place) return;
    float *out = assay_alloc(out_count(l), sizeof *out);
    run_forward(l, true, out);
    if (memcmp(out, all->out, out_count(l) * sizeof *out) != 0) fail_msg("%s: other bits in place", l->what);
    assay_free(out);
}

/* What a comparison is about, for its message. */
static void compare(const lab *l, const outcome *a, const outcome *b,
                    void (*one)(const lab *l, const char *whose, const float *a, const float *b, size_t count))
{
    char whose[40];
    order all = everything(l->c);
    one(l, "output", a->out, b->out, out_count(l));
    for (int i = 0; l->c->op->backward && i < l->c->shape.inputs; i++) {
        snprintf(whose, sizeof whose, "gradient of input %d", i);
        if (all.in >> i & 1u) one(l, whose, a->d_in[i], b->d_in[i], in_count(l, i));
    }
    for (int i = 0; l->c->op->backward && i < l->c->shape.params; i++) {
        snprintf(whose, sizeof whose, "gradient of parameter %d", i);
        one(l, whose, a->d_param[i], b->d_param[i], param_count(l, i));
    }
}

static void same_bits(const lab *l, const char *whose, const float *a, const float *b, size_t count)
{
    if (memcmp(a, b, count * sizeof *a) != 0)
        fail_msg("%s: the %s has other bits than the plain set's", l->what, whose);
}

/* An element of a bf16 run goes through at most four roundings of 2^-9: of what is between two products (the adapter's
 * u, probabilities, ds), of a second such, of the result, and of sums that carry those on; in all 2^-7 of the tensor's
 * size. For a single element, whose errors need not average out, four times as much beside its own size. */
static void near_in_bf16(const lab *l, const char *whose, const float *got, const float *exact, size_t count)
{
    double squares = 0, norm = norm_of(exact, count), size = norm / sqrt((double)count);
    for (size_t j = 0; j < count; j++) {
        double apart = fabs((double)got[j] - (double)exact[j]);
        squares += apart * apart;
        if (!(apart <= 0x1p-5 * (fabs((double)exact[j]) + size)))
            fail_msg("%s: element %zu of the %s is %g, in f32 %g", l->what, j, whose, (double)got[j], (double)exact[j]);
    }
    if (sqrt(squares) > 0x1p-7 * norm)
        fail_msg("%s: the %s is %g of %g apart from f32", l->what, whose, sqrt(squares), norm);
}

/* sum of d_out * forward(operands), with `values` moved by `step` times `direction` */
static double loss_moved(const lab *l, float *values, const float *direction, size_t count, double step)
{
    float *kept = assay_alloc(count, sizeof *kept), *out = assay_alloc(out_count(l), sizeof *out);
    double loss = 0;
    memcpy(kept, values, count * sizeof *kept);
    for (size_t j = 0; j < count; j++) values[j] += (float)step * direction[j];
    run_forward(l, false, out);
    for (size_t j = 0; j < out_count(l); j++) loss += (double)out[j] * (double)l->d_out[j];
    memcpy(values, kept, count * sizeof *kept);
    assay_free(kept);
    assay_free(out);
    return loss;
}

/* Random directions, not the gradient's own: there an error at right angles to it would not show. The stencil's error
 * is of the fourth power of its step (2^-20), the rounding of f32 outputs divided by the step is 2^-19 of the
 * gradient's length, which a random direction's slope is measured by. 2^-10 leaves room for the fifth derivative of a
 * softmax; an error of 1 % of the gradient, whatever its direction, passes one direction in ten. */
static void check_slope(const lab *l, const char *whose, int index, float *values, const float *gradient, size_t count)
{
    double h = 0x1p-5, length = norm_of(gradient, count);
    for (uint64_t d = 0; d < DIRECTIONS; d++) {
        float *direction = draw(count, 900 + d);
        double slope = 8 * (loss_moved(l, values, direction, count, h) - loss_moved(l, values, direction, count, -h)),
               wanted = 0;
        slope -= loss_moved(l, values, direction, count, 2 * h) - loss_moved(l, values, direction, count, -2 * h);
        slope /= 12 * h;
        for (size_t j = 0; j < count; j++) wanted += (double)gradient[j] * (double)direction[j];
        assay_free(direction);
        if (fabs(slope - wanted) > 0x1p-10 * length)
            fail_msg("%s: along random direction %d of %s %d the loss rises by %g, the gradient (of length %g) says %g",
                     l->what, (int)d, whose, index, slope, length, wanted);
    }
}

/* Parameters' gradients stand on top of what they were added to. */
static void check_differences(const lab *l, const outcome *all)
{
    order most = everything(l->c);
    for (int i = 0; i < l->c->shape.inputs; i++)
        if (most.in >> i & 1u) check_slope(l, "input", i, l->in[i], all->d_in[i], in_count(l, i));
    for (int i = 0; i < l->c->shape.params; i++) {
        float *gradient = assay_alloc(param_count(l, i), sizeof *gradient);
        for (size_t j = 0; j < param_count(l, i); j++) gradient[j] = all->d_param[i][j] - l->base_param[i][j];
        check_slope(l, "parameter", i, l->param[i], gradient, param_count(l, i));
        assay_free(gradient);
    }
}

static void label(lab *l)
{
    snprintf(l->what, sizeof l->what, "%s (%s), kernels %s, %s", l->c->op->name, l->c->name, l->kernels->name,
             l->bf16 ? "bf16" : "f32");
}

/* A bf16 number stays one. */
static void keep_from_zero(float *values, size_t count)
{
    for (size_t j = 0; j < count; j++)
        values[j] = assay_bf16_to_f32(assay_f32_to_bf16(values[j] + copysignf(0.5f, values[j])));
}

static void lab_operands(lab *l)
{
    for (int i = 0; i < l->c->shape.inputs; i++) {
        l->in[i] = draw(in_count(l, i), 10 + (uint64_t)i);
        if (l->c->kinked) keep_from_zero(l->in[i], in_count(l, i));
        l->base_in[i] = draw(in_count(l, i), 20 + (uint64_t)i);
    }
    for (int i = 0; i < l->c->shape.params; i++) {
        l->param[i] = draw(param_count(l, i), 30 + (uint64_t)i);
        l->base_param[i] = draw(param_count(l, i), 40 + (uint64_t)i);
    }
    l->d_out = draw(out_count(l), 50);
}

static void lab_release(lab *l)
{
    for (int i = 0; i < ASSAY_MAX_INPUTS; i++) {
        assay_free(l->in[i]);
        assay_free(l->base_in[i]);
    }
    for (int i = 0; i < MOST_WEIGHTS; i++) {
        assay_free(l->param[i]);
        assay_free(l->base_param[i]);
    }
    assay_free(l->d_out);
}

static void check_case(const op_case *c, const assay_geometry *geometry, assay_pool *pool)
{
    lab l = {.c = c, .geometry = *geometry, .pool = pool, .kernels = assay_kernels_at(0)};
    assay_op_shape shape = c->shape;
    assay_error err = {0};
    shape.attr = &c->attr;
    if (c->op->check(&shape, &err) != ASSAY_OK) fail_msg("%s (%s): %s", c->op->name, c->name, err.text);
    lab_operands(&l);
    label(&l);
    outcome exact = run_all(&l);
    for (size_t set = 0; assay_kernels_at(set); set++)
        for (int bf16 = 0; bf16 < 2; bf16++) {
            l.kernels = assay_kernels_at(set);
            l.bf16 = bf16;
            label(&l);
            print_message("%s\n", l.what); /* the last line before a crash names its culprit */
            outcome all = run_all(&l);
            compare(&l, &all, &exact, bf16 ? near_in_bf16 : same_bits);
            if (c->op->backward) check_orders(&l, &all);
            if (c->op->backward && !bf16 && !assay_kernels_at(set + 1)) check_differences(&l, &all);
            outcome_free(&all);
        }
    outcome_free(&exact);
    lab_release(&l);
}

/* Trees of every kind: a prompt with answers, texts alone, a path of three segments, a segment nobody scores. With a
 * prefix it ends within the prompts, and in the long text behind the first tile of keys. */
static void pack_trees(assay_pack *pack)
{
    int32_t ids[LONG], text[LONG];
    assay_rng rng = {.seed = 23};
    for (size_t i = 0; i < LONG; i++) ids[i] = (int32_t)assay_rng_below(&rng, VOCAB - 1);
    memcpy(text, ids, sizeof text);
    if (pack->prefix.on) ids[2] = ids[3] = text[LONG - 20] = pack->prefix.end;
    assay_pack_tree(pack, 70);
    int prompt = assay_pack_segment(pack, ids, 5, -1, false);
    assay_pack_segment(pack, ids + 5, 7, prompt, true);
    assay_pack_segment(pack, ids + 12, 4, prompt, true);
    assay_pack_tree(pack, 2);
    assay_pack_segment(pack, text, LONG, -1, true);
    assay_pack_tree(pack, 31);
    prompt = assay_pack_segment(pack, ids + 3, 1, -1, false);
    int middle = assay_pack_segment(pack, ids + 8, 2, prompt, true);
    assay_pack_segment(pack, ids + 20, 3, prompt, false);
    assay_pack_segment(pack, ids + 30, 3, middle, true);
    assay_pack_tree(pack, 4);
    assay_pack_segment(pack, ids + 40, 1, -1, true);
}

static void check_cases(const assay_prefix_rule *prefix, assay_pool *pool)
{
    assay_pack pack;
    assert_int_equal(assay_pack_init(&pack, LONG + 40, 12, prefix, NULL), ASSAY_OK);
    pack_trees(&pack);
    const assay_geometry *geometry = assay_pack_finish(&pack);
    for (size_t c = 0; c < CASES; c++)
        if (cases[c].prefix == (prefix != NULL)) check_case(&cases[c], geometry, pool);
    assay_pack_release(&pack);
}

static void test_every_operation_keeps_the_contract(void **state)
{
    static const assay_prefix_rule prefix = {.on = true, .end = VOCAB - 1, .mark = {1, 2}};
    assay_pool *pool;
    (void)state;
    assert_int_equal(assay_pool_create(&pool, WORKERS, NULL), ASSAY_OK);
    check_cases(NULL, pool);
    check_cases(&prefix, pool);
    assay_pool_destroy(pool);
}

static void test_every_operation_has_a_case(void **state)
{
    (void)state;
    for (size_t i = 0; assay_op_at(i); i++) {
        bool found = false;
        for (size_t c = 0; c < CASES; c++) found = found || cases[c].op == assay_op_at(i);
        if (!found) fail_msg("the operation %s has no case in tests/op_cases.h", assay_op_at(i)->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_operation_has_a_case),
        cmocka_unit_test(test_every_operation_keeps_the_contract),
    };
    return cmocka_run_group_tests_name("op_contract", tests, NULL, NULL);
}
