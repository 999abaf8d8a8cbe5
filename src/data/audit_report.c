/* The audit as JSON and as a table. Keys of the JSON are read by scripts: add, don't rename. */
#include "base/json_doc.h"
#include "data/audit.h"

#include <math.h>
#include <stdio.h>

static json_t *whole(size_t value) { return json_integer((json_int_t)value); }

json_t *assay_length_stats_json(const assay_length_stats *stats)
{
    if (!stats->count) return json_null();
    return json_pack("{s:o,s:o,s:o,s:o}", "mean", assay_json_number(stats->mean), "median",
                     assay_json_number(stats->median), "p95", assay_json_number(stats->p95), "max", whole(stats->max));
}

static json_t *dropped_json(const assay_audit *audit)
{
    json_t *object = json_object();
    for (size_t i = 0; i < ASSAY_DROP_COUNT; i++)
        if (audit->dropped[i].count)
            json_object_set_new(object, assay_drop_key((assay_drop_reason)i), assay_finding_json(audit->dropped + i));
    return object;
}

/* Two table entries may carry one name (ms-swift): their counts are added. */
static json_t *formats_json(const assay_audit *audit)
{
    json_t *object = json_object();
    for (uint32_t i = 0; i < assay_pair_format_count(); i++) {
        const char *name = assay_pair_format_name(i);
        json_int_t before = json_integer_value(json_object_get(object, name));
        if (audit->by_format[i])
            json_object_set_new(object, name, json_integer(before + (json_int_t)audit->by_format[i]));
    }
    return object;
}

static json_t *bad_json(const assay_audit *audit)
{
    json_t *list = json_array();
    for (size_t i = 0; i < ASSAY_FINDING_PLACES && audit->bad[i]; i++)
        json_array_append_new(list, json_string(audit->bad[i]));
    return json_pack("{s:o,s:o}", "count", whole(audit->bad_lines), "examples", list);
}

static json_t *length_json(const assay_audit *audit)
{
    return json_pack("{s:o,s:o,s:o,s:o,s:[oo],s:o,s:o}", "longer", whole(audit->longer), "shorter",
                     whole(audit->shorter), "ties", whole(audit->ties), "longer_wins",
                     assay_json_number(audit->longer_wins), "interval95", assay_json_number(audit->longer_wins_low),
                     assay_json_number(audit->longer_wins_high), "accuracy", assay_json_number(audit->length_accuracy),
                     "auc", assay_json_number(audit->length_auc));
}

static json_t *tokens_json(const assay_audit *audit)
{
    if (!audit->has_tokens) return json_null();
    return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "chosen", assay_length_stats_json(&audit->chosen_tokens), "rejected",
                     assay_length_stats_json(&audit->rejected_tokens), "shared",
                     assay_length_stats_json(&audit->shared_tokens), "total", whole(audit->tokens), "total_shared",
                     whole(audit->tokens_shared), "truncated", whole(audit->truncated));
}

static json_t *margin_json(const assay_audit *audit)
{
    if (!audit->margins) return json_null();
    return json_pack("{s:o,s:o,s:o,s:o,s:o}", "count", whole(audit->margins), "negative",
                     whole(audit->margins_negative), "mean", assay_json_number(audit->margin_mean), "min",
                     assay_json_number(audit->margin_min), "max", assay_json_number(audit->margin_max));
}

static json_t *lists_json(const assay_audit_lists *lists)
{
    if (!lists->count) return json_null();
    return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "count", whole(lists->count), "answers",
                     whole(lists->answers), "fewest", whole(lists->fewest), "most", whole(lists->most), "compared",
                     whole(lists->compared), "ties", whole(lists->ties), "answers_lost_as_pairs",
                     whole(lists->answers - 2 * lists->count), "compared_lost_as_pairs",
                     whole(lists->compared - lists->decided));
}

