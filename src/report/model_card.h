/* README.md of a model, as the Hugging Face hub reads it: YAML metadata between lines of dashes, then text.
 *
 *     assay_card card = {.name = "my-reward", .base = "Qwen/Qwen2.5-0.5B", .task = ASSAY_CARD_REWARD};
 *     ASSAY_TRY(assay_card_metadata(&out, &card, err));
 *     ... text is appended to `out` by the caller ...
 *     ASSAY_TRY(assay_card_evaluation(&out, &card, err));
 *     ASSAY_TRY(assay_card_save(&out, folder, err)); // as README.md
 *
 * Metadata: base_model, library_name, pipeline_tag, license (the base's, where its card says one), tags, datasets,
 * metrics, model-index with the held-out accuracy (hub-docs' modelcard.md; huggingface_hub's ModelCard and EvalResult
 * read it). */
#ifndef ASSAY_REPORT_MODEL_CARD_H
#define ASSAY_REPORT_MODEL_CARD_H

#include "base/buf.h"

#include <jansson.h>

enum { ASSAY_CARD_BYTES = 1 << 20 }; /* more than any card has */

typedef enum assay_card_task { ASSAY_CARD_REWARD, ASSAY_CARD_GENERATION } assay_card_task;

typedef struct assay_card {
    const char *name;    /* of this model */
    const char *base;    /* a hub id or a path */
    const char *library; /* "transformers" or "peft" */
    assay_card_task task;
    const char *license;      /* NULL: unknown */
    const json_t *data;       /* list of paths trained on; their names are shown, not their folders. NULL: none */
    const json_t *eval_data;  /* list of paths judged on; NULL or empty: prompts held out of `data` */
    const json_t *evaluation; /* the keys of `eval --json`; NULL: none */
} assay_card;

assay_status assay_card_metadata(assay_buf *out, const assay_card *card, assay_error *err);

/* A sentence on the evaluation; nothing without one. */
assay_status assay_card_evaluation(assay_buf *out, const assay_card *card, assay_error *err);

assay_status assay_card_save(const assay_buf *text, const char *folder, assay_error *err);

/* The license that a folder's README.md names, freed with assay_free; NULL: none, or no such file. */
char *assay_card_license(const char *folder);

#endif
