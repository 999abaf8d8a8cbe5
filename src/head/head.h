/* Heads: what stands on the last hidden state and makes numbers of it.
 *
 * A head is a chain of linear layers, with a ReLU between any two of them, whose last layer gives one number or
 * several; one of these is the score, perhaps less a mean and over a deviation. Zero is the plain head of every family:
 * one linear layer of one output, under the family's own name, which is what is trained here. Everything else was
 * trained elsewhere and is read (head/head_kind.h).
 *
 * A head of steps is read at many places of one text, at the end of each step of an answer, and its numbers there are
 * the logits of the step's classes (wrong, right): the score of a step is its label's share of their softmax, of one
 * number the logistic function (template/chat_template.h says where steps end).
 *
 * A gated head has one linear layer more, of several objectives; the chain, read at the end of the prompt, says what
 * each of them counts (ops/gated_sum.c). Its numbers are the score, then the objectives, then their weights.
 */
#ifndef ASSAY_HEAD_HEAD_H
#define ASSAY_HEAD_HEAD_H

#include "base/json_doc.h"
#include "base/prefix_rule.h"

enum { ASSAY_HEAD_LAYERS = 8, ASSAY_HEAD_NAME = 96, ASSAY_HEAD_LABEL = 256, ASSAY_HEAD_OUTPUTS = 4096 };

struct assay_head_kind;

/* One linear layer: y = x W^T (+ b). */
typedef struct assay_head_layer {
    char module[ASSAY_HEAD_NAME]; /* "score": its tensors are score.weight [outputs, inputs] and score.bias [outputs] */
    size_t outputs;
    bool bias;
} assay_head_layer;

/* What a gated head has besides the chain; its tensors' names are the kind's. */
typedef struct assay_head_gate {
    assay_head_layer rewards;   /* outputs: the objectives, as many as the chain has; 0: no gate */
    const char *matrix, *scale; /* tensors [objectives, objectives] and [1] */
    double temperature;
    int32_t pattern[ASSAY_GATE_IDS]; /* the ids at whose first the chain is read (base/prefix_rule.h) */
    size_t pattern_count;
} assay_head_gate;

typedef struct assay_head {
    const struct assay_head_kind *kind; /* by the config's class, then by the tensors; NULL: the family's own module */
    size_t count;                       /* of layers; 0: the plain head */
    assay_head_layer layers[ASSAY_HEAD_LAYERS];
    assay_head_gate gate;
    size_t label;           /* of the head's numbers, the score */
    double mean, deviation; /* a number of the last layer, less the one and over the other; deviation 0: as it is */
    bool steps;             /* read at the ends of steps; a number is its share of the softmax of all */
} assay_head;

/* Numbers that the head gives; at least 1. */
size_t assay_head_outputs(const assay_head *head);

/* One of the head's numbers, [outputs], as the score it is. */
double assay_head_number(const assay_head *head, const float *numbers, size_t output);

/* Is it the family's own module with several outputs, as Transformers' classes for sequence classification have it? */
bool assay_head_is_labels(const assay_head *head);

/* Those of its numbers that have names, from *first on: several labels, or a gate's objectives, whose weights follow
 * them. 1: there is but the score. */
size_t assay_head_labels(const assay_head *head, size_t *first);

/* "v_head.summary", "score.0, score.2"; the plain head has the family's name, `plain`. */
void assay_head_modules(const assay_head *head, const char *plain, char *text, size_t size);

/* ---- labels: names of the outputs ---- */

/* Beside Hugging Face's keys: the output that --label chose. Its being there is the choice. */
#define ASSAY_LABEL_KEY "assay_label"

/* Writes id2label and label2id: names[i] of an array of strings, LABEL_i where there is none. ASSAY_OK, or
 * ASSAY_E_MEMORY. */
assay_status assay_label_put(json_t *config, size_t outputs, const json_t *names, assay_error *err);

/* The name in id2label, or of a kind whose config names none the kind's; else LABEL_0, LABEL_1 ..., as Transformers has
 * them. */
void assay_label_name(const json_t *config, size_t index, char text[ASSAY_HEAD_LABEL]);

/* The name, or the number where several are called so: what tells the label from the others. */
void assay_label_key(const json_t *config, size_t outputs, size_t index, char text[ASSAY_HEAD_LABEL]);

/* What the score is called: its label, or "score" where a gate makes it. */
void assay_head_score_name(const assay_head *head, const json_t *config, char text[ASSAY_HEAD_LABEL]);

/* The chosen output of so many; 0 where none was chosen, or another head's was. */
size_t assay_label_chosen(const json_t *config, size_t outputs);

#endif
