/* What the commands that write models (init, convert, merge) share beyond weights: the tokenizer beside them, the pad
 * token, and assay.json, which carries template and score offset from folder to folder. */
#ifndef ASSAY_TASK_SAVED_FOLDER_H
#define ASSAY_TASK_SAVED_FOLDER_H

#include "base/held_files.h"
#include "checkpoint/checkpoint.h"
#include "notes/notes.h"
#include "options/options.h"
#include "tokenizer/tokenizer.h"

assay_dtype assay_saved_dtype(assay_opt_dtype dtype);

/* Where a model's tokenizer and assay.json come from: `trained` (an adapter's or run's folder) where it has them, else
 * the base. What is copied is read or held open before weights are written, because a folder may go meanwhile.
 *
 *     assay_saved_source source = {.trained = folder_or_null, .base = checkpoint};
 *     status = assay_saved_source_hold(&source, err);
 *     ... pad, weights (source.code for assay_save_options.code), tokenizer, notes, card ...
 *     assay_saved_source_release(&source);
 */
typedef struct assay_saved_source {
    const char *trained; /* NULL: none */
    const assay_checkpoint *base;
    assay_held_files tokenizer, code; /* the rest is set by hold */
    assay_notes notes;
    char *license; /* NULL: none is named */
} assay_saved_source;

/* After a failure too: assay_saved_source_release. */
assay_status assay_saved_source_hold(assay_saved_source *source, assay_error *err);
void assay_saved_source_release(assay_saved_source *source);

/* The pad token to write: one that the rendered texts of the model's template never end with. *id -1 and *content NULL:
 * there is no tokenizer, or it has no such token. *content is the caller's (assay_free). */
assay_status assay_saved_pad(const assay_saved_source *source, int64_t *id, char **content, assay_error *err);

/* The tokenizer's files into the folder; pad as for assay_tokenizer_save. */
assay_status assay_saved_tokenizer(const assay_saved_source *source, const char *folder, const char *pad,
                                   assay_error *err);

/* assay.json of the source with the offset added; none when there is neither. */
assay_status assay_saved_notes(const assay_saved_source *source, double score_offset, const char *folder,
                               assay_error *err);

/* README.md for a whole model just written into `folder`, whose final place is `output`: what it was made of, by which
 * command, and how to load it. Accuracy and data are those of the notes (assay.json) there. */
assay_status assay_saved_card(const assay_saved_source *source, const char *folder, const char *output,
                              assay_error *err);

#endif
