/* Heads: what stands on the last hidden state and makes numbers of it.
 *
 * A head is a chain of linear layers, with a ReLU between any two of them, whose last layer gives one number or
 * several; one of these is the score, perhaps less a mean and over a deviation. Zero is the plain head of every family:
 * one linear layer of one output, under the family's own name, which is what is trained here. Everything else was
 * trained elsewhere and is read (head/head_kind.h).
 *
 * A head of steps is read at many places of one text, at the end of each step of an answer, and its numbers there are
 * the logits of the step's classes (wrong, right): the score of a step is its label's share of their softmax, of one
 * number the logistic function (template/step_text.h says where steps end).
 */
#ifndef ASSAY_HEAD_HEAD_H
#define ASSAY_HEAD_HEAD_H

#include "base/json_doc.h"

enum { ASSAY_HEAD_LAYERS = 4, ASSAY_HEAD_NAME = 96, ASSAY_HEAD_LABEL = 256, ASSAY_HEAD_OUTPUTS = 4096 };

struct assay_head_kind;

/* One linear layer: y = x W^T (+ b). */
typedef struct assay_head_layer {
    char module[ASSAY_HEAD_NAME]; /* "score": its tensors are score.weight [outputs, inputs] and score.bias [outputs] */
    size_t outputs;
    bool bias;
} assay_head_layer;

typedef struct assay_head {
    const struct assay_head_kind *kind; /* by the config's class, then by the tensors; NULL: the family's own module */
    size_t count;                       /* of layers; 0: the plain head */
    assay_head_layer layers[ASSAY_HEAD_LAYERS];
    size_t label;           /* of the last layer's outputs, the score */
    double mean, deviation; /* a number of the last layer, less the one and over the other; deviation 0: as it is */
    bool steps;             /* read at the ends of steps; a number is its share of the softmax of all */
} assay_head;

/* Numbers that the last layer gives; at least 1. */
size_t assay_head_outputs(const assay_head *head);

/* One of the last layer's numbers, [outputs], as the score it is. */
double assay_head_number(const assay_head *head, const float *numbers, size_t output);

/* "v_head.summary", "score.0, score.2"; the plain head has the family's name, `plain`. */
void assay_head_modules(const assay_head *head, const char *plain, char *text, size_t size);

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
