/* The engine's side of streamed weights: begins to bring those of a LOAD, waits where they are read, and says where
 * they are.
 *
 *     ASSAY_TRY(assay_streaming_open(&streaming, config, err));
 *     assay_streaming_begin(streaming, group, slot, params, geometry); // a LOAD
 *     ASSAY_TRY(assay_streaming_wait(streaming, group, err));          // a step that reads them
 *     assay_streaming_look(streaming, param, &view);                   // each of its parameters
 *     assay_streaming_close(streaming);
 */
#ifndef ASSAY_ENGINE_STREAMING_H
#define ASSAY_ENGINE_STREAMING_H

#include "engine/engine.h"

typedef struct assay_streaming assay_streaming;

/* Opens the files of config->stream; nothing is read yet. */
assay_status assay_streaming_open(assay_streaming **out, const assay_engine_config *config, assay_error *err);
void assay_streaming_close(assay_streaming *streaming); /* NULL is fine */

/* params: as bound, all of the program's. geometry: whose ids say which rows, unchanged until the wait. */
void assay_streaming_begin(assay_streaming *streaming, int group, void *slot, const assay_param_view *params,
                           const assay_geometry *geometry);
assay_status assay_streaming_wait(assay_streaming *streaming, int group, assay_error *err);

/* Puts into the view where the parameter's bytes are now; one that stays in memory is left as it is. */
void assay_streaming_look(const assay_streaming *streaming, int param, assay_param_view *view);

/* What was begun and nobody waited for (a pass that was given up) is over. */
void assay_streaming_settle(assay_streaming *streaming);

uint64_t assay_streaming_bytes(assay_streaming *streaming);

#endif
