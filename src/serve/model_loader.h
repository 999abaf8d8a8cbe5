/* The models that `assay serve` offers, from its options.
 *
 *     assay_model_loader *loader;
 *     assay_served_set *models;
 *     ASSAY_TRY(assay_model_loader_open(&loader, options, context, &models, err));
 *     ... assay_server_start with models ...
 *     assay_served_set_free(models);
 *     assay_model_loader_close(loader);
 *
 * Options and context are borrowed until the end: a reload opens the same folders again.
 */
#ifndef ASSAY_SERVE_MODEL_LOADER_H
#define ASSAY_SERVE_MODEL_LOADER_H

#include "options/options.h"
#include "serve/served_model.h"
#include "task/context.h"

typedef struct assay_model_loader assay_model_loader;

/* Opens the base and every --adapter (none: the model alone, called "default"). Both results are to be released after a
 * failure too; NULL where they were not made. */
assay_status assay_model_loader_open(assay_model_loader **out, const assay_options *options,
                                     const assay_task_context *context, assay_served_set **models, assay_error *err);
/* After the set is freed. NULL is fine. */
void assay_model_loader_close(assay_model_loader *loader);

#endif
