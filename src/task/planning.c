/* Alternatives are the run as asked with one thing changed, planned like the run itself. Their order is their cost to
 * the user: first what changes no result (recomputation), then what rounds otherwise (bf16, moments
 * in eight bits), then what trains less
 * (rank, head), then what drops data (length). */
#include "task/planning.h"

#include "base/alloc.h"
#include "base/format.h"
#include "base/sizes.h"
#include "machine/machine.h"
#include "machine/process_memory.h"
#include "model/model_stream.h"
#include "task/early_choice.h"
#include "train/moments.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    PROCESS_BYTES = 24 << 20, /* tokenizer and texts of a small run; measured 11 to 19 MiB */
    /* address space that the arena takes to begin on a huge page (engine/arena.c); in a cgroup a margin for pages being
     * written */
    MAPPING_BYTES = 4 << 20,
};

typedef struct variant {
    assay_planning_subject subject;
    assay_lora_spec lora;
    assay_plan plan;
    assay_model_size size;
    assay_stream_list *stream; /* NULL: no weight is streamed */
    size_t fixed, moments;
    size_t mapped;                         /* bytes of weights that stay, where they lie in the file */
    size_t weights, inlet, inlet_gradient; /* as the planning has them */
    size_t params;
    size_t longest; /* tokens of the longest pair: no micro-batch is smaller */
    size_t length;  /* pairs with a longer side are left out; 0: none */
    int layers;
    bool fits;
    size_t largest_off, largest_all;
    size_t streamed; /* bytes of weights that do not stay */
    assay_stream_forecast forecast;
    assay_spill_forecast spill;
} variant;

/* Of the examples that a length leaves: the tokens of the largest, and their number. cuts: it leaves all, none with
 * more than the length for each answer. */
static size_t count_within(const assay_example_set *set, size_t length, bool cuts, size_t *most)
{
    size_t count = 0;
    for (size_t i = 0; set && i < set->count; i++) {
        const assay_example *e = &set->items[i];
        if (assay_example_longest(set, e) > length && !cuts) continue;
        *most = assay_larger(*most, assay_smaller(assay_example_tokens(set, e), e->count * length));
        count++;
    }
    return count;
}

static assay_plan_request request_of(const variant *v, const assay_program *program)
{
    const assay_planning_subject *s = &v->subject;
    assay_plan_request request = assay_trainer_request(&s->settings, s->examples, s->evaluation, s->max_length);
    if (v->length) {
        size_t together = request.step_tokens / assay_larger(request.longest_pair, 1);
        request.longest_path = v->length;
        request.longest_pair = 0;
        count_within(s->examples, v->length, s->cuts, &request.longest_pair);
        count_within(s->evaluation, v->length, s->cuts, &request.longest_pair);
        request.step_tokens = request.longest_pair * together;
    }
    if (request.early) request.micro_tokens = request.step_tokens;
    request.program = program;
    request.kernels = s->kernels;
    request.workers = s->workers;
    request.fixed_bytes = v->fixed;
    request.stream = v->stream;
    return request;
}

/* All parts but what is there already. */
static assay_anonymous_parts parts_of(const variant *v)
{
    const assay_planning_subject *s = &v->subject;
    size_t pairs = s->examples ? s->examples->count : 0;
    assay_anonymous_parts parts = {.weights = v->size.owned,
                                   .tensors = v->params,
                                   .trained = assay_trainer_gradients(&s->settings) * v->size.trained,
                                   .moments = v->moments,
                                   .arena = v->plan.arena_bytes,
                                   .tokens = s->tokens_to_write,
                                   .rows = assay_larger(v->plan.micro_tokens, v->longest),
                                   .pairs = pairs + (s->evaluation ? s->evaluation->count : 0)};
    if (pairs)
        parts.lines = assay_trainer_steps(&s->settings, pairs) / (uint64_t)(s->log_steps > 0 ? s->log_steps : 1) +
                      (s->evaluation ? s->evaluation->count : 0);
    return parts;
}

static size_t process_peak(const variant *v)
{
    assay_anonymous_parts parts = parts_of(v);
    assay_anonymous_present(&parts);
    if (!v->subject.examples && parts.present < PROCESS_BYTES) parts.present = PROCESS_BYTES;
    return assay_anonymous_plan(&parts);
}

