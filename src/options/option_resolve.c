#include "options/option_resolve.h"

#include "options/option_table.h"
#include "options/option_value.h"
#include "options/trainer_defaults.h"

#include <stdio.h>
#include <string.h>

typedef struct resolver {
    assay_options *options;
    unsigned command;
    assay_error *err;
} resolver;

static size_t index_of(const resolver *r, const char *name)
{
    return assay_option_index(assay_option_find(name, strlen(name), r->command));
}

static assay_origin origin_of(const resolver *r, const char *name) { return r->options->origin[index_of(r, name)]; }

static assay_origin later(assay_origin a, assay_origin b) { return a > b ? a : b; }

/* Does what `foreign` names say (given at `origin`) decide the option `name`? Given both in the same place: an
 * error. */
static assay_status decides(const resolver *r, const char *name, const char *foreign, assay_origin origin, bool *out)
{
    size_t own = index_of(r, name);
    *out = origin > r->options->origin[own];
    if (origin < ASSAY_ORIGIN_CONFIG || origin != r->options->origin[own]) return ASSAY_OK;
    return assay_error_set(r->err, ASSAY_E_USAGE, "%s and %s both say the same thing; keep one",
                           r->options->given_as[own], foreign);
}

static void set_origin(const resolver *r, const char *name, assay_origin origin)
{
    r->options->origin[index_of(r, name)] = (uint8_t)origin;
}

/* A default of elsewhere: only over our own default. */
static assay_status imply(const resolver *r, const char *name, const char *value)
{
    if (origin_of(r, name) != ASSAY_ORIGIN_DEFAULT) return ASSAY_OK;
    const assay_option_row *row = assay_option_find(name, strlen(name), r->command);
    set_origin(r, name, ASSAY_ORIGIN_IMPLIED);
    return assay_option_store(r->options, row, name, value, r->err);
}

/* 0: nobody said. */
static int64_t processes_of(const assay_foreign_options *f) { return f->processes > 0 ? f->processes : 1; }

static assay_status resolve_batch(const resolver *r)
{
    bool decided;
    assay_options *o = r->options;
    assay_origin origin =
        later(origin_of(r, "per-device-train-batch-size"), origin_of(r, "gradient-accumulation-steps"));
    ASSAY_TRY(
        decides(r, "batch-pairs", "per_device_train_batch_size times gradient_accumulation_steps", origin, &decided));
    if (!decided) return ASSAY_OK;
    o->batch_pairs = o->foreign.train_batch * o->foreign.accumulation * processes_of(&o->foreign);
    set_origin(r, "batch-pairs", origin);
    return ASSAY_OK;
}

static assay_status resolve_length(const resolver *r)
{
    bool decided;
    assay_options *o = r->options;
    assay_origin origin = later(origin_of(r, "max-source-length"), origin_of(r, "max-target-length"));
    ASSAY_TRY(decides(r, "max-length", "max_source_length plus max_target_length", origin, &decided));
    if (!decided) return ASSAY_OK;
    o->max_length = o->foreign.max_source_length + o->foreign.max_target_length;
    set_origin(r, "max-length", origin);
    if (o->max_length > 0) return ASSAY_OK;
    return assay_error_set(r->err, ASSAY_E_USAGE, "max_source_length plus max_target_length is 0");
}

/* Steps win over the share, as they do in Hugging Face. */
static assay_status resolve_warmup(const resolver *r)
{
    bool decided;
    assay_options *o = r->options;
    assay_origin origin = later(origin_of(r, "warmup-ratio"), origin_of(r, "warmup-steps"));
    ASSAY_TRY(decides(r, "warmup", "warmup_ratio or warmup_steps", origin, &decided));
    if (!decided) return ASSAY_OK;
    o->warmup = o->foreign.warmup_steps > 0 ? o->foreign.warmup_steps : o->foreign.warmup_ratio;
    set_origin(r, "warmup", origin);
    return ASSAY_OK;
}

/* no, steps or epoch, where no number of steps is given; `steps` is Hugging Face's number then. */
static void resolve_strategy(const resolver *r, const char *strategy_name, int strategy, const char *name,
                             int64_t steps, int64_t *out)
{
    assay_origin origin = origin_of(r, strategy_name);
    if (strategy == 0 || (strategy == 2 && origin_of(r, name) > ASSAY_ORIGIN_IMPLIED)) return;
    if (origin < origin_of(r, name)) return;
    *out = strategy == 1 ? ASSAY_AT_THE_END : strategy == 2 ? steps : ASSAY_EVERY_EPOCH;
    set_origin(r, name, origin);
}

static void resolve_strategies(const resolver *r)
{
    assay_options *o = r->options;
    resolve_strategy(r, "eval-strategy", o->foreign.eval_strategy, "eval-steps", o->log_steps, &o->eval_steps);
    resolve_strategy(r, "save-strategy", o->foreign.save_strategy, "save-steps", 500, &o->save_steps);
}

