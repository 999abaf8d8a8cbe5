/* What a stopped run needs to go on bit for bit: trained weights, moments, counters, and what it must be compared with.
 *
 * Two files in a checkpoint folder. state.safetensors: "weight.<name>", "m.<name>", "v.<name>", F32; of
 * moments in eight bits m and v are U8, with "m_scales.<name>" and "v_scales.<name>" of their blocks. state.json:
 * step, optimizer steps, tokens seen, and the fingerprints of everything that decides the result (base weights, data,
 * settings). A fingerprint that differs is refused by name. The sampler's position and the learning rate follow from
 * the step; dropout and order are functions of the seed. */
#ifndef ASSAY_TRAIN_TRAIN_STATE_H
#define ASSAY_TRAIN_TRAIN_STATE_H

#include "train/assembly.h"

typedef struct assay_fingerprints {
    char base[40], data[40], settings[40]; /* hex */
    int rendering; /* how texts became ids (task/model_source.h); 1 is version 0.1's and is not written */
} assay_fingerprints;

/* Of the ids, lengths and margins of all examples. */
void assay_fingerprint_data(const assay_example_set *examples, char text[40]);
/* Of every setting that changes results (not threads, memory, recompute or micro-batch: they change none). */
void assay_fingerprint_settings(const assay_train_settings *settings, const assay_program *program,
                                uint64_t total_steps, char text[40]);

/* all: of the trainer, every stage's (train/assembly.h). */
assay_status assay_train_state_save(const assay_assembly *all, const assay_fingerprints *prints, const char *folder,
                                    assay_error *err);
assay_status assay_train_state_load(assay_trainer *trainer, const assay_fingerprints *prints, const char *folder,
                                    assay_error *err);

/* Behind that, where the model is cut into stages: every process of the first row has what the checkpoint says of its
 * stage. All call it; the folder is read by the first alone. */
assay_status assay_train_state_spread(assay_trainer *trainer, const char *folder, assay_error *err);

#endif
