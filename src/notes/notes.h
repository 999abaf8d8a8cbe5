/* assay.json, the notes beside a model: how its texts become ids, how its numbers become scores, how it came about. The
 * one place that reads and writes the file.
 *
 *     assay_notes notes;
 *     ASSAY_TRY(assay_notes_find(&notes, folder, err));
 *     if (notes.json) use(notes.template_name, notes.max_length);
 *     assay_notes_release(&notes);
 *
 *     json_t *json = json_pack("{s:s}", "template", "chatml");
 *     ASSAY_TRY(assay_notes_save(json, folder, err)); // adds "assay" and "format" where they are missing
 *     json_decref(json);
 *
 * Keys that scoring needs:
 *     "assay"               the program's version
 *     "format"              of this file, 1; missing: before there was one. A larger one was written by a later
 *                           version, and is refused
 *     "rendering"           2; missing: a folder of version 0.1, whose texts were cut behind the last end of turn
 *     "template"            a name; "chat_template", "chat_template_tool_use" are whole texts
 *     "chat_template_kwargs" (an object), "date", "tool_format", "append_eos" ("auto", "true" or "false")
 *     "max_length"          tokens of a text
 *     "step_separator"      of a model that scores steps: what ends each of them
 *     "precision"           "f32" or "bf16"
 *     "score_offset"        added to every score
 *     "ignore_config"       a list of keys of config.json
 *     "rewards"             judge/reward_scale.h
 *     "labels"              names of the head's numbers, of which the first is the score where --label says no other
 *     "base_types"          of an adapter's base, as it was trained on (assay_checkpoint_types)
 * Of the run that made it: "steps", "seed", "lanes", "processes", "pairs_by_rank" (trained on since its last start),
 * "options", "plan", "fingerprints", "evaluation". A key that nobody here knows stays where notes are copied from
 * folder to folder.
 */
#ifndef ASSAY_NOTES_NOTES_H
#define ASSAY_NOTES_NOTES_H

#include "judge/reward_scale.h"
#include "template/chat_template.h"

#define ASSAY_NOTES_NAME "assay.json"

enum { ASSAY_NOTES_FORMAT = 1, ASSAY_RENDERING = 2 };

/* Texts are borrowed from json, and NULL where there is none. */
typedef struct assay_notes {
    json_t *json;                /* the whole; NULL: no notes were found, and all else has its default */
    const char *template_name;   /* as it was chosen, perhaps "auto" */
    assay_append_eos append_eos; /* ASSAY_EOS_AUTO */
    int64_t max_length;          /* tokens of a text; 0: not said */
    bool bf16;
    double score_offset; /* added to every score */
    int64_t rendering;   /* 1 or 2 */
    int64_t steps;       /* of the optimizer; -1: not said */
    const char *chat_template, *chat_template_tool_use, *date, *tool_format, *step_separator;
    const json_t *chat_template_kwargs, *ignore_config; /* an object, an array; NULL: not said */
    const json_t *labels;                               /* an array; NULL: not said */
    assay_reward_scale rewards;                         /* count 0: none */
} assay_notes;

/* Those of a folder; for a checkpoint-N of a run that has none of its own those of the run's folder, less what is true
 * of its last step alone ("steps", "evaluation", "rewards"). A message names file and key. After a failure there is
 * nothing to release. */
assay_status assay_notes_find(assay_notes *notes, const char *folder, assay_error *err);
void assay_notes_release(assay_notes *notes); /* safe on a zeroed one */

/* The folder's own as they stand, the caller's; *out NULL: there are none. */
assay_status assay_notes_load(const char *folder, json_t **out, assay_error *err);

/* Writes them whole or not at all, over what was there. json NULL: out of memory, said so. */
assay_status assay_notes_save(json_t *json, const char *folder, assay_error *err);

#endif