/* Limits that kill, or refuse a mapping, hold for what the process has besides its plan too. */
static size_t within_limits(const variant *v, size_t budget)
{
    const assay_memory_room *room = &v->subject.room;
    assay_anonymous_parts parts = parts_of(v);
    uint64_t besides = assay_anonymous_besides(&parts) + MAPPING_BYTES,
             own = room->own > besides ? room->own - besides : 0;
    if (room->own == SIZE_MAX) return budget;
    /* behind the arena comes the writing of the tokenizer */
    if (parts.tokens && v->fixed - v->mapped + assay_anonymous_tokenizer(&parts) > own) return 0;
    return own > SIZE_MAX - v->mapped || own + v->mapped > budget ? budget : (size_t)own + v->mapped;
}

/* A plan within what is wanted; where there is none, within what can be had. */
static assay_status plan_in_room(variant *v, assay_plan_request *request, assay_error *err)
{
    const assay_memory_room *room = &v->subject.room;
    const size_t sizes[] = {room->wanted, room->most};
    assay_status status = ASSAY_E_NO_FIT;
    for (size_t i = 0; i < 2 && status == ASSAY_E_NO_FIT; i++) {
        if (i && sizes[i] <= sizes[0]) break;
        v->subject.settings.budget = request->budget = within_limits(v, sizes[i]);
        status = assay_plan_make(request, &v->plan, err);
    }
    return status;
}

static void keep_weights(variant *v)
{
    assay_stream_list_free(v->stream);
    v->stream = NULL;
    v->mapped = v->size.borrowed;
    v->fixed = v->size.owned + v->mapped + v->moments +
               assay_trainer_gradients(&v->subject.settings) * v->size.trained * sizeof(float);
}

/* The variant's program, what it weighs, and all of that in memory. */
static assay_status measure(variant *v, assay_program **program, assay_error *err)
{
    const assay_planning_subject *s = &v->subject;
    ASSAY_TRY(assay_model_measure(program, &v->size, s->checkpoint, s->adapter, &s->model, err));
    v->moments = assay_moments_bytes(*program, s->settings.eight_bits,
                                     s->model.tuning == ASSAY_TUNE_FULL ? s->settings.slices : 0);
    v->stream = NULL;
    keep_weights(v);
    return ASSAY_OK;
}

/* What is packed in memory as it is loaded lies in no file: convert --quantize makes one.
 * ASSAY_E_NO_FIT: nothing can be streamed. */
static assay_status take_streamed(variant *v, const assay_program *program, assay_error *err)
{
    if (v->subject.model.quantise != ASSAY_F32) return ASSAY_E_NO_FIT;
    ASSAY_TRY(assay_model_stream_list(&v->stream, program, v->subject.checkpoint, v->subject.adapter, err));
    if (!v->stream) return ASSAY_E_NO_FIT;
    v->mapped -= v->stream->bytes;
    v->fixed -= v->stream->bytes;
    return ASSAY_OK;
}

static assay_status stream_weights(variant *v, const assay_program *program, assay_error *err)
{
    ASSAY_TRY(take_streamed(v, program, err));
    assay_plan_request request = request_of(v, program);
    return plan_in_room(v, &request, err);
}

/* Where no plan fits that keeps all weights, one that streams them, if it is smaller. */
static assay_status plan_streamed(variant *v, const assay_program *program, assay_error *err)
{
    variant kept = *v;
    assay_status status = stream_weights(v, program, err);
    if (status != ASSAY_E_NO_FIT || !v->stream) return status;
    bool smaller = v->plan.total_bytes > 0 && v->plan.total_bytes < kept.plan.total_bytes;
    if (smaller) return ASSAY_E_NO_FIT;
    v->plan = kept.plan;
    keep_weights(v);
    return ASSAY_E_NO_FIT;
}

/* Where the weights alone are more than there is, no plan that keeps them fits, and looking for the smallest of them is
 * half the work of planning: it is spared where the streamed plan fits, or is certainly smaller. Hard limits are left
 * to the usual way: there the room depends on the plan before. *done false: nothing has happened. */