assay_status assay_audit_json(const assay_audit *audit, json_t **object, assay_error *err)
{
    json_t *characters = json_pack("{s:o,s:o,s:o}", "prompt", assay_length_stats_json(&audit->prompt_characters),
                                   "chosen", assay_length_stats_json(&audit->chosen_characters), "rejected",
                                   assay_length_stats_json(&audit->rejected_characters));
    *object =
        json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "files",
                  whole(audit->files), "records", whole(audit->records), "pairs", whole(audit->pairs), "formats",
                  formats_json(audit), "prompts", whole(audit->prompts), "multi_turn", whole(audit->multi_turn),
                  "bad_lines", bad_json(audit), "dropped", dropped_json(audit), "empty_prompts",
                  assay_finding_json(&audit->empty_prompts), "duplicates", assay_finding_json(&audit->duplicates),
                  "contradictions", assay_finding_json(&audit->contradictions), "length", length_json(audit),
                  "characters", characters, "tokens", tokens_json(audit), "margins", margin_json(audit), "tied",
                  whole(audit->tied), "shares", whole(audit->shares), "singles", whole(audit->singles), "singles_good",
                  whole(audit->good), "graded", whole(audit->graded), "lists", lists_json(&audit->lists),
                  "control_tokens", audit->has_control ? assay_finding_json(&audit->control_tokens) : json_null());
    ASSAY_TRY_ALLOC(*object, "the audit", err);
    if (!audit->has_eval) return ASSAY_OK;
    json_t *eval = json_pack("{s:o,s:o}", "pairs", whole(audit->eval_pairs), "prompts_in_both",
                             assay_finding_json(&audit->in_both));
    if (!json_object_set_new(*object, "eval", eval)) return ASSAY_OK;
    json_decref(*object);
    *object = NULL;
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the audit");
}

assay_status assay_length_stats_head(assay_buf *out, assay_error *err)
{
    return assay_buf_text(out, "\nLengths                        mean    median       p95       max\n", err);
}

assay_status assay_length_stats_text(const assay_length_stats *stats, const char *name, assay_buf *out,
                                     assay_error *err)
{
    if (!stats->count) return ASSAY_OK;
    return assay_buf_printf(out, err, "  %-24s %9.1f %9.1f %9.1f %9zu\n", name, stats->mean, stats->median, stats->p95,
                            stats->max);
}

static assay_status counts_text(const assay_audit *audit, assay_buf *out, assay_error *err)
{
    ASSAY_TRY(assay_buf_text(out, "Pairs\n", err));
    ASSAY_TRY(assay_finding_row("files", audit->files, out, err));
    ASSAY_TRY(assay_finding_row("records", audit->records, out, err));
    ASSAY_TRY(assay_finding_row("pairs to train on", audit->pairs, out, err));
    for (uint32_t i = 0; i < assay_pair_format_count(); i++)
        if (audit->by_format[i])
            ASSAY_TRY(
                assay_buf_printf(out, err, "    format %-25s %9zu\n", assay_pair_format_name(i), audit->by_format[i]));
    ASSAY_TRY(assay_finding_row("different prompts", audit->prompts, out, err));
    ASSAY_TRY(assay_finding_row("with several turns", audit->multi_turn, out, err));
    if (!audit->margins) return ASSAY_OK;
    return assay_buf_printf(out, err, "  %-34s %9zu   mean %.3g, %.3g to %.3g, %zu below zero\n", "with a margin",
                            audit->margins, audit->margin_mean, audit->margin_min, audit->margin_max,
                            audit->margins_negative);
}

static assay_status labels_text(const assay_audit *audit, assay_buf *out, assay_error *err)
{
    const assay_audit_lists *lists = &audit->lists;
    if (audit->tied) ASSAY_TRY(assay_finding_row("ties", audit->tied, out, err));
    if (audit->shares) ASSAY_TRY(assay_finding_row("with a share of votes", audit->shares, out, err));
    if (audit->singles)
        ASSAY_TRY(assay_buf_printf(out, err, "  %-34s %9zu   %zu of them good\n", "single answers with a label",
                                   audit->singles, audit->good));
    if (audit->graded) ASSAY_TRY(assay_finding_row("single answers with attributes", audit->graded, out, err));
    if (!lists->count) return ASSAY_OK;
    ASSAY_TRY(assay_finding_row("lists of more than two answers", lists->count, out, err));
    return assay_buf_printf(out, err,
                            "    of %zu to %zu answers: %zu couples compared, %zu ties\n"
                            "    as pairs of best and worst, %zu answers and %zu couples would be lost\n",
                            lists->fewest, lists->most, lists->compared, lists->ties, lists->answers - 2 * lists->count,
                            lists->compared - lists->decided);
}

