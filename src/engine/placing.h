/* Finding places in an arena for things that live for a while: each is given the lowest place that is free for the
 * whole of its life.
 *
 *     assay_placing *placing;
 *     ASSAY_TRY(assay_placing_create(&placing, instants, err));
 *     ASSAY_TRY(assay_placing_take(placing, first, last, bytes, &offset, err));    // for each, in order of importance
 *     assay_placing_free(placing);
 */
#ifndef ASSAY_ENGINE_PLACING_H
#define ASSAY_ENGINE_PLACING_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct assay_placing assay_placing;

assay_status assay_placing_create(assay_placing **out, size_t instants, assay_error *err);
void assay_placing_free(assay_placing *placing); /* NULL is fine */

/* The lowest offset at which `bytes` (more than 0) are free at every instant from first to last, both included and
 * below `instants`; they are taken from then on. */
assay_status assay_placing_take(assay_placing *placing, uint32_t first, uint32_t last, size_t bytes, size_t *offset,
                                assay_error *err);

#endif