static assay_status plan_streamed_alone(variant *v, const assay_program *program, bool *done, assay_error *err)
{
    const assay_memory_room *room = &v->subject.room;
    const variant before = *v;
    *done = false;
    if (room->own != SIZE_MAX || v->fixed <= assay_larger(room->wanted, room->most)) return ASSAY_OK;
    assay_status status = stream_weights(v, program, err);
    *done = status == ASSAY_OK || (v->stream && v->plan.total_bytes > 0 && v->plan.total_bytes < v->plan.least_kept);
    if (*done) return status;
    assay_stream_list_free(v->stream);
    *v = before;
    return ASSAY_OK;
}

static assay_status forecast(variant *v, const assay_program *program, assay_error *err)
{
    const assay_plan_request request = request_of(v, program);
    return assay_stream_forecast_make(&v->forecast, &request, &v->plan, v->stream, v->subject.pool, err);
}

static assay_status plan_program(variant *v, const assay_program *program, bool asked, bool alternatives,
                                 assay_error *err)
{
    assay_error why = {0};
    assay_plan_request request = request_of(v, program);
    v->longest = request.longest_pair;
    bool streamed;
    assay_status status = plan_streamed_alone(v, program, &streamed, &why);
    if (!streamed) status = plan_in_room(v, &request, &why);
    bool tight = status == ASSAY_E_NO_FIT && v->plan.total_bytes;
    if (tight && !streamed) status = plan_streamed(v, program, &why);
    v->fits = status == ASSAY_OK;
    if (status == ASSAY_E_NO_FIT && tight) status = ASSAY_OK;
    if (status != ASSAY_OK) assay_error_set(err, status, "%s", why.text);
    request = request_of(v, program);
    request.budget = v->subject.settings.budget;
    if (status == ASSAY_OK && alternatives) status = assay_plan_largest(&request, 0, &v->largest_off, err);
    if (status == ASSAY_OK && alternatives) status = assay_plan_largest(&request, v->layers, &v->largest_all, err);
    return status == ASSAY_OK && asked && v->fits && v->stream && v->subject.timed ? forecast(v, program, err) : status;
}

/* Of the run itself, once; other ways to run go by the same speeds. */
static assay_status measure_spilling(variant *v, const assay_program *program, assay_error *err)
{
    assay_planning_subject *s = &v->subject;
    if (!s->settings.spill || v->spill.flops > 0) return ASSAY_OK;
    ASSAY_TRY(assay_spill_forecast_begin(&v->spill, program, s->kernels, s->pool, s->settings.spill, err));
    s->settings.spill_flops = v->spill.flops;
    return ASSAY_OK;
}

/* What the program is beside its memory. */
static void describe(variant *v, const assay_program *program)
{
    v->layers = program->layers;
    v->params = program->param_count;
    v->weights = v->inlet = v->inlet_gradient = 0;
    for (size_t i = 0; i < program->param_count; i++)
        if (!program->params[i].absent) v->weights += program->params[i].rows * program->params[i].cols;
    if (program->inlet < 0) return;
    const assay_value *inlet = &program->values[program->inlet];
    v->inlet = inlet->cols * (inlet->dtype == ASSAY_BF16 ? sizeof(uint16_t) : sizeof(float));
    v->inlet_gradient = program->inlet_wants ? inlet->cols * sizeof(float) : 0;
}

/* asked: it is the run itself, not another way to run. */
static assay_status plan_variant(variant *v, bool asked, bool alternatives, assay_error *err)
{
    assay_program *program;
    ASSAY_TRY(measure(v, &program, err));
    describe(v, program);
    assay_status status = asked ? measure_spilling(v, program, err) : ASSAY_OK;
    if (status == ASSAY_OK) status = plan_program(v, program, asked, alternatives, err);
    v->streamed = v->stream ? v->stream->bytes : 0;
    assay_stream_list_free(v->stream);
    v->stream = NULL;
    assay_program_free(program);
    return status;
}

static assay_status consider(assay_planning *planning, const char *text, variant *v, double fastest, assay_error *err)
{
    assay_plan_option *option = &planning->options[planning->option_count];
    ASSAY_TRY(plan_variant(v, false, false, err));
    snprintf(option->text, sizeof option->text, "%s", text);
    option->fits = v->fits;
    option->plan = v->plan;
    option->relative_time = v->plan.time / fastest;
    planning->option_count++;
    return ASSAY_OK;
}

