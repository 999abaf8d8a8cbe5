#include "task/step_input.h"

#include "data/data_files.h"

typedef assay_status (*file_visitor)(void *context, const char *path, assay_error *err);

/* Every file of the paths; log: NULL, or who is told what a path leaves out. */
static assay_status each_file(const assay_string_list *paths, const assay_log *log, file_visitor visit, void *context,
                              assay_error *err)
{
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < paths->count && status == ASSAY_OK; i++) {
        assay_data_files files;
        ASSAY_TRY(assay_data_files_find(&files, paths->items[i], err));
        if (files.note && log) assay_warn(log, "%s", files.note);
        for (size_t f = 0; f < files.count && status == ASSAY_OK; f++) status = visit(context, files.names[f], err);
        assay_data_files_release(&files);
    }
    return status;
}

typedef struct file_census {
    size_t files, steps;
} file_census;

static assay_status count_file(void *context, const char *path, assay_error *err)
{
    file_census *census = context;
    bool is_one;
    ASSAY_TRY(assay_step_file_is(path, &is_one, err));
    census->files++;
    census->steps += is_one;
    return ASSAY_OK;
}

assay_status assay_step_input_are(bool *are, const assay_string_list *paths, assay_error *err)
{
    file_census census = {0};
    *are = false;
    ASSAY_TRY(each_file(paths, NULL, count_file, &census, err));
    *are = census.steps > 0;
    if (!census.steps || census.steps == census.files) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "%zu files hold answers in labelled steps and %zu do not: give files of one kind at a time",
                           census.steps, census.files - census.steps);
}

typedef struct step_reading {
    assay_step_set *set;
    size_t *bad;
} step_reading;

static assay_status read_file(void *context, const char *path, assay_error *err)
{
    const step_reading *reading = context;
    return assay_step_set_read(reading->set, path, reading->bad, err);
}

assay_status assay_step_input_read(assay_step_set *set, const assay_string_list *paths, size_t *bad,
                                   const assay_log *log, assay_error *err)
{
    step_reading reading = {.set = set, .bad = bad};
    return each_file(paths, log, read_file, &reading, err);
}
