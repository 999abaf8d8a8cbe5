#include "cli/data_steps.h"

#include "data/step_audit.h"
#include "task/step_input.h"

#include <string.h>

static assay_status refuse(const char *option, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_USAGE,
                           "%s is of pairs, and the data holds answers in labelled steps; leave it out", option);
}

static assay_status check_options(const assay_options *options, assay_error *err)
{
    if (options->columns.count) return refuse("--columns", err);
    if (options->model) return refuse("--model", err);
    return assay_options_given(options, "objective") ? refuse("--objective", err) : ASSAY_OK;
}

/* ---- check ---- */

static assay_status print_audit(const assay_step_audit *audit, bool as_json, assay_error *err)
{
    if (as_json) {
        json_t *object;
        ASSAY_TRY(assay_step_audit_json(audit, &object, err));
        assay_status status = assay_print_json(object, err);
        json_decref(object);
        return status;
    }
    assay_buf text;
    assay_buf_init(&text, 1 << 24);
    assay_status status = assay_step_audit_text(audit, &text, err);
    if (status == ASSAY_OK) status = assay_print_text(text.data, err);
    assay_buf_release(&text);
    return status;
}

static assay_status none_left(const assay_step_set *set, assay_error *err)
{
    if (!set->bad_count)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s holds no answer in steps: it is empty",
                               set->file_count ? set->files[0] : "the data");
    return assay_error_set(err, ASSAY_E_FORMAT, "no answer is left: %zu lines are bad; the first: %.1500s",
                           set->bad_count, set->bad[0]);
}

/* What would stop who reads the files. */
static assay_status verdict(const assay_step_set *set, const assay_step_set *eval, const assay_options *options,
                            assay_error *err)
{
    size_t bad = set->bad_count + eval->bad_count;
    const char *first = set->bad_count ? set->bad[0] : bad ? eval->bad[0] : "";
    if (!set->count) return none_left(set, err);
    if (!bad || options->skip_bad_lines) return ASSAY_OK;
    return assay_error_set(
        err, ASSAY_E_FORMAT,
        "%.1500s (%zu bad line%s in all; readers stop at the first, --skip-bad-lines leaves them out)", first, bad,
        bad == 1 ? "" : "s");
}

static assay_status read_eval(assay_step_set *eval, const assay_options *options, const assay_log *log,
                              assay_error *err)
{
    bool steps;
    size_t bad = 0;
    ASSAY_TRY(assay_step_input_are(&steps, &options->eval_data, err));
    if (steps) return assay_step_input_read(eval, &options->eval_data, &bad, log, err);
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "--eval-data %s holds no answers in labelled steps, and the data does: give files of one "
                           "kind",
                           options->eval_data.items[0]);
}

assay_status assay_data_steps_check(const assay_string_list *paths, const assay_options *options, const assay_log *log,
                                    assay_error *err)
{
    assay_step_set set = {0}, eval = {0};
    assay_step_audit audit = {0};
    size_t bad = 0;
    bool has_eval = options->eval_data.count > 0;
    ASSAY_TRY(check_options(options, err));
    assay_status status = assay_step_input_read(&set, paths, &bad, log, err);
    if (status == ASSAY_OK && has_eval) status = read_eval(&eval, options, log, err);
    if (status == ASSAY_OK) status = assay_step_audit_make(&audit, &set, has_eval ? &eval : NULL, err);
    if (status == ASSAY_OK) status = print_audit(&audit, options->json, err);
    if (status == ASSAY_OK) status = verdict(&set, &eval, options, err);
    assay_step_audit_release(&audit);
    assay_step_set_release(&eval);
    assay_step_set_release(&set);
    return status;
}

/* ---- convert ---- */

typedef struct step_census {
    size_t answers, steps, unlabelled, behind, gaps;
} step_census;

static step_census count_written(const assay_step_set *set)
{
    step_census census = {0};
    for (size_t i = 0; i < set->count; i++) {
        const assay_step_answer *answer = &set->items[i];
        size_t judged = assay_step_answer_judged(answer);
        census.answers += judged > 0;
        census.steps += judged;
        census.unlabelled += !judged;
        census.behind += judged ? answer->steps.count - judged : 0;
        for (size_t k = 0; k < judged; k++) census.gaps += answer->labels[k] != answer->labels[k];
    }
    return census;
}

static void tell(const assay_step_set *set, const step_census *census, const assay_log *log)
{
    if (set->bad_count) assay_warn(log, "%zu bad lines left out (first: %s)", set->bad_count, set->bad[0]);
    if (census->unlabelled)
        assay_warn(log, "%zu answers left out: none of their steps has a label", census->unlabelled);
    if (census->behind)
        assay_warn(log, "%zu steps left out: they stand behind the last step of their answer that has a label",
                   census->behind);
    if (census->gaps)
        assay_warn(log, "%zu steps have no label and are written with null, which TRL's trainer refuses", census->gaps);
    if (assay_step_set_has_shares(set))
        assay_warn(log, "some labels are probabilities: all are written as numbers, and TRL's trainer cuts them to 0 "
                        "or 1");
}

static assay_status print_lines(const assay_step_set *set, assay_error *err)
{
    assay_buf text;
    assay_status status = ASSAY_OK;
    bool numbers = assay_step_set_has_shares(set);
    assay_buf_init(&text, SIZE_MAX / 4);
    for (size_t i = 0; i < set->count && status == ASSAY_OK; i++) {
        status = assay_step_line(&set->items[i], numbers, &text, err);
        if (status == ASSAY_OK && text.size) status = assay_print_exact(text.data, err);
    }
    assay_buf_release(&text);
    return status;
}

static assay_status print_written(const assay_step_set *set, const step_census *census, const assay_options *options,
                                  assay_error *err)
{
    if (options->json) {
        json_t *object = json_pack("{s:s,s:I,s:I,s:I,s:I}", "output", options->output, "answers",
                                   (json_int_t)census->answers, "steps", (json_int_t)census->steps, "dropped",
                                   (json_int_t)census->unlabelled, "bad_lines", (json_int_t)set->bad_count);
        ASSAY_TRY_ALLOC(object, "the result", err);
        assay_status status = assay_print_json(object, err);
        json_decref(object);
        return status;
    }
    char *line = assay_strfmt("%zu answers of %zu labelled steps written to %s\n", census->answers, census->steps,
                              options->output);
    ASSAY_TRY_ALLOC(line, "the result", err);
    assay_status status = assay_print_text(line, err);
    assay_free(line);
    return status;
}

static assay_status write_set(const assay_step_set *set, const assay_options *options, const assay_log *log,
                              assay_error *err)
{
    const step_census census = count_written(set);
    if (!set->count) return none_left(set, err);
    if (!census.answers)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: no step has a label, so there is nothing to write",
                               set->files[0]);
    tell(set, &census, log);
    if (strcmp(options->output, "-") == 0) return print_lines(set, err);
    ASSAY_TRY(assay_step_set_write(set, options->output, err));
    return print_written(set, &census, options, err);
}

assay_status assay_data_steps_convert(const assay_string_list *paths, const assay_options *options,
                                      const assay_log *log, assay_error *err)
{
    assay_step_set set = {0};
    size_t bad = 0;
    ASSAY_TRY(check_options(options, err));
    assay_status status = assay_step_input_read(&set, paths, options->skip_bad_lines ? &bad : NULL, log, err);
    if (status == ASSAY_OK) status = write_set(&set, options, log, err);
    assay_step_set_release(&set);
    return status;
}