static assay_status consider_recompute(assay_planning *p, const variant *asked, double fastest, assay_error *err)
{
    variant v = *asked;
    v.subject.settings.recompute = ASSAY_RECOMPUTE_ALL;
    v.subject.settings.spill = NULL;
    v.subject.settings.early = false;
    v.subject.settings.micro_tokens = p->longest_pair;
    return asked->subject.settings.recompute == ASSAY_RECOMPUTE_ALL && asked->plan.micro_tokens == p->longest_pair
               ? ASSAY_OK
               : consider(p, "--recompute all, smallest micro-batch", &v, fastest, err);
}

/* bf16 halves the time only where the processor multiplies it itself. */
static assay_status consider_bf16(assay_planning *p, const variant *asked, double fastest, assay_error *err)
{
    variant v = *asked;
    v.subject.model.bf16 = true;
    return asked->subject.model.bf16
               ? ASSAY_OK
               : consider(p, "--precision bf16", &v, asked->subject.kernels->bf16->native ? 2 * fastest : fastest, err);
}

static assay_status consider_rank(assay_planning *p, const variant *asked, double fastest, assay_error *err)
{
    variant v = *asked;
    char text[64];
    if (!asked->subject.model.lora || asked->subject.adapter || asked->subject.model.tuning != ASSAY_TUNE_LORA ||
        asked->subject.model.lora->rank < 2)
        return ASSAY_OK;
    v.lora = *asked->subject.model.lora;
    v.lora.rank /= 2;
    v.subject.model.lora = &v.lora;
    snprintf(text, sizeof text, "--lora-rank %zu", v.lora.rank);
    return consider(p, text, &v, fastest, err);
}

static assay_status consider_tuning(assay_planning *p, const variant *asked, double fastest, assay_error *err)
{
    static const assay_lora_spec usual = {.rank = 8, .alpha = 16};
    variant v = *asked;
    if (asked->subject.model.tuning == ASSAY_TUNE_FULL) {
        v.subject.model.tuning = ASSAY_TUNE_LORA;
        v.subject.model.lora = &usual;
        ASSAY_TRY(consider(p, "--tuning lora", &v, fastest, err));
    }
    v = *asked;
    v.subject.model.tuning = ASSAY_TUNE_HEAD;
    v.subject.model.lora = NULL;
    return asked->subject.model.tuning == ASSAY_TUNE_HEAD ? ASSAY_OK : consider(p, "--tuning head", &v, fastest, err);
}

/* Worth a line where all weights are trained: an adapter's moments are small. */
static assay_status consider_moments(assay_planning *p, const variant *asked, double fastest, assay_error *err)
{
    variant v = *asked;
    v.subject.settings.eight_bits = true;
    return asked->subject.model.tuning != ASSAY_TUNE_FULL || asked->subject.settings.eight_bits
               ? ASSAY_OK
               : consider(p, "--moments 8bit", &v, fastest, err);
}

/* With data: the greatest length that fits (half of the longest where all do), and how many pairs it costs. A greater
 * length leaves all that a smaller one does, so it can be bisected. */
static assay_status consider_lengths_of_data(assay_planning *p, const variant *asked, double fastest, assay_error *err)
{
    const assay_planning_subject *s = &asked->subject;
    size_t low = 0, high = assay_larger(s->examples->longest, s->evaluation ? s->evaluation->longest : 0), ignored = 0;
    char text[96];
    variant v = *asked;
    v.subject.settings.micro_tokens = 0;
    while (!asked->fits && high - low > 1) {
        v.length = low + (high - low) / 2;
        bool any = count_within(s->examples, v.length, s->cuts, &ignored) > 0;
        if (any) ASSAY_TRY(plan_variant(&v, false, false, err));
        if (any && !v.fits) high = v.length;
        else low = v.length;
    }
    if (asked->fits) low = high / 2;
    v.length = low;
    size_t left = count_within(s->examples, low, s->cuts, &ignored);
    if (left == 0) return ASSAY_OK;
    if (s->cuts) snprintf(text, sizeof text, "--max-length %zu", low);
    else
        snprintf(text, sizeof text, "--max-length %zu, without %zu of %zu pairs", low, s->examples->count - left,
                 s->examples->count);
    return consider(p, text, &v, fastest, err);
}

