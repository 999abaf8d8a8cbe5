/* What other trainers do where their command line is silent, so that a translated line means the same. Read off their
 * packages: TRL 1.16 (trainer/reward_config.py, base_config.py, model_config.py), LLaMA-Factory 0.9.5 (hparams/),
 * ms-swift 4.6 (arguments/tuner_args.py, trainers/arguments.py), OpenRLHF 0.11 (cli/train_rm.py), and
 * TrainingArguments of Transformers 5 below the first three. */
#ifndef ASSAY_OPTIONS_TRAINER_DEFAULTS_H
#define ASSAY_OPTIONS_TRAINER_DEFAULTS_H

#include <stddef.h>

typedef struct assay_trainer_default {
    const char *name, *value; /* a row of the option table, hidden ones too */
} assay_trainer_default;

typedef struct assay_trainer_kind {
    const char *name; /* "TRL" */
    const assay_trainer_default *defaults;
    size_t count;
} assay_trainer_kind;

extern const assay_trainer_kind assay_trainer_trl, assay_trainer_llamafactory, assay_trainer_swift,
    assay_trainer_openrlhf;

#endif
