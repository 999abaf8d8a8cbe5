/* Training steps on synthetic weights against the peak of this machine in this very run.
 *
 * Shared machines slow down for seconds at a time, so each sample stands between two runs of the register loop; a
 * sample whose loops fall more than a tenth behind the best loop of the run was disturbed and does not count. Reported
 * is the fastest undisturbed sample. */
#include "backend/peak.h"
#include "base/alloc.h"
#include "base/text.h"
#include "cli/command.h"
#include "task/bench_step.h"
#include "task/resources.h"

#include <jansson.h>
#include <string.h>

enum { SAMPLES = 5, TRIES = 20 };

typedef struct yardstick {
    double (*spin)(size_t rounds);
    assay_pool *pool;
    double best; /* GFLOP/s */
} yardstick;

typedef struct outcome {
    double seconds, peak;
    int counted, rejected;
} outcome;

static double measure_peak(yardstick *y)
{
    double rate = assay_peak_rate(y->pool, y->spin);
    if (rate > y->best) y->best = rate;
    return rate;
}

static assay_status take_samples(assay_bench_step *bench, yardstick *y, const assay_command_context *context,
                                 outcome *out, assay_error *err)
{
    double seconds;
    ASSAY_TRY(assay_bench_step_run(bench, &seconds, err)); /* touches every page */
    for (int i = 0; i < 4; i++) measure_peak(y);
    *out = (outcome){.seconds = 1e30};
    for (int i = 0; i < TRIES && out->counted < SAMPLES; i++) {
        if (*context->task.interrupted) return assay_error_set(err, ASSAY_E_STOPPED, "interrupted");
        double before = measure_peak(y);
        ASSAY_TRY(assay_bench_step_run(bench, &seconds, err));
        double after = measure_peak(y);
        bool disturbed = before < 0.9 * y->best || after < 0.9 * y->best;
        out->rejected += disturbed;
        out->counted += !disturbed;
        if (!disturbed && seconds < out->seconds) out->seconds = seconds;
    }
    out->peak = y->best;
    if (out->counted) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "the machine was busy with something else through all %d samples; try again", TRIES);
}

static assay_status print(const assay_bench_step *bench, const outcome *o, const assay_options *options,
                          const assay_kernels *kernels, bool bf16, assay_error *err)
{
    double gflop = 1e-9 * assay_bench_step_flops(bench), rate = gflop / o->seconds;
    json_t *json =
        json_pack("{s:s, s:i, s:I, s:s, s:s, s:i, s:f, s:f, s:f, s:f, s:f, s:I, s:I, s:i, s:i}", "arch", options->arch,
                  "layers", assay_bench_step_layers(bench), "tokens", (json_int_t)options->tokens, "precision",
                  bf16 ? "bf16" : "f32", "kernels", kernels->name, "layers_replayed", assay_bench_step_replayed(bench),
                  "step_seconds", o->seconds, "gflop", gflop, "gflops", rate, "peak_gflops", o->peak, "ratio",
                  rate / o->peak, "peak_bytes", (json_int_t)assay_bench_step_used(bench), "planned_bytes",
                  (json_int_t)assay_bench_step_planned(bench), "samples", o->counted, "rejected", o->rejected);
    ASSAY_TRY_ALLOC(json, "a result", err);
    assay_status status;
    if (options->json) {
        status = assay_print_json(json, err);
    } else {
        char line[400];
        assay_text_format(
            line, sizeof line,
            "%s, %d layers (%d replayed), %lld tokens, %s: %.3f s, %.1f GFLOP, %.1f GFLOP/s of %.1f (%.3f); step "
            "memory %.1f MiB; %d samples, %d rejected\n",
            options->arch, assay_bench_step_layers(bench), assay_bench_step_replayed(bench), (long long)options->tokens,
            bf16 ? "bf16" : "f32", o->seconds, gflop, rate, o->peak, rate / o->peak,
            (double)assay_bench_step_planned(bench) / 1048576, o->counted, o->rejected);
        status = assay_print_text(line, err);
    }
    json_decref(json);
    return status;
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    const assay_kernels *kernels;
    assay_bench_step *bench;
    outcome out;
    if (options->positionals.count && strcmp(options->positionals.items[0], "step") != 0)
        return assay_error_set(err, ASSAY_E_USAGE, "assay bench %s: there is step", options->positionals.items[0]);
    ASSAY_TRY(assay_choose_kernels(&kernels, err));
    bool bf16 = assay_training_in_bf16(options, kernels, context->task.log);
    double (*spin)(size_t) = bf16 ? kernels->bf16->spin : kernels->spin;
    if (!spin)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "the kernel set %s has no register loop to measure against",
                               kernels->name);
    ASSAY_TRY(assay_bench_step_open(&bench, options, kernels, bf16, err));
    yardstick y = {.spin = spin, .pool = assay_bench_step_pool(bench)};
    assay_status status = take_samples(bench, &y, context, &out, err);
    if (status == ASSAY_OK) status = print(bench, &out, options, kernels, bf16, err);
    assay_bench_step_close(bench);
    return status;
}

const assay_command assay_command_bench = {
    .name = "bench",
    .summary = "a training step on synthetic weights, against this machine's measured peak",
    .arguments = "step --arch NAME [options]",
    .help = "Times one forward and backward pass (no optimizer) over N middle layers of a shape: every row needed, the "
            "gradient carried\n"
            "through all of them to their input. --layers defaults to 4.\n"
            "\n"
            "FLOPs a token and layer: F = 2 x (weights of the layer's matrices), A = 2 x tokens x hidden (causal "
            "attention forward);\n"
            "lora: 2F + 3.5A + 6 r (in + out) an adapter; full: 3F + 3.5A; head: F + A; each replayed layer adds F - 2 "
            "x hidden x ffn + A.\n"
            "The peak is a loop of multiply-adds in registers on all threads, run before and after every sample; "
            "samples beside a slow\n"
            "loop are rejected.\n"
            "\n"
            "Examples:\n"
            "  assay bench step --arch chatglm2-6b --layers 2 --tokens 512 --recompute off\n"
            "  assay bench step --arch qwen2.5-0.5b --tokens 1024 --tuning full --json\n",
    .takes = ASSAY_FOR_BENCH,
    .words_max = 1,
    .each = true,
    .run = run,
};
