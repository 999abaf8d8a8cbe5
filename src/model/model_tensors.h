/* A checkpoint's tensors against the program: every one is read by it, or harmless, or refused by name. A tensor left
 * out in silence would be another model.
 *
 * Harmless: the language head (and the embedding tied to it), tables of rotary frequencies, position ids and causal
 * masks that old versions stored, since every one of them is made anew here. */
#ifndef ASSAY_MODEL_MODEL_TENSORS_H
#define ASSAY_MODEL_MODEL_TENSORS_H

#include "checkpoint/adapter_file.h"
#include "checkpoint/checkpoint.h"
#include "family/architecture.h"
#include "program/program.h"

/* The weight of a parameter. Files may leave out the base model's prefix ("model."), or put it before everything. NULL:
 * not there. */
const assay_weight *assay_model_find_weight(const assay_checkpoint *checkpoint, const assay_architecture *arch,
                                            const char *name);

/* Its rows lie in another order in the file. */
bool assay_model_has_moved_rows(const assay_weight *weight);

/* Whether a parameter is computed with where the file has it: frozen matrices of F32, F16 and BF16 that need not be
 * converted first, and packed ones, which are decoded where they are used, byte by byte, and find moved rows by a
 * map. */
bool assay_model_uses_in_place(const assay_param *param, const assay_weight *weight);

/* What matrices of a checkpoint opened with its config alone are taken to be. */
assay_dtype assay_model_config_dtype(const assay_checkpoint *checkpoint);

/* ASSAY_E_UNSUPPORTED or ASSAY_E_FORMAT for the first tensor that nobody reads; the message says what it seems to be.
 * Does nothing for a checkpoint opened without its weights. told_apart: only for those whose kind is known by the name
 * (quantised, another head, a layer too many), which explain why others are missing and so are looked for first. */
assay_status assay_model_check_tensors(const assay_checkpoint *checkpoint, const assay_model_config *config,
                                       const assay_program *program, bool told_apart, assay_error *err);

/* ASSAY_E_FORMAT for a shape that is not the parameter's, ASSAY_E_UNSUPPORTED for a type that holds no weights; `file`
 * is where it lies, for the message. */
assay_status assay_model_check_shape(const assay_param *param, const assay_tensor *tensor, const char *file,
                                     assay_error *err);

/* The same of all the base's parameters, each of which must be there, and of the head where it is there: what loading
 * would refuse, without loading. */
assay_status assay_model_check_shapes(const assay_checkpoint *checkpoint, const assay_model_config *config,
                                      const assay_program *program, assay_error *err);

/* Sets what only the tensors can say: the head, and a bias of it where the family's own class has none. Those of the
 * adapter go before the checkpoint's; NULL: there is none. Nothing for a checkpoint opened without its weights.
 * ASSAY_E_UNSUPPORTED: the config's class has a head of a kind that the tensors have not, or one that asks for more
 * than is read. */
assay_status assay_model_config_see(const assay_checkpoint *checkpoint, const assay_adapter_file *adapter,
                                    assay_model_config *config, assay_error *err);

/* The family's own module with so many outputs, of which `label` is the score. */
void assay_model_config_give_labels(assay_model_config *config, size_t outputs, size_t label);

/* For --objective process: a head of steps with two classes stays, and where there is no head the config gets a new
 * one, a linear layer with a bias that is read at the end of each step, as Transformers' class for token classification
 * has it. ASSAY_E_UNSUPPORTED says what to type instead: there is a head of another kind. */
assay_status assay_model_config_take_steps(const assay_checkpoint *checkpoint, const assay_adapter_file *adapter,
                                           assay_model_config *config, assay_error *err);

/* ASSAY_OK for a head that can be trained: the plain one, or none, or another kind's of one number. Else
 * ASSAY_E_UNSUPPORTED with the reason and what to type: it weighs objectives, gives several numbers, or takes a mean
 * off them. purpose, for the message: "trained on". */
assay_status assay_model_check_trained_head(const assay_checkpoint *checkpoint, const assay_model_config *config,
                                            const char *purpose, assay_error *err);

/* True for the language head's tensors, with or without the base model's prefix, and an adapter's on it. */
bool assay_model_is_language_head(const assay_architecture *arch, const char *name);

#endif
