#include "task/pair_input.h"

#include "data/pair_file.h"

#include <stdio.h>
#include <string.h>

enum { TOLD_BAD_LINES = 5 };

assay_status assay_pair_input_columns(assay_columns *columns, const assay_options *options, assay_error *err)
{
    assay_buf text;
    assay_buf_init(&text, 1 << 20);
    *columns = (assay_columns){0};
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < options->columns.count && status == ASSAY_OK; i++)
        status = assay_buf_printf(&text, err, "%s%s", i ? "," : "", options->columns.items[i]);
    if (status == ASSAY_OK) status = assay_columns_parse(columns, text.data, err);
    assay_buf_release(&text);
    return status;
}

static assay_status read_all(assay_pair_set *pairs, const assay_string_list *paths, const assay_options *options,
                             bool skip, assay_error *err)
{
    assay_columns columns;
    assay_status status = assay_pair_input_columns(&columns, options, err);
    assay_pair_options how = {.columns = &columns, .skip_bad_lines = skip};
    for (size_t i = 0; i < paths->count && status == ASSAY_OK; i++)
        status = assay_pair_set_read(pairs, paths->items[i], &how, err);
    assay_columns_release(&columns);
    return status;
}

static assay_status read_paths(assay_pair_set **out, const assay_string_list *paths, const assay_options *options,
                               bool skip, assay_error *err)
{
    *out = NULL;
    if (!paths->count)
        return assay_error_set(err, ASSAY_E_USAGE, "--data is missing: a file or folder of preference pairs");
    assay_pair_set *pairs;
    ASSAY_TRY(assay_pair_set_new(&pairs, err));
    assay_status status = read_all(pairs, paths, options, skip, err);
    if (status == ASSAY_OK) *out = pairs;
    else assay_pair_set_free(pairs);
    return status;
}

assay_status assay_pair_input_survey(assay_pair_set **out, const assay_string_list *paths, const assay_options *options,
                                     assay_error *err)
{
    return read_paths(out, paths, options, true, err);
}

static void tell_notes(const assay_pair_set *pairs, const assay_log *log)
{
    for (size_t i = 0; i < pairs->note_count; i++) assay_warn(log, "%s", pairs->notes[i]);
}

static void tell_bad_lines(const assay_pair_set *pairs, const assay_log *log)
{
    if (!pairs->bad_count) return;
    assay_warn(log, "%zu bad line%s left out", pairs->bad_count, pairs->bad_count == 1 ? "" : "s");
    for (size_t i = 0; i < pairs->bad_count && i < TOLD_BAD_LINES; i++) assay_warn(log, "%s", pairs->bad[i]);
}

static void tell_drops(const assay_pair_set *pairs, const assay_log *log)
{
    size_t counts[ASSAY_DROP_COUNT] = {0}, first[ASSAY_DROP_COUNT];
    for (size_t i = pairs->drop_count; i-- > 0;) counts[pairs->drops[i].reason]++, first[pairs->drops[i].reason] = i;
    for (size_t i = 0; i < ASSAY_DROP_COUNT; i++) {
        if (!counts[i]) continue;
        char *place = assay_pair_set_place(pairs, pairs->drops[first[i]].place);
        assay_warn(log, "%zu pair%s dropped: %s (first: %s)", counts[i], counts[i] == 1 ? "" : "s",
                   assay_drop_text((assay_drop_reason)i), place ? place : "?");
        assay_free(place);
    }
}

assay_status assay_pair_input_none_left(const assay_pair_set *pairs, assay_error *err)
{
    char reasons[512] = "";
    size_t used = 0;
    for (size_t reason = 0; reason < ASSAY_DROP_COUNT; reason++) {
        size_t count = 0;
        for (size_t i = 0; i < pairs->drop_count; i++) count += (size_t)pairs->drops[i].reason == reason;
        if (!count || used >= sizeof reasons) continue;
        int put = snprintf(reasons + used, sizeof reasons - used, "%s%zu: %s", used ? "; " : "", count,
                           assay_drop_text((assay_drop_reason)reason));
        if (put > 0) used += (size_t)put;
    }
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: no pair is left to work on (%s)",
                           pairs->file_count ? pairs->files[0] : "the data", reasons);
}

assay_status assay_pair_input_read(assay_pair_set **out, const assay_string_list *paths, const assay_options *options,
                                   const assay_log *log, assay_error *err)
{
    ASSAY_TRY(read_paths(out, paths, options, options->skip_bad_lines, err));
    if ((*out)->count) {
        tell_notes(*out, log);
        tell_bad_lines(*out, log);
        tell_drops(*out, log);
        return ASSAY_OK;
    }
    assay_status status = assay_pair_input_none_left(*out, err);
    assay_pair_set_free(*out);
    *out = NULL;
    return status;
}

bool assay_pair_input_has_text_prompts(const assay_pair_set *pairs)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (pairs->pairs[i].prompt.from_text) return true;
    return false;
}

void assay_pair_input_say_cuts(size_t count, const char *what, const assay_options *options, const assay_log *log)
{
    if (!count) return;
    if (options->truncate == ASSAY_OPT_TRUNCATE_RIGHT)
        assay_warn(log,
                   "%zu %s were cut to the maximum length at the right: what is cut has lost its end of turn and is "
                   "read at a token inside the answer; --truncate left keeps the end",
                   count, what);
    else assay_warn(log, "%zu %s were cut to the maximum length", count, what);
}

assay_truncate assay_pair_input_truncate(const assay_options *options)
{
    if (options->truncate == ASSAY_OPT_TRUNCATE_LEFT) return ASSAY_TRUNCATE_LEFT;
    return options->truncate == ASSAY_OPT_TRUNCATE_RIGHT ? ASSAY_TRUNCATE_RIGHT : ASSAY_TRUNCATE_NONE;
}