/* The type weights are loaded in decides where nothing else does; float16 is nothing a CPU trains in. */
static void resolve_precision(const resolver *r)
{
    assay_options *o = r->options;
    if (origin_of(r, "precision") != ASSAY_ORIGIN_DEFAULT || origin_of(r, "torch-dtype") == ASSAY_ORIGIN_DEFAULT)
        return;
    o->precision = o->foreign.torch_dtype == 1   ? ASSAY_OPT_BF16
                   : o->foreign.torch_dtype == 3 ? ASSAY_OPT_F32
                                                 : ASSAY_OPT_PRECISION_AUTO;
    set_origin(r, "precision", origin_of(r, "torch-dtype"));
}

static assay_status resolve_tokenizer(const resolver *r)
{
    const assay_options *o = r->options;
    if (!o->foreign.tokenizer || (o->model && strcmp(o->model, o->foreign.tokenizer) == 0)) return ASSAY_OK;
    return assay_error_set(
        r->err, ASSAY_E_USAGE,
        "tokenizer_name_or_path is %s, but the tokenizer is read from the model's own folder; copy its files there",
        o->foreign.tokenizer);
}

static bool wants_four_bits(const assay_foreign_options *f)
{
    return f->load_in_4bit || f->qlora || f->quantization_bit == 1;
}

static bool wants_eight_bits(const assay_foreign_options *f) { return f->load_in_8bit || f->quantization_bit == 2; }

static assay_status refuse_quantise(const resolver *r)
{
    const assay_foreign_options *f = &r->options->foreign;
    if (wants_four_bits(f) && wants_eight_bits(f))
        return assay_error_set(r->err, ASSAY_E_USAGE,
                               "4 bits (load_in_4bit, qlora) and 8 (load_in_8bit) both are asked for; keep one");
    if (f->quant_type == 1 && wants_four_bits(f))
        return assay_error_set(r->err, ASSAY_E_USAGE, "bnb_4bit_quant_type fp4 is read, not made: nf4 loses less");
    return ASSAY_OK;
}

/* bitsandbytes' names of trainers: 4 bits are NF4, MedicalGPT's qlora has its scales packed too. LLaMA-Factory packs
 * them where nobody says. */
static assay_status resolve_quantise(const resolver *r)
{
    bool decided;
    assay_options *o = r->options;
    const assay_foreign_options *f = &o->foreign;
    assay_origin origin = later(later(origin_of(r, "load-in-4bit"), origin_of(r, "load-in-8bit")),
                                later(origin_of(r, "qlora"), origin_of(r, "quantization-bit")));
    ASSAY_TRY(refuse_quantise(r));
    bool four = wants_four_bits(f);
    if (!four && !wants_eight_bits(f)) return ASSAY_OK;
    ASSAY_TRY(decides(r, "quantize", "load_in_4bit, load_in_8bit or qlora", origin, &decided));
    if (!decided) return ASSAY_OK;
    o->quantize = four ? ASSAY_OPT_QUANTIZE_NF4 : ASSAY_OPT_QUANTIZE_INT8;
    set_origin(r, "quantize", origin);
    bool said = origin_of(r, "bnb-4bit-use-double-quant") > ASSAY_ORIGIN_DEFAULT,
         implied = f->qlora || f->quantization_bit == 1;
    if (origin_of(r, "double-quant") == ASSAY_ORIGIN_DEFAULT)
        o->double_quant = four && (said ? f->double_quant : implied);
    return ASSAY_OK;
}

/* What reward_modeling.py does where its command line is silent. */
static assay_status imply_medicalgpt(const resolver *r)
{
    static const char *const defaults[][2] = {
        {"schedule", "linear"},
        {"lora-alpha", "32"},
        {"lora-dropout", "0.05"},
        {"lr", "5e-5"},
        {"epochs", "3"},
        {"save-steps", "500"},
        {"per-device-train-batch-size", "8"},
        {"gradient-accumulation-steps", "1"},
        {"max-source-length", "2048"},
        {"max-target-length", "512"},
        {"warmup-ratio", "0"},
        {"tool-format", "none"},
    };
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
        ASSAY_TRY(imply(r, defaults[i][0], defaults[i][1]));
    return ASSAY_OK;
}

/* ms-swift accumulates to 16 pairs a step where nobody says how often. */
static void imply_accumulation(const resolver *r)
{
    assay_foreign_options *f = &r->options->foreign;
    if (f->trainer != &assay_trainer_swift || origin_of(r, "gradient-accumulation-steps") != ASSAY_ORIGIN_DEFAULT)
        return;
    int64_t together = f->train_batch * processes_of(f);
    f->accumulation = together < 16 ? (16 + together - 1) / together : 1;
}