/* Without data the length is halved. */
static assay_status consider_length(assay_planning *p, const variant *asked, double fastest, assay_error *err)
{
    variant v = *asked;
    char text[64];
    assay_plan_request request = request_of(asked, NULL);
    if (asked->subject.examples) return consider_lengths_of_data(p, asked, fastest, err);
    if (request.longest_path < 2) return ASSAY_OK;
    v.subject.max_length = request.longest_path / 2;
    v.subject.settings.micro_tokens = 0;
    snprintf(text, sizeof text, "--max-length %zu", v.subject.max_length);
    return consider(p, text, &v, fastest, err);
}

static assay_status consider_all(assay_planning *p, const variant *asked, assay_error *err)
{
    double fastest = asked->plan.time / asked->plan.relative_time;
    ASSAY_TRY(consider_recompute(p, asked, fastest, err));
    ASSAY_TRY(consider_bf16(p, asked, fastest, err));
    ASSAY_TRY(consider_moments(p, asked, fastest, err));
    ASSAY_TRY(consider_rank(p, asked, fastest, err));
    ASSAY_TRY(consider_tuning(p, asked, fastest, err));
    return consider_length(p, asked, fastest, err);
}

/* ---- the menu ---- */

/* What a row changes of the run as asked, and which of its layers are replayed or spilled. */
typedef struct menu_row {
    const char *text;
    int replayed, spilled;
    bool streamed;
} menu_row;

static assay_status add_row(assay_planning *p, variant *v, const assay_program *program, const menu_row *row,
                            double fastest, assay_error *err)
{
    assay_plan_row *out = &p->rows[p->row_count];
    assay_plan_request request = request_of(v, program);
    bool measured = (!row->spilled || request.spill) && (!row->streamed || p->forecast.read_speed > 0);
    request.micro_tokens = p->plan.micro_tokens;
    if (!request.spill) request.spill = row->spilled ? "" : NULL;
    ASSAY_TRY(assay_plan_at(&request, row->replayed, row->spilled, &out->plan, err));
    snprintf(out->text, sizeof out->text, "%s", row->text);
    out->fits = out->plan.total_bytes <= p->budget;
    out->relative_time = measured ? out->plan.time / fastest : NAN;
    if (row->streamed && measured)
        out->relative_time *= fmax(1, p->forecast.read_seconds / p->forecast.compute_seconds);
    p->row_count++;
    return ASSAY_OK;
}

/* Rows of one program; a row whose weights would be streamed is left out where none can be. */
static assay_status add_rows(assay_planning *p, const variant *asked, const menu_row *rows, size_t count,
                             assay_error *err)
{
    variant v = *asked;
    assay_program *program;
    assay_status status = measure(&v, &program, err);
    ASSAY_TRY(status);
    for (size_t i = 0; i < count && status == ASSAY_OK; i++) {
        status = rows[i].streamed ? take_streamed(&v, program, err) : ASSAY_OK;
        if (status == ASSAY_OK)
            status = add_row(p, &v, program, &rows[i], asked->plan.time / asked->plan.relative_time, err);
        if (status == ASSAY_E_NO_FIT) status = ASSAY_OK;
        keep_weights(&v);
    }
    assay_program_free(program);
    return status;
}

/* A row that differs from the plan in its weights and moments alone: a step takes the same. */
static assay_status add_other_weights(assay_planning *p, const variant *changed, const char *text, assay_error *err)
{
    variant v = *changed;
    assay_program *program;
    assay_plan_row *out = &p->rows[p->row_count];
    ASSAY_TRY(measure(&v, &program, err));
    assay_program_free(program);
    *out = p->rows[0];
    snprintf(out->text, sizeof out->text, "%s", text);
    if (!assay_add_size(v.fixed, out->plan.arena_bytes, &out->plan.total_bytes)) out->plan.total_bytes = SIZE_MAX;
    out->fits = out->plan.total_bytes <= p->budget;
    p->row_count++;
    return ASSAY_OK;
}

/* A weight moved as soon as its gradient is whole, where the run could do that in the plan's micro-batch. */
static assay_status add_early(assay_planning *p, const variant *asked, assay_error *err)
{
    const assay_planning_subject *s = &asked->subject;
    const menu_row row = {"as asked, --gradients early", p->plan.replayed, p->plan.spilled, false};
    char hindrance[sizeof p->kept_for];
    variant v = *asked;
    v.subject.settings.early = true;
    size_t tokens = request_of(&v, NULL).step_tokens;
    assay_early_hindrance(&s->settings, s->model.slice.end > 0, tokens, hindrance, sizeof hindrance);
    if (s->settings.early || *hindrance || p->plan.micro_tokens < tokens) return ASSAY_OK;
    return add_rows(p, &v, &row, 1, err);
}

