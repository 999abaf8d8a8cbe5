/* The engine's side of spilled values: where each of them lies in the file, and what is read next.
 *
 *     ASSAY_TRY(assay_spilling_open(&spilling, schedule, values, folder, err)); // behind the layout; takes all its
 * room assay_spilling_begin(spilling);                                           // a forward pass begins
 *     ASSAY_TRY(assay_spilling_write(spilling, value, data, bytes, err));       // a SPILL
 *     ASSAY_TRY(assay_spilling_read(spilling, value, data, bytes, err));        // a FETCH
 *     assay_spilling_close(spilling);
 */
#ifndef ASSAY_ENGINE_SPILLING_H
#define ASSAY_ENGINE_SPILLING_H

#include "engine/schedule.h"

typedef struct assay_spilling assay_spilling;

/* schedule: laid out, with instances; not used any more behind the call. values: of its program. */
assay_status assay_spilling_open(assay_spilling **out, const assay_schedule *schedule, size_t values,
                                 const char *folder, assay_error *err);
void assay_spilling_close(assay_spilling *spilling); /* NULL is fine */

void assay_spilling_begin(assay_spilling *spilling);
assay_status assay_spilling_write(assay_spilling *spilling, int value, const void *data, size_t bytes,
                                  assay_error *err);
assay_status assay_spilling_read(assay_spilling *spilling, int value, void *data, size_t bytes, assay_error *err);

uint64_t assay_spilling_bytes(const assay_spilling *spilling); /* written so far */

#endif
