/* The menu: ways to pay for memory with time, all in the plan's micro-batch, the plan itself first. */
#include "task/planning_private.h"

#include "base/sizes.h"
#include "task/early_choice.h"

#include <math.h>
#include <stdio.h>

/* What a row changes of the run as asked, and which of its layers are replayed or spilled. */
typedef struct menu_row {
    const char *text;
    int replayed, spilled;
    bool streamed;
} menu_row;

static assay_status add_row(assay_planning *p, assay_variant *v, const assay_program *program, const menu_row *row,
                            double fastest, assay_error *err)
{
    assay_plan_row *out = &p->rows[p->row_count];
    assay_plan_request request = assay_variant_request(v, program);
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
static assay_status add_rows(assay_planning *p, const assay_variant *asked, const menu_row *rows, size_t count,
                             assay_error *err)
{
    assay_variant v = *asked;
    assay_program *program;
    assay_status status = assay_variant_measure(&v, &program, err);
    ASSAY_TRY(status);
    for (size_t i = 0; i < count && status == ASSAY_OK; i++) {
        status = rows[i].streamed ? assay_variant_take_streamed(&v, program, err) : ASSAY_OK;
        if (status == ASSAY_OK)
            status = add_row(p, &v, program, &rows[i], asked->plan.time / asked->plan.relative_time, err);
        if (status == ASSAY_E_NO_FIT) status = ASSAY_OK;
        assay_variant_keep_weights(&v);
    }
    assay_program_free(program);
    return status;
}

/* A row that differs from the plan in its weights and moments alone: a step takes the same. */
static assay_status add_other_weights(assay_planning *p, const assay_variant *changed, const char *text,
                                      assay_error *err)
{
    assay_variant v = *changed;
    assay_program *program;
    assay_plan_row *out = &p->rows[p->row_count];
    ASSAY_TRY(assay_variant_measure(&v, &program, err));
    assay_program_free(program);
    *out = p->rows[0];
    snprintf(out->text, sizeof out->text, "%s", text);
    if (!assay_add_size(v.fixed, out->plan.arena_bytes, &out->plan.total_bytes)) out->plan.total_bytes = SIZE_MAX;
    out->fits = out->plan.total_bytes <= p->budget;
    p->row_count++;
    return ASSAY_OK;
}

/* A weight moved as soon as its gradient is whole, where the run could do that in the plan's micro-batch. */
static assay_status add_early(assay_planning *p, const assay_variant *asked, assay_error *err)
{
    const assay_planning_subject *s = &asked->subject;
    const menu_row row = {"as asked, --gradients early", p->plan.replayed, p->plan.spilled, false};
    char hindrance[sizeof p->kept_for];
    assay_variant v = *asked;
    v.subject.settings.early = true;
    size_t tokens = assay_variant_request(&v, NULL).step_tokens;
    assay_early_hindrance(&s->settings, s->model.slice.end > 0, tokens, hindrance, sizeof hindrance);
    if (s->settings.early || *hindrance || p->plan.micro_tokens < tokens) return ASSAY_OK;
    return add_rows(p, &v, &row, 1, err);
}

/* Moments and weights in fewer bits, where all weights are trained; a packed base where none of it is. */
static assay_status add_smaller(assay_planning *p, const assay_variant *asked, assay_error *err)
{
    const assay_planning_subject *s = &asked->subject;
    const menu_row packed = {"as asked, --quantize nf4", p->plan.replayed, p->plan.spilled, false};
    assay_variant v = *asked;
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

assay_status assay_planning_make_menu(assay_planning *p, const assay_variant *asked, assay_error *err)
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
