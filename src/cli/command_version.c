#include "base/version.h"
#include "cli/command.h"

#include <stdio.h>

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    char line[128];
    snprintf(line, sizeof line, "assay %s (commit %s)\n", ASSAY_VERSION, context->commit);
    if (!options->json) return assay_print_text(line, err);
    json_t *object = json_pack("{s:s, s:s}", "version", ASSAY_VERSION, "commit", context->commit);
    assay_status status =
        object ? assay_print_json(object, err) : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the version");
    json_decref(object);
    return status;
}

const assay_command assay_command_version = {
    .name = "version",
    .summary = "the version (also --version)",
    .arguments = "",
    .help = "Prints the version, and the commit that was built.\n",
    .takes = ASSAY_FOR_VERSION,
    .each = true,
    .run = run,
};
