#include "cli/command.h"

#include "base/file.h"
#include "report/report.h"
#include "task/folder_lock.h"
#include "task/output_guard.h"

static assay_status say(const assay_options *options, const char *path, size_t bytes, assay_error *err)
{
    if (!options->json) {
        char *line = assay_strfmt("%s\n", path);
        ASSAY_TRY_ALLOC(line, "a line", err);
        assay_status printed = assay_print_text(line, err);
        assay_free(line);
        return printed;
    }
    json_t *object = json_pack("{s:s, s:I}", "report", path, "bytes", (json_int_t)bytes);
    ASSAY_TRY_ALLOC(object, "the result", err);
    assay_status status = assay_print_json(object, err);
    json_decref(object);
    return status;
}

/* The report is the last file of a run and tells that the run is whole: it is not written into a run that goes on. */
static assay_status lock_run(assay_folder_lock *lock, const char *folder, const assay_log *log, assay_error *err)
{
    if (!assay_path_is_dir(folder)) return ASSAY_OK; /* assay_report_write says so */
    assay_status status = assay_folder_lock_take(lock, folder, log, err);
    return status == ASSAY_OK ? ASSAY_OK : assay_error_prefix(err, status, "--output FILE puts the report elsewhere: ");
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    const char *folder = options->positionals.items[0];
    size_t bytes = 0;
    ASSAY_TRY(assay_output_guard(options, err));
    if (options->output && assay_path_exists(options->output) && !options->force)
        return assay_error_set(err, ASSAY_E_USAGE, "--output %s exists; --force writes over it", options->output);
    char *path = options->output ? assay_strdup(options->output) : assay_path_join(folder, ASSAY_REPORT_NAME);
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_folder_lock lock = {.fd = -1};
    assay_status status = options->output ? ASSAY_OK : lock_run(&lock, folder, context->task.log, err);
    if (status == ASSAY_OK) status = assay_report_write(folder, path, &bytes, err);
    assay_folder_lock_release(&lock);
    if (status == ASSAY_OK) status = say(options, path, bytes, err);
    assay_free(path);
    return status;
}

const assay_command assay_command_report = {
    .name = "report",
    .summary = "one HTML page of a run",
    .arguments = "RUNDIR [--output FILE]",
    .help = "Writes report.html into the --output folder of a train run (or FILE): loss, accuracy, margins, "
            "calibration, accuracy by length, memory,\n"
            "throughput, the worst pairs, options, fingerprints and machine, in one file that needs nothing else. "
            "train writes it at its end;\n"
            "this writes it again. While a run goes on the page goes elsewhere, with --output.\n"
            "\n"
            "Examples:\n"
            "  assay report my-reward\n"
            "  assay report my-reward --output report-3.html\n",
    .takes = ASSAY_FOR_REPORT,
    .words_min = 1,
    .words_max = 1,
    .saves = true,
    .run = run,
};