static assay_status findings_text(const assay_audit *audit, assay_buf *out, assay_error *err)
{
    ASSAY_TRY(assay_buf_text(out, "\nFindings\n", err));
    size_t empty = out->size;
    if (audit->bad_lines) ASSAY_TRY(assay_finding_row("bad lines", audit->bad_lines, out, err));
    for (size_t i = 0; i < ASSAY_FINDING_PLACES && audit->bad[i]; i++)
        ASSAY_TRY(assay_buf_printf(out, err, "      %s\n", audit->bad[i]));
    for (size_t i = 0; i < ASSAY_DROP_COUNT; i++) {
        char name[96];
        snprintf(name, sizeof name, "dropped: %s", assay_drop_text((assay_drop_reason)i));
        ASSAY_TRY(assay_finding_text(audit->dropped + i, name, NULL, out, err));
    }
    ASSAY_TRY(assay_finding_text(&audit->empty_prompts, "empty prompts", NULL, out, err));
    ASSAY_TRY(
        assay_finding_text(&audit->duplicates, "repeated pairs", "each counts as often as it is there", out, err));
    ASSAY_TRY(assay_finding_text(
        &audit->contradictions, "contradicting pairs",
        "the same answers, preferred the other way round or labelled otherwise: no model can learn both", out, err));
    ASSAY_TRY(assay_finding_text(
        &audit->control_tokens, "with the text of a control token",
        "inside a message it becomes the token, here as in the reference, and can forge a turn", out, err));
    ASSAY_TRY(assay_finding_text(&audit->in_both, "evaluation prompts also trained on",
                                 "the evaluation is too kind to these: use --eval-split auto", out, err));
    return out->size == empty ? assay_buf_text(out, "  none\n", err) : ASSAY_OK;
}

static assay_status lengths_text(const assay_audit *audit, assay_buf *out, assay_error *err)
{
    ASSAY_TRY(assay_length_stats_head(out, err));
    ASSAY_TRY(assay_length_stats_text(&audit->prompt_characters, "prompt, characters", out, err));
    ASSAY_TRY(assay_length_stats_text(&audit->chosen_characters, "chosen, characters", out, err));
    ASSAY_TRY(assay_length_stats_text(&audit->rejected_characters, "rejected, characters", out, err));
    if (audit->has_tokens) {
        ASSAY_TRY(assay_length_stats_text(&audit->chosen_tokens, "chosen side, tokens", out, err));
        ASSAY_TRY(assay_length_stats_text(&audit->rejected_tokens, "rejected side, tokens", out, err));
        ASSAY_TRY(assay_length_stats_text(&audit->shared_tokens, "shared, tokens", out, err));
        ASSAY_TRY(assay_buf_printf(out, err,
                                   "  %zu tokens an epoch; %zu more are saved by computing the shared part once\n",
                                   audit->tokens, audit->tokens_shared));
    }
    if (isnan(audit->longer_wins)) return ASSAY_OK;
    ASSAY_TRY(assay_buf_printf(out, err, "  the longer answer wins in %.1f %% (95 %%: %.1f to %.1f; %zu tie%s apart)\n",
                               100 * audit->longer_wins, 100 * audit->longer_wins_low, 100 * audit->longer_wins_high,
                               audit->ties, audit->ties == 1 ? "" : "s"));
    return assay_buf_printf(out, err,
                            "  length alone would reach an accuracy of %.1f %%: a reward model must beat that\n",
                            100 * audit->length_accuracy);
}

assay_status assay_audit_text(const assay_audit *audit, assay_buf *out, assay_error *err)
{
    ASSAY_TRY(counts_text(audit, out, err));
    ASSAY_TRY(labels_text(audit, out, err));
    ASSAY_TRY(findings_text(audit, out, err));
    return lengths_text(audit, out, err);
}
