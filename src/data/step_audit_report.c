/* The audit of answers in steps as JSON and as a table. Keys of the JSON are read by scripts: add, don't rename. */
#include "data/step_audit.h"

static json_t *whole(size_t value) { return json_integer((json_int_t)value); }

static json_t *formats_json(const assay_step_audit *audit)
{
    json_t *object = json_object();
    for (uint32_t i = 0; i < ASSAY_STEP_FORMATS; i++)
        if (audit->by_format[i]) json_object_set_new(object, assay_step_format_name(i), whole(audit->by_format[i]));
    return object;
}

static json_t *bad_json(const assay_step_audit *audit)
{
    json_t *list = json_array();
    for (size_t i = 0; i < ASSAY_FINDING_PLACES && audit->bad[i]; i++)
        json_array_append_new(list, json_string(audit->bad[i]));
    return json_pack("{s:o,s:o}", "count", whole(audit->bad_lines), "examples", list);
}

/* Answers by the place of their first error, from step 0; what is behind the last place has none. */
static json_t *places_json(const assay_step_audit *audit)
{
    json_t *list = json_array();
    size_t count = audit->most;
    while (count && !audit->first_errors[count - 1]) count--;
    for (size_t i = 0; i < count; i++) json_array_append_new(list, whole(audit->first_errors[i]));
    return list;
}

static json_t *lost_json(const assay_step_audit *audit)
{
    return json_pack("{s:o,s:o,s:o,s:o,s:o}", "neutral", whole(audit->neutral), "completions", whole(audit->others),
                     "steps_behind_labels", whole(audit->behind), "answers_unlabelled",
                     whole(audit->answers_unlabelled), "labels_missing", whole(audit->gaps));
}

static json_t *steps_json(const assay_step_audit *audit)
{
    return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "count", whole(audit->steps), "fewest", whole(audit->fewest),
                     "most", whole(audit->most), "right", whole(audit->right), "wrong", whole(audit->wrong), "between",
                     whole(audit->between), "unlabelled", whole(audit->unlabelled));
}

assay_status assay_step_audit_json(const assay_step_audit *audit, json_t **object, assay_error *err)
{
    json_t *characters = json_pack("{s:o,s:o}", "prompt", assay_length_stats_json(&audit->prompt_length), "step",
                                   assay_length_stats_json(&audit->step_length));
    json_t *eval = audit->has_eval ? json_pack("{s:o,s:o}", "answers", whole(audit->eval_answers), "prompts_in_both",
                                               assay_finding_json(&audit->in_both))
                                   : json_null();
    *object = json_pack(
        "{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "files", whole(audit->files), "records",
        whole(audit->records), "answers", whole(audit->answers), "formats", formats_json(audit), "prompts",
        whole(audit->prompts), "steps", steps_json(audit), "answers_right", whole(audit->answers_right),
        "answers_wrong", whole(audit->answers_wrong), "first_errors", places_json(audit), "bad_lines", bad_json(audit),
        "empty_steps", assay_finding_json(&audit->empty_steps), "empty_prompts",
        assay_finding_json(&audit->empty_prompts), "duplicates", assay_finding_json(&audit->duplicates),
        "contradictions", assay_finding_json(&audit->contradictions), "characters", characters, "eval", eval);
    ASSAY_TRY_ALLOC(*object, "the audit", err);
    if (!json_object_set_new(*object, "lost_in_stepwise", lost_json(audit))) return ASSAY_OK;
    json_decref(*object);
    *object = NULL;
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the audit");
}

/* ---- text ---- */

static assay_status counts_text(const assay_step_audit *audit, assay_buf *out, assay_error *err)
{
    ASSAY_TRY(assay_buf_text(out, "Answers in labelled steps\n", err));
    ASSAY_TRY(assay_finding_row("files", audit->files, out, err));
    ASSAY_TRY(assay_finding_row("records", audit->records, out, err));
    ASSAY_TRY(assay_finding_row("answers", audit->answers, out, err));
    for (uint32_t i = 0; i < ASSAY_STEP_FORMATS; i++)
        if (audit->by_format[i])
            ASSAY_TRY(
                assay_buf_printf(out, err, "    format %-25s %9zu\n", assay_step_format_name(i), audit->by_format[i]));
    ASSAY_TRY(assay_finding_row("different prompts", audit->prompts, out, err));
    if (!audit->answers) return ASSAY_OK;
    ASSAY_TRY(assay_buf_printf(out, err, "  %-34s %9zu   %zu to %zu an answer\n", "steps", audit->steps, audit->fewest,
                               audit->most));
    ASSAY_TRY(assay_finding_row("  right", audit->right, out, err));
    ASSAY_TRY(assay_finding_row("  wrong", audit->wrong, out, err));
    if (audit->between) ASSAY_TRY(assay_finding_row("  with a probability", audit->between, out, err));
    if (audit->unlabelled) ASSAY_TRY(assay_finding_row("  without a label", audit->unlabelled, out, err));
    ASSAY_TRY(assay_finding_row("answers without a wrong step", audit->answers_right, out, err));
    return assay_finding_row("answers with a wrong step", audit->answers_wrong, out, err);
}