/* Moments and weights in fewer bits, where all weights are trained; a packed base where none of it is. */
static assay_status add_smaller(assay_planning *p, const variant *asked, assay_error *err)
{
    const assay_planning_subject *s = &asked->subject;
    const menu_row packed = {"as asked, --quantize nf4", p->plan.replayed, p->plan.spilled, false};
    variant v = *asked;
    if (s->model.tuning != ASSAY_TUNE_FULL) {
        v.subject.model.quantise = ASSAY_NF4;
        bool packs = s->model.quantise == ASSAY_F32 && !assay_checkpoint_is_packed(s->checkpoint);
        return packs ? add_rows(p, &v, &packed, 1, err) : ASSAY_OK;
    }
    ASSAY_TRY(add_early(p, asked, err));
    v.subject.settings.eight_bits = true;
    if (!s->settings.eight_bits) ASSAY_TRY(add_other_weights(p, &v, "as asked, --moments 8bit", err));
    v.subject.model.half_weights = true;
    v.subject.model.planes = false;
    return s->model.half_weights ? ASSAY_OK : add_other_weights(p, &v, "as asked, 8bit, --master bf16-stochastic", err);
}

static assay_status make_menu(assay_planning *p, const variant *asked, assay_error *err)
{
    const int layers = asked->layers;
    const menu_row rows[] = {{"as asked", p->plan.replayed, p->plan.spilled, p->plan.streamed},
                             {"--recompute off", 0, 0, false},
                             {"half of the layers recomputed", layers / 2, 0, false},
                             {"--recompute all", layers, 0, false},
                             {"--spill DIR, all layers", 0, layers, false},
                             {"--recompute all, weights streamed", layers, 0, true}};
    ASSAY_TRY(add_rows(p, asked, rows, sizeof rows / sizeof *rows, err));
    return add_smaller(p, asked, err);
}

/* Its end, where the line is, if it is too long: from the start of a character on. */
static void copy_place(char *to, size_t size, const char *place)
{
    size_t length = strlen(place), dots = 3;
    if (length < size) dots = 0;
    else place += length - (size - 1 - dots);
    while (dots && ((unsigned char)*place & 0xc0) == 0x80) place++;
    snprintf(to, size, "%.*s%s", (int)dots, "...", place);
}

static void find_longest_pair(assay_planning *p, const assay_example_set *set)
{
    for (size_t i = 0; set && !*p->longest_place && i < set->count; i++) {
        if (assay_example_tokens(set, &set->items[i]) != p->longest_pair) continue;
        char *place = assay_pair_set_place(set->pairs, set->pairs->pairs[set->items[i].pair].place);
        if (place) copy_place(p->longest_place, sizeof p->longest_place, place);
        assay_free(place);
    }
}

/* A step of usual pairs; without data of the longest, and then the run may have no end. */
static void forecast_spilling(assay_planning *p, const variant *asked)
{
    const assay_planning_subject *s = &asked->subject;
    double pair = (double)asked->longest, pairs = (double)s->settings.batch_pairs,
           steps = (double)s->settings.max_steps;
    size_t count = s->examples ? s->examples->count : 0;
    if (count) {
        pair = assay_example_set_mean_tokens(s->examples);
        pairs = (double)assay_smaller_bytes(count, s->settings.batch_pairs);
        steps = (double)assay_trainer_steps(&s->settings, count);
    }
    assay_spill_forecast_end(&p->spill, &p->plan, pair * pairs, pair * pairs * steps);
}

/* A step in one micro-batch may take more than what is spared. */
static bool is_worse(const variant *early, const variant *kept)
{
    return kept->fits == early->fits ? kept->plan.total_bytes <= early->plan.total_bytes : kept->fits;
}

