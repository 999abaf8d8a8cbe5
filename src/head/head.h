/* Heads: what stands on the last hidden state and makes numbers of it.
 *
 * A head is a chain of linear layers, with a ReLU between them where the kind says so, whose last layer gives one
 * number or several; one of these is the score. Zero is the plain head of every family: one linear layer of one output,
 * under the family's own name, which is what is trained here. Everything else was trained elsewhere and is read.
 */
#ifndef ASSAY_HEAD_HEAD_H
#define ASSAY_HEAD_HEAD_H

#include "base/json_doc.h"

enum { ASSAY_HEAD_LAYERS = 4, ASSAY_HEAD_NAME = 96, ASSAY_HEAD_LABEL = 256, ASSAY_HEAD_OUTPUTS = 4096 };

/* One linear layer: y = x W^T (+ b). */
typedef struct assay_head_layer {
    char module[ASSAY_HEAD_NAME]; /* "score": its tensors are score.weight [outputs, inputs] and score.bias [outputs] */
    size_t outputs;
    bool bias;
} assay_head_layer;

typedef struct assay_head {
    size_t count; /* of layers; 0: the plain head */
    assay_head_layer layers[ASSAY_HEAD_LAYERS];
    size_t label; /* of the last layer's outputs, the score */
} assay_head;

/* Numbers that the last layer gives; at least 1. */
size_t assay_head_outputs(const assay_head *head);

/* ---- labels: names of the outputs ---- */

/* Beside Hugging Face's keys: the output that --label chose. Its being there is the choice. */
#define ASSAY_LABEL_KEY "assay_label"

/* The name in id2label; a config that names none means LABEL_0, LABEL_1 ..., as Transformers does. */
void assay_label_name(const json_t *config, size_t index, char text[ASSAY_HEAD_LABEL]);

/* The name, or the number where several are called so: what tells the label from the others. */
void assay_label_key(const json_t *config, size_t outputs, size_t index, char text[ASSAY_HEAD_LABEL]);

/* The chosen output of so many; 0 where none was chosen, or another head's was. */
size_t assay_label_chosen(const json_t *config, size_t outputs);

#endif