enum { PLACES_SHOWN = 10 };

static assay_status places_text(const assay_step_audit *audit, assay_buf *out, assay_error *err)
{
    size_t later = 0;
    if (!audit->answers_wrong) return ASSAY_OK;
    ASSAY_TRY(assay_buf_text(out, "\nFirst wrong step\n", err));
    for (size_t i = 0; i < audit->most && i < PLACES_SHOWN; i++)
        if (audit->first_errors[i])
            ASSAY_TRY(assay_buf_printf(out, err, "  step %-29zu %9zu\n", i + 1, audit->first_errors[i]));
    for (size_t i = PLACES_SHOWN; i < audit->most; i++) later += audit->first_errors[i];
    return later ? assay_finding_row("later", later, out, err) : ASSAY_OK;
}

static assay_status findings_text(const assay_step_audit *audit, assay_buf *out, assay_error *err)
{
    ASSAY_TRY(assay_buf_text(out, "\nFindings\n", err));
    size_t empty = out->size;
    if (audit->bad_lines) ASSAY_TRY(assay_finding_row("bad lines", audit->bad_lines, out, err));
    for (size_t i = 0; i < ASSAY_FINDING_PLACES && audit->bad[i]; i++)
        ASSAY_TRY(assay_buf_printf(out, err, "      %s\n", audit->bad[i]));
    ASSAY_TRY(assay_finding_text(&audit->empty_steps, "of them with an empty step", NULL, out, err));
    ASSAY_TRY(assay_finding_text(&audit->empty_prompts, "empty prompts", NULL, out, err));
    ASSAY_TRY(
        assay_finding_text(&audit->duplicates, "repeated answers", "each counts as often as it is there", out, err));
    ASSAY_TRY(assay_finding_text(&audit->contradictions, "contradicting answers",
                                 "the same steps, one of them right here and wrong there: no model can learn both", out,
                                 err));
    ASSAY_TRY(assay_finding_text(&audit->in_both, "evaluation prompts also trained on",
                                 "the evaluation is too kind to these", out, err));
    return out->size == empty ? assay_buf_text(out, "  none\n", err) : ASSAY_OK;
}

static assay_status lost_row(const char *name, size_t value, assay_buf *out, assay_error *err)
{
    return value ? assay_finding_row(name, value, out, err) : ASSAY_OK;
}

static assay_status lost_text(const assay_step_audit *audit, assay_buf *out, assay_error *err)
{
    ASSAY_TRY(assay_buf_text(out, "\nLost in TRL's form (data convert)\n", err));
    size_t nothing = out->size;
    ASSAY_TRY(lost_row("neutral steps, counted as wrong", audit->neutral, out, err));
    ASSAY_TRY(lost_row("completions beside those taken", audit->others, out, err));
    ASSAY_TRY(lost_row("steps behind the last label", audit->behind, out, err));
    ASSAY_TRY(lost_row("answers without a label", audit->answers_unlabelled, out, err));
    ASSAY_TRY(lost_row("labels that are null (TRL: none)", audit->gaps, out, err));
    return out->size == nothing ? assay_buf_text(out, "  nothing\n", err) : ASSAY_OK;
}

assay_status assay_step_audit_text(const assay_step_audit *audit, assay_buf *out, assay_error *err)
{
    ASSAY_TRY(counts_text(audit, out, err));
    ASSAY_TRY(places_text(audit, out, err));
    ASSAY_TRY(findings_text(audit, out, err));
    ASSAY_TRY(lost_text(audit, out, err));
    ASSAY_TRY(assay_length_stats_head(out, err));
    ASSAY_TRY(assay_length_stats_text(&audit->prompt_length, "prompt, characters", out, err));
    return assay_length_stats_text(&audit->step_length, "step, characters", out, err);
}
