/* One kernel of the table (backend/kernels.h) at a time: its definition in double, the same bits in every set, nothing
 * written but what it says, on inputs of many lengths and sizes. A failure names kernel, set, length and input. A
 * kernel brings two functions: `run` calls it, `define` says what each element of its outputs then is. */
#ifndef KERNEL_TRIAL_H
#define KERNEL_TRIAL_H

#include "test_support.h"

#include "backend/kernels.h"
#include "base/alloc.h"
#include "base/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { GUARD = 64, OUTPUTS = 3, MOST = 2048 };

/* An output: begins as random numbers between guards, all of which stay where the kernel has no business. */
typedef struct output {
    float before[GUARD], data[MOST], behind[GUARD];
} output;

typedef struct operands {
    const float *x, *y, *z; /* z: of moderate size whatever the kind of input */
    size_t n;
} operands;

/* The definition of an element in double, and the size that its error is measured by. */
typedef struct defined {
    double value[MOST], size[MOST];
} defined;

static void define(defined *d, size_t i, double value, double size)
{
    d->value[i] = value;
    d->size[i] = size;
}

static double at(const float *x, size_t i) { return (double)x[i]; }

/* What f32 keeps of a sigmoid beyond e^-80 is not measured. */
static const double FAINT = 1e-30;

typedef struct row_kernel {
    const char *name;
    void (*run)(const assay_kernels *k, const operands *o, output out[OUTPUTS]);
    void (*define)(const operands *o, defined d[OUTPUTS]);
    double roundings; /* that an element goes through, each of 2^-24 of its size; of sums over a row beside n / 16 */
    bool sums;
} row_kernel;

static void fill(float *x, size_t n, uint64_t stream, int kind)
{
    assay_rng rng = {.seed = 7, .stream = stream};
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)assay_rng_normal(&rng);
        if (kind == 1) x[i] *= (float)pow(2.0, (double)assay_rng_below(&rng, 40) - 20.0);
        if (kind == 2) x[i] = i % 3 ? -80.0f : 80.0f;
    }
}

static const char *const kinds[] = {"normal numbers", "numbers of all sizes", "plus and minus 80"};
static const double NOBODYS = -1; /* the size of an element that the kernel must leave as it was */

typedef struct trial {
    const row_kernel *kernel;
    const assay_kernels *set;
    size_t n;
    int kind;
} trial;

/* A sum over a row in 16 lanes is n / 16 roundings long. What is only moved (size 0) is exact. */
static void check_element(const trial *t, int out, size_t i, float got, float before, const defined *d)
{
    double roundings = t->kernel->roundings + (t->kernel->sums ? (double)t->n / 16 : 0),
           tolerance = roundings * 0x1p-24 * d->size[i];
    bool sound = d->size[i] < 0 ? memcmp(&got, &before, sizeof got) == 0
                                : (double)got == d->value[i] || fabs((double)got - d->value[i]) <= tolerance;
    if (sound) return;
    fail_msg("kernel %s, set %s, n = %zu, %s: element %zu of output %d is %.9g, not %.9g%s", t->kernel->name,
             t->set->name, t->n, kinds[t->kind], i, out, (double)got, d->size[i] < 0 ? (double)before : d->value[i],
             d->size[i] < 0 ? " as it was" : "");
}

static void check_bits(const trial *t, const output got[OUTPUTS], const output plain[OUTPUTS])
{
    for (int out = 0; out < OUTPUTS; out++)
        for (size_t i = 0; i < MOST; i++)
            if (memcmp(&got[out].data[i], &plain[out].data[i], sizeof(float)) != 0)
                fail_msg("kernel %s, set %s, n = %zu, %s: element %zu of output %d is %.9g, in the plain set %.9g",
                         t->kernel->name, t->set->name, t->n, kinds[t->kind], i, out, (double)got[out].data[i],
                         (double)plain[out].data[i]);
}

/* The memory of a trial: large, so it lives outside the stack. */
typedef struct bench {
    float x[MOST], y[MOST], z[MOST];
    output start, plain[OUTPUTS], got[OUTPUTS];
    defined d[OUTPUTS];
} bench;

static void run_trial(const trial *t, const operands *o, const bench *b, output out[OUTPUTS])
{
    for (int i = 0; i < OUTPUTS; i++) out[i] = b->start;
    t->kernel->run(t->set, o, out);
    for (int i = 0; i < OUTPUTS; i++) {
        if (memcmp(out[i].before, b->start.before, sizeof out[i].before) == 0 &&
            memcmp(out[i].behind, b->start.behind, sizeof out[i].behind) == 0)
            continue;
        fail_msg("kernel %s, set %s, n = %zu, %s: writes beyond output %d", t->kernel->name, t->set->name, t->n,
                 kinds[t->kind], i);
    }
}

static void check_kernel(bench *b, const row_kernel *kernel, size_t n, int kind)
{
    trial t = {.kernel = kernel, .n = n, .kind = kind};
    operands o = {b->x, b->y, b->z, n};
    fill(b->x, n, 1, kind);
    fill(b->y, n, 2, kind);
    fill(b->z, n, 3, 0);
    for (int out = 0; out < OUTPUTS; out++)
        for (size_t i = 0; i < MOST; i++) b->d[out].size[i] = NOBODYS;
    kernel->define(&o, b->d);
    for (size_t set = 0; assay_kernels_at(set); set++) {
        t.set = assay_kernels_at(set);
        run_trial(&t, &o, b, b->got);
        if (set == 0) memcpy(b->plain, b->got, sizeof b->got);
        for (int out = 0; out < OUTPUTS; out++)
            for (size_t i = 0; i < MOST; i++)
                check_element(&t, out, i, b->got[out].data[i], b->start.data[i], &b->d[out]);
        check_bits(&t, b->got, b->plain);
    }
}

static void check_kernels(const row_kernel *kernels, size_t count)
{
    static const size_t sizes[] = {1, 2, 5, 15, 16, 17, 31, 64, 100, 192, 577, 1024, 1152, 1531, 1920};
    bench *b = assay_alloc(1, sizeof *b);
    assert_non_null(b);
    fill((float *)(void *)&b->start, sizeof b->start / sizeof(float), 4, 0);
    for (size_t k = 0; k < count; k++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (int kind = 0; kind < 3; kind++) check_kernel(b, &kernels[k], sizes[s], kind);
    assay_free(b);
}

#endif