static assay_status imply_trainer(const resolver *r)
{
    const assay_trainer_kind *trainer = r->options->foreign.trainer;
    for (size_t i = 0; i < trainer->count; i++) {
        const char *name = trainer->defaults[i].name;
        bool unused = !strncmp(name, "lora-", 5) && r->options->tuning != ASSAY_OPT_LORA;
        if (!unused) ASSAY_TRY(imply(r, name, trainer->defaults[i].value));
    }
    imply_accumulation(r);
    return ASSAY_OK;
}

static void fill_dependent(const resolver *r)
{
    assay_options *o = r->options;
    static const double rates[] = {[ASSAY_OPT_LORA] = 1e-4, [ASSAY_OPT_FULL] = 1e-5, [ASSAY_OPT_HEAD] = 1e-3};
    if (o->lr == 0) o->lr = rates[o->tuning];
    if (o->lora_alpha == 0) o->lora_alpha = 2 * (double)o->lora_rank;
    if (o->max_steps < 0) o->max_steps = 0;
    for (size_t i = 0; i < o->lora_targets.count; i++)
        if (strcmp(o->lora_targets.items[i], "all") == 0) {
            o->lora_targets.items[0] = "all";
            o->lora_targets.count = 1;
        }
}

static void tell_ignored(const assay_options *options, const assay_log *log)
{
    char text[2000];
    size_t used = 0;
    for (size_t i = 0; i < options->ignored.count && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? ", " : "", options->ignored.items[i]);
    if (used) assay_note(log, "without meaning here, ignored: %s", text);
}

static void tell_defaults(const assay_options *o, const assay_log *log)
{
    if (!o->foreign.medicalgpt && !o->foreign.trainer) return;
    static const char *const schedules[] = {"cosine", "linear", "constant"};
    static const char *const tunings[] = {"lora", "full", "head"};
    if (o->foreign.trainer) {
        assay_note(log,
                   "the defaults of %s hold where nothing else is said (now: tuning %s, schedule %s, lr %g, epochs %g, "
                   "batch-pairs %lld, warmup %g, max-length %lld)",
                   o->foreign.trainer->name, tunings[o->tuning], schedules[o->schedule], o->lr, o->epochs,
                   (long long)o->batch_pairs, o->warmup, (long long)o->max_length);
        return;
    }
    assay_note(log,
               "%s is a name of MedicalGPT: its defaults hold where nothing else is said (now: schedule %s, lr %g, "
               "epochs %g, batch-pairs "
               "%lld, lora-alpha %g, lora-dropout %g, max-length %lld)",
               o->foreign.medicalgpt, schedules[o->schedule], o->lr, o->epochs, (long long)o->batch_pairs,
               o->lora_alpha, o->lora_dropout, (long long)o->max_length);
}

static assay_status resolve_spill(const resolver *r)
{
    if (!r->options->spill || r->options->recompute != ASSAY_OPT_RECOMPUTE_ALL) return ASSAY_OK;
    return assay_error_set(r->err, ASSAY_E_USAGE,
                           "--recompute all computes every activation again and leaves --spill nothing to write; use "
                           "--recompute auto (the quicker of both) or off (spilled only)");
}

static assay_status resolve_master(const resolver *r)
{
    const assay_options *o = r->options;
    if (o->master == ASSAY_OPT_MASTER_F32 || o->tuning == ASSAY_OPT_FULL) return ASSAY_OK;
    return assay_error_set(r->err, ASSAY_E_USAGE,
                           "--master %s is for --tuning full: adapters and heads are small and stay f32; leave it out, "
                           "or train all weights",
                           o->master == ASSAY_OPT_MASTER_PLANES ? "planes" : "bf16-stochastic");
}

static assay_status resolve_training(const resolver *r)
{
    assay_options *o = r->options;
    if (o->foreign.trainer) ASSAY_TRY(imply_trainer(r));
    else if (o->foreign.medicalgpt) ASSAY_TRY(imply_medicalgpt(r));
    ASSAY_TRY(resolve_batch(r));
    ASSAY_TRY(resolve_length(r));
    ASSAY_TRY(resolve_warmup(r));
    ASSAY_TRY(resolve_tokenizer(r));
    ASSAY_TRY(resolve_quantise(r));
    ASSAY_TRY(resolve_spill(r));
    ASSAY_TRY(resolve_master(r));
    resolve_strategies(r);
    resolve_precision(r);
    if (o->foreign.cosine_to_zero && o->schedule == ASSAY_OPT_COSINE) ASSAY_TRY(imply(r, "min-lr", "0"));
    fill_dependent(r);
    return ASSAY_OK;
}

assay_status assay_options_resolve(assay_options *options, unsigned command, const assay_log *log, assay_error *err)
{
    resolver r = {options, command, err};
    if (command & (ASSAY_FOR_TRAIN | ASSAY_FOR_PLAN | ASSAY_FOR_VERIFY | ASSAY_FOR_PREVIEW))
        ASSAY_TRY(resolve_training(&r));
    else if (assay_option_find("torch-dtype", 11, command)) resolve_precision(&r);
    tell_ignored(options, log);
    tell_defaults(options, log);
    return ASSAY_OK;
}
