/* --quantize of training, and what goes with it: a base that is packed in memory, the note of it in assay.json, which
 * scoring follows, and what cannot be done with packed weights. */
#ifndef ASSAY_TASK_QUANTISING_H
#define ASSAY_TASK_QUANTISING_H

#include "task/model_source.h"

/* What the source's base is packed into: what the options say, or else what the notes kept (already in the source).
 * ASSAY_E_USAGE where that cannot be: all weights are trained, or the base is packed already. To be called when the
 * source is open. */
assay_status assay_quantise_choose(assay_model_source *source, const assay_options *options, assay_error *err);

/* Packs it, and says so. Nothing where nothing is to be packed. */
assay_status assay_quantise_source(assay_model_source *source, const assay_log *log, assay_error *err);

/* ASSAY_E_UNSUPPORTED for a base of packed weights that nothing can be folded into, with what to do instead. Types that
 * version 0.1 read and merged are merged as ever. */
assay_status assay_quantised_refuse_merge(const assay_checkpoint *base, const char *adapter, assay_error *err);

#endif
