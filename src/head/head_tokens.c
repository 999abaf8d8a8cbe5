/* Transformers' classes for token classification (GenericForTokenClassification of modeling_layers.py: score, a linear
 * layer with a bias; Bloom's own: classifier), of which TRL's PRMTrainer makes process reward models: two labels, wrong
 * and right, read at the last token of the separator behind each step, a line feed where its user says no other
 * (trl/trainer/prm_trainer.py, tokenize_row). */
#include "head/head_kind.h"

static assay_status read(const assay_head_view *view, bool declared, const char *where, assay_head *out, bool *found,
                         assay_error *err)
{
    (void)where;
    (void)err;
    *found = declared && (assay_head_add_layer(view, view->plain, view->hidden, out) ||
                          assay_head_add_layer(view, "classifier", view->hidden, out));
    *found = *found && out->layers[0].outputs <= ASSAY_HEAD_OUTPUTS;
    out->steps = true;
    return ASSAY_OK;
}

static const char *const keys[] = {"token_classification_bias", NULL};

static const assay_head_layer init_layers[] = {{.module = "score", .outputs = 2, .bias = true}, {.module = ""}};

const assay_head_kind assay_head_tokens = {.name = "tokens",
                                           .title =
                                               "a linear layer read at each step (token classification, TRL's PRM)",
                                           .class_ending = "ForTokenClassification",
                                           .keys = keys,
                                           .separator = "\n",
                                           .read = read,
                                           .init_layers = init_layers};
