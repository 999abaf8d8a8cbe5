/* What lies beside the vocabulary in a folder: tokenizer_config.json, special_tokens_map.json, added_tokens.json,
 * chat_template.jinja (with additional_chat_templates/ beside it), chat_template.json where nothing else has a
 * template. Every file may be missing. Strings belong to the config and die with it.
 *
 * Template files win over what tokenizer_config.json says, all of it: a folder with an additional_chat_templates/ and
 * no chat_template.jinja has no default, as in the reference. */
#ifndef ASSAY_TOKENIZER_TOKENIZER_CONFIG_H
#define ASSAY_TOKENIZER_TOKENIZER_CONFIG_H

#include "base/json_doc.h"
#include "tokenizer/named_templates.h"

typedef enum assay_said { ASSAY_SAID_NOTHING, ASSAY_SAID_NO, ASSAY_SAID_YES } assay_said;

typedef struct assay_tokenizer_config {
    json_t *main, *special_map, *added; /* the three documents, or NULL */
    json_t *older;                      /* chat_template.json, or NULL */
    const char *class_name, *name_or_path;
    assay_named_templates templates;   /* all of them; whoever wants to keep them takes the list and zeroes this one */
    const char *template_origin;       /* the name of the file, static; NULL: there is none */
    const char *bos, *eos, *pad, *unk; /* contents, or NULL */
    assay_said add_bos, add_eos;
    json_t *model;          /* config.json, or NULL */
    const char *model_type; /* of config.json, or NULL */
} assay_tokenizer_config;

assay_status assay_tokenizer_config_read(assay_tokenizer_config *config, const char *folder, assay_error *err);
void assay_tokenizer_config_release(assay_tokenizer_config *config);

/* The class that AutoTokenizer of Transformers 5 takes for a folder without a tokenizer.json, without "Fast", out of
 * tokenizer_class and model_type; NULL: none, or one that goes by the vocabulary file's own settings. The text is the
 * caller's to free; *out may come back NULL with ASSAY_OK. */
assay_status assay_tokenizer_config_class(const assay_tokenizer_config *config, char **out, assay_error *err);

#endif
