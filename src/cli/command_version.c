#include "base/version.h"
#include "cli/command.h"

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    (void)context;
    if (!options->json) return assay_print_text("assay " ASSAY_VERSION "\n", err);
    json_t *object = json_pack("{s:s}", "version", ASSAY_VERSION);
    assay_status status =
        object ? assay_print_json(object, err) : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the version");
    json_decref(object);
    return status;
}

const assay_command assay_command_version = {
    .name = "version",
    .summary = "the version (also --version)",
    .arguments = "",
    .help = "Prints the version.\n",
    .takes = ASSAY_FOR_VERSION,
    .run = run,
};
