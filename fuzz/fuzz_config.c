/* A config.json: read, and where it is of a usual depth written as a program and planned, for a budget of a gigabyte
 * and for one in which nothing fits. */
#include "fuzz_file.h"

#include "checkpoint/checkpoint.h"
#include "engine/planner.h"
#include "family/architecture.h"
#include "model/decoder.h"

enum { USUAL_DEPTH = 64 };

static void plan(const assay_model_config *config, assay_tuning tuning)
{
    assay_program *program;
    assay_plan result;
    if (assay_decoder_program(&program, config, &(assay_decoder_options){.tuning = tuning}, NULL) != ASSAY_OK) return;
    assay_plan_request request = {.program = program,
                                  .kernels = &assay_kernels_plain,
                                  .workers = 2,
                                  .backward = true,
                                  .longest_pair = 100,
                                  .longest_path = 60,
                                  .step_tokens = 800,
                                  .step_scored = 16,
                                  .budget = (size_t)1 << 30};
    assay_plan_make(&request, &result, NULL);
    request.budget = 1;
    assay_plan_make(&request, &result, NULL);
    assay_program_free(program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_checkpoint *checkpoint;
    assay_model_config config;
    assay_fuzz_put("config.json", data, size);
    if (assay_checkpoint_open(&checkpoint, assay_fuzz_folder(), ASSAY_CHECKPOINT_CONFIG_ONLY, NULL) != ASSAY_OK)
        return 0;
    assay_status status = assay_model_config_read(checkpoint->config, "config.json", &config, NULL);
    if (status == ASSAY_OK && config.layers <= USUAL_DEPTH) {
        plan(&config, ASSAY_TUNE_FULL);
        plan(&config, ASSAY_TUNE_HEAD);
    }
    assay_checkpoint_close(checkpoint);
    return 0;
}
