/* Names from elsewhere: Hugging Face's TrainingArguments, TRL, LLaMA-Factory, and MedicalGPT's reward_modeling.py.
 * Three kinds: names that mean one of our options (sometimes with the value translated), names that mean nothing here
 * and are accepted with a line that says why, and names whose effect Assay lacks, accepted only at the value that has
 * no effect. What needs two names together (batch size times accumulation) is a hidden row of the option table
 * instead. */
#ifndef ASSAY_OPTIONS_OPTION_ALIAS_H
#define ASSAY_OPTIONS_OPTION_ALIAS_H

#include "options/option_table.h"

typedef struct assay_option_alias {
    const char *name;   /* as elsewhere, with _ */
    const char *target; /* a row of the option table */
    /* NULL: the value as it is. Returns the value for the target, NULL: as if it had not been given. May keep strings
     * in options and set what comes along with the value. */
    const char *(*translate)(assay_options *options, const char *value);
    bool flag; /* may stand without a value */
} assay_option_alias;

size_t assay_alias_count(void);
const assay_option_alias *assay_alias_at(size_t index);
const assay_option_alias *assay_alias_find(const char *name, size_t length);

/* Why a name means nothing here; NULL when it is not such a name. */
const char *assay_ignored_reason(const char *name, size_t length);

/* The value at which a name without support has no effect ("0"); NULL when it is not such a name. */
const char *assay_refused_neutral(const char *name, size_t length);

/* Names that only MedicalGPT has: they bring its defaults along. */
bool assay_is_medicalgpt_name(const char *name, size_t length);

#endif