/* The run itself. Where its gradients cannot be applied early, or that is of no use, they are kept. */
static assay_status plan_asked(assay_planning *p, variant *asked, assay_error *err)
{
    const assay_planning_subject *s = &asked->subject;
    char bytes[32];
    if (s->settings.early)
        assay_early_hindrance(&s->settings, s->model.slice.end > 0, request_of(asked, NULL).step_tokens, p->kept_for,
                              sizeof p->kept_for);
    if (*p->kept_for) asked->subject.settings.early = false;
    variant kept = *asked;
    ASSAY_TRY(plan_variant(asked, true, s->alternatives, err));
    if (!s->settings.early) return ASSAY_OK;
    kept.spill = asked->spill;
    kept.subject.settings.spill_flops = asked->subject.settings.spill_flops;
    kept.subject.settings.early = false;
    ASSAY_TRY(plan_variant(&kept, true, s->alternatives, err));
    if (!is_worse(asked, &kept)) return ASSAY_OK;
    assay_format_bytes(asked->plan.total_bytes, bytes, sizeof bytes);
    snprintf(p->kept_for, sizeof p->kept_for, "with a step of up to %zu tokens in one micro-batch the run takes %s",
             asked->plan.micro_tokens, bytes);
    *asked = kept;
    return ASSAY_OK;
}

assay_status assay_planning_make(assay_planning *planning, const assay_planning_subject *subject, assay_error *err)
{
    variant asked = {.subject = *subject};
    *planning = (assay_planning){0};
    if (subject->alone) asked.subject.alternatives = false;
    ASSAY_TRY(plan_asked(planning, &asked, err));
    planning->budget = asked.subject.settings.budget;
    planning->fits = asked.fits;
    planning->plan = asked.plan;
    planning->size = asked.size;
    planning->streamed = asked.streamed;
    planning->forecast = asked.forecast;
    planning->spill = asked.spill;
    if (planning->plan.spilled) forecast_spilling(planning, &asked);
    planning->layers = asked.layers;
    planning->gradients = assay_trainer_gradients(&asked.subject.settings) * asked.size.trained * sizeof(float);
    planning->optimizer = asked.moments;
    planning->slices = subject->settings.slices;
    planning->weights = asked.weights;
    planning->inlet_bytes = asked.inlet;
    planning->inlet_gradient_bytes = asked.inlet_gradient;
    planning->rss = process_peak(&asked);
    planning->largest_off = asked.largest_off;
    planning->largest_all = asked.largest_all;
    planning->longest_pair = asked.longest;
    find_longest_pair(planning, subject->examples);
    find_longest_pair(planning, subject->evaluation);
    if (asked.subject.alternatives) ASSAY_TRY(make_menu(planning, &asked, err));
    return !subject->alone && (subject->alternatives || !asked.fits) ? consider_all(planning, &asked, err) : ASSAY_OK;
}

assay_status assay_planning_refuse(const assay_planning *p, assay_error *err)
{
    char need[32], budget[32], arena[32], advice[500] = "", line[160], bytes[32], longest[256] = "";
    assay_format_bytes(p->plan.total_bytes, need, sizeof need);
    assay_format_bytes(p->budget, budget, sizeof budget);
    assay_format_bytes(p->plan.arena_bytes, arena, sizeof arena);
    for (size_t i = 0; i < p->option_count; i++) {
        if (!p->options[i].fits) continue;
        assay_format_bytes(p->options[i].plan.total_bytes, bytes, sizeof bytes);
        snprintf(line, sizeof line, "%s (%s), ", p->options[i].text, bytes);
        strncat(advice, line, sizeof advice - strlen(advice) - 1);
    }
    if (*p->longest_place)
        snprintf(longest, sizeof longest, "the pair at %s has %zu, and ", p->longest_place, p->longest_pair);
    return assay_error_set(err, ASSAY_E_NO_FIT,
                           "this run needs %s: %.1f MiB of weights, gradients and optimizer, and %s for a micro-batch "
                           "of %zu tokens (%sa pair is never split) with %d of %d layer%s "
                           "%s. The budget is %s. What would fit: %s--memory %.0fM",
                           need, (double)(p->plan.total_bytes - p->plan.arena_bytes) / 1048576, arena,
                           p->plan.micro_tokens, longest, p->plan.replayed + p->plan.spilled, p->layers,
                           p->layers == 1 ? "" : "s", p->plan.spilled ? "spilled" : "recomputed", budget, advice,
                           (double)p->plan.total_bytes / 1048576 + 1);
}
