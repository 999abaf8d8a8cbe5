/* Which modules carry a low-rank adapter: by target names (a new adapter) or by what an adapter file holds (a loaded
 * one).
 *
 * A target matches a module whose full path equals it or ends with "." + it, as PEFT matches (tuners_utils.py,
 * check_target_module_exists). "all" stands for every linear module but the head. A target that matches nothing is an
 * error that lists the modules there are. */
#ifndef ASSAY_MODEL_LORA_H
#define ASSAY_MODEL_LORA_H

#include "checkpoint/adapter_file.h"
#include "family/architecture.h"

typedef struct assay_lora_spec {
    size_t rank;
    double alpha, dropout;
    bool rslora;
    const char *const *targets; /* names, or the one word "all"; borrowed */
    size_t target_count;
} assay_lora_spec;

/* Last path components of all linear modules of the architecture, in order ("q_proj", ...); at most 9. Returns how
 * many. */
size_t assay_lora_modules(const assay_architecture *arch, const char *names[9]);

/* Every target must match one of them. */
assay_status assay_lora_check(const assay_lora_spec *spec, const assay_architecture *arch, assay_error *err);

/* A loaded adapter as the callback's context; *status and *err hold the first failure (an alpha_pattern that is no
 * expression), to be looked at when the program is written. */
typedef struct assay_lora_file {
    const assay_adapter_file *adapter;
    assay_status *status; /* ASSAY_OK at first */
    assay_error *err;     /* may be NULL */
} assay_lora_file;

/* The two callbacks for assay_decoder_options.adapter; their contexts are an assay_lora_spec and an assay_lora_file. */
size_t assay_lora_rank_by_spec(const void *spec, const char *module, float *scale);
size_t assay_lora_rank_by_file(const void *file, const char *module, float *scale);

#endif
