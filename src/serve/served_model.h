/* Models by name, replaceable while requests run.
 *
 * A served model is whatever the loader made: a door to scores, a tokenizer with its template. It is counted:
 * a request takes a reference when it is tokenised and gives it back when it is answered, so a request is served wholly
 * by one model, and a replaced one dies with its last request. Only the scoring thread touches the batch.
 *
 *     assay_served_set *set;
 *     ASSAY_TRY(assay_served_set_create(&set, &loader, err));
 *     ASSAY_TRY(assay_served_set_add(set, "helpful", "runs/helpful", err)); // loads; the first is the default
 *     assay_served *model = assay_served_take(set, name_or_null); // NULL: no such model
 *     ...
 *     assay_served_give(model);
 *     // from another thread than the scoring one; one at a time
 *     ASSAY_TRY(assay_served_set_reload(set, name_or_null, err));
 *     assay_served_set_free(set);
 */
#ifndef ASSAY_SERVE_SERVED_MODEL_H
#define ASSAY_SERVE_SERVED_MODEL_H

#include "data/renderer.h"
#include "score/score_batch.h"

#include <stdatomic.h>

typedef struct assay_served {
    const char *name;         /* of the slot; lives as long as the set */
    char fingerprint[33];     /* serve/served_fingerprint.h */
    assay_score_batch *batch; /* its tokens are the micro-batch's budget */
    const assay_template *chosen;
    const assay_renderer *renderer; /* the same for conversations, and what stays in front of a cut text */
    size_t max_length;              /* tokens of one text */
    size_t planned_bytes;
    size_t streamed_bytes, read_bytes; /* weights that do not stay in memory; read of them a micro-batch. 0: all stay */
    bool bf16;
    const json_t *config;              /* names the labels; lives as long as the model */
    char label[ASSAY_HEAD_LABEL];      /* the one whose number is the score */
    const char *folder, *architecture; /* for people; live as long as the model */
    void *owner;                       /* the loader's; */
    void (*release)(void *owner);      /* frees everything above */
    atomic_int references;
} assay_served;

/* Fills in a zeroed model from a folder (NULL: the base alone). On failure nothing is left behind. */
typedef struct assay_served_loader {
    void *context;
    assay_status (*load)(void *context, const char *folder, assay_served *model, assay_error *err);
} assay_served_loader;

typedef struct assay_served_set assay_served_set;

assay_status assay_served_set_create(assay_served_set **out, const assay_served_loader *loader, assay_error *err);
void assay_served_set_free(assay_served_set *set); /* NULL is fine; all references must be back */
assay_status assay_served_set_add(assay_served_set *set, const char *name, const char *folder, assay_error *err);
/* All or nothing: every model that is meant (NULL: all) is loaded before the first is replaced, old and new side by
 * side. After a failure the old ones stay, all of them. */
assay_status assay_served_set_reload(assay_served_set *set, const char *name, assay_error *err);

assay_served *assay_served_take(assay_served_set *set, const char *name);
void assay_served_give(assay_served *model);

size_t assay_served_count(const assay_served_set *set);
const char *assay_served_name(const assay_served_set *set, size_t index);

#endif
