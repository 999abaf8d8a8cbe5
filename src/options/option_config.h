/* --config FILE.yaml: one mapping of option names to values, the same names as on the command line, aliases included.
 *
 *     model: Qwen/Qwen2.5-0.5B      # a scalar
 *     data: [a.jsonl, b.jsonl]      # or a sequence, for options that may be repeated
 *     lora-targets: q_proj,v_proj
 *
 * null leaves the default. Unknown names, wrong types and repeated keys are errors with file:line; options of other
 * commands are passed over, so that one file serves train, plan and eval.
 */
#ifndef ASSAY_OPTIONS_OPTION_CONFIG_H
#define ASSAY_OPTIONS_OPTION_CONFIG_H

#include "options/options.h"

assay_status assay_option_config_read(assay_options *options, const char *path, unsigned command,
                                      const char *command_name, assay_error *err);

#endif
