/* Which trainer a command line runs, told by its words: the command itself ("trl"), a module ("-m trl.scripts.reward"),
 * or a script of that trainer's ("trl/scripts/reward.py", and the shorter names that are known well enough). */
#ifndef ASSAY_CLI_TRAINER_PROGRAM_H
#define ASSAY_CLI_TRAINER_PROGRAM_H

#include "options/options.h"

typedef enum assay_trainer_program {
    ASSAY_TRAINER_UNKNOWN,
    ASSAY_TRAINER_OPTIONS, /* there is no program, options alone */
    ASSAY_TRAINER_OWN,
    ASSAY_TRAINER_SCRIPT, /* some .py file: MedicalGPT's, or one that is made like it */
    ASSAY_TRAINER_TRL,
    ASSAY_TRAINER_LLAMAFACTORY,
    ASSAY_TRAINER_SWIFT,
    ASSAY_TRAINER_OPENRLHF
} assay_trainer_program;

typedef struct assay_trainer_words {
    assay_trainer_program program;
    size_t first; /* the word behind the program and its verb */
    /* What it is told to train ("reward", "rlhf", "train_rm"), as a word or a part of its own name; in `space` or in
     * the list. "": not said. */
    const char *verb;
    char space[64];
} assay_trainer_words;

/* Fills *found, which must stay where it is. Nothing fails: what is not known is ASSAY_TRAINER_UNKNOWN. */
void assay_trainer_program_find(assay_trainer_words *found, const assay_string_list *words);

/* ASSAY_E_UNSUPPORTED, naming it, where what the line trains is no reward model. `with_file`: a YAML file says more. */
assay_status assay_trainer_program_check(const assay_trainer_words *found, const assay_string_list *words,
                                         bool with_file, assay_error *err);
assay_status assay_trainer_program_refuse(const char *what, const char *stage, assay_error *err);

/* The value of a name, as the next word or behind =; NULL: not there. Names of the environment (NAME=VALUE) count. */
const char *assay_trainer_program_value(const assay_string_list *words, const char *name);

bool assay_word_is_option(const char *word); /* --name */

#endif
