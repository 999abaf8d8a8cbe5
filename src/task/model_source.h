/* What --model and --adapter mean: a checkpoint, perhaps an adapter on it, a tokenizer, and how the run that made them
 * turned texts into ids.
 *
 *     assay_model_source *source;
 *     ASSAY_TRY(assay_model_source_open(&source, options->model, options->adapter, NULL, NULL, 0, err));
 *     // which template, which ends, which length
 *     ASSAY_TRY_OR(done, assay_model_source_settle(source, options, err));
 *     ASSAY_TRY_OR(done, assay_model_open(&model, source->checkpoint, source->adapter, &model_options, err));
 *     assay_renderer renderer; // the source must outlive it
 *     assay_renderer_of_template(&renderer, source->chosen, &source->config.prefix);
 *     ...
 *     done:
 *     assay_model_close(model); // borrows checkpoint and adapter: before the source
 *     assay_model_source_close(source);
 *
 * model may be: a Hugging Face folder, a .gguf file, a hub id in a local cache (checkpoint/checkpoint.h); a folder
 * Assay wrote with all weights; or an adapter folder (Assay's or PEFT's: adapter_config.json is there), whose base is
 * its base_model_name_or_path: an absolute path or hub id as it stands, a relative path from here or else from beside
 * the adapter folder. A base that is itself an adapter folder is refused. adapter: NULL or an adapter folder to put on
 * model, which is then the base whatever the adapter's own config says of one.
 *
 * assay.json (notes/notes.h) is read from the adapter folder, else from model, where it is.
 *
 * The tokenizer is the adapter folder's own where it holds one, else the
 * checkpoint's.
 *
 * Checked here: the config's own special ids (bos, eos, pad) must be below the config's vocabulary, the number of
 * embedding rows. A tokenizer may know larger ids (a pad token behind the table): it is told the number of rows and
 * refuses, by name, a text that contains one, so that no id can ever fall outside the table.
 */
#ifndef ASSAY_TASK_MODEL_SOURCE_H
#define ASSAY_TASK_MODEL_SOURCE_H

#include "checkpoint/adapter_file.h"
#include "checkpoint/checkpoint.h"
#include "data/renderer.h"
#include "family/architecture.h"
#include "notes/notes.h"
#include "options/options.h"
#include "task/pooling.h"

enum {
    /* the base's weight files are not looked for (plan, preview, inspect); the adapter's are */
    ASSAY_SOURCE_CONFIG_ONLY = 1,
    ASSAY_SOURCE_TOKENIZER_ONLY = 2, /* neither weights nor adapter tensors nor a supported architecture are needed, nor
                                        even a config.json (nor, in a .gguf, more than the vocabulary): checkpoint may
                                        be NULL then, adapter is NULL, config all zero (tokenize, data check) */
    /* a folder without tokenizer files is fine: tokenizer is NULL (plan, forward on ids, merge) */
    ASSAY_SOURCE_TOKENIZER_OPTIONAL = 4,
};

typedef struct assay_model_source {
    assay_checkpoint *checkpoint;
    assay_gguf *vocabulary;      /* TOKENIZER_ONLY, a .gguf without tensors; else NULL */
    assay_adapter_file *adapter; /* NULL: none */
    char *adapter_folder;        /* as given; NULL: none */
    assay_tokenizer *tokenizer;
    char *tokenizer_folder; /* holds the tokenizer's files; NULL: they are inside a .gguf, or there is none */
    assay_model_config config;
    json_t *ignored;             /* "ignore_config" of assay.json and of the options, an array of strings; NULL: none */
    assay_notes notes;           /* json NULL: there were none */
    char *template_name;         /* "auto"; of the notes, then as settled */
    assay_append_eos append_eos; /* ASSAY_EOS_AUTO; likewise */
    int64_t max_length;          /* 0: none stored; likewise */
    /* What the base's matrices are packed into before a model is opened (task/quantising.h), as the notes say;
     * ASSAY_F32: nothing, they are used as they are. */
    assay_dtype quantise;
    bool double_quant;
    bool template_unused;   /* --template was given beside --chat-template, which goes before it */
    bool variables_unused;  /* --chat-template-kwargs were given for a template that is code */
    bool first_label;       /* of several labels the first is the score, as nobody chose */
    int rendering;          /* 2; 1: the folder is of version 0.1, whose texts were cut behind the last end of turn */
    assay_pooling pooling;  /* the token that is read: set by assay_model_source_settle (--pooling) */
    char *separator;        /* of steps, likewise; NULL: the model reads none */
    assay_template *chosen; /* NULL until assay_model_source_settle */
} assay_model_source;

/* model NULL is ASSAY_E_USAGE. ignore: keys of config.json to be taken out before it is read (--ignore-config), beside
 * those that assay.json has; may be NULL. label: which one of a classifier's is the score (--label); NULL: it has but
 * one. *out is NULL on failure. */
assay_status assay_model_source_open(assay_model_source **out, const char *model, const char *adapter,
                                     const assay_string_list *ignore, const char *label, unsigned flags,
                                     assay_error *err);
void assay_model_source_close(assay_model_source *source); /* NULL is fine */

/* Says how texts are rendered: what the user gave (assay_options_given "template", "append-eos", "max-length") wins
 * over what assay.json stored, and that over the options' defaults. Of a model that reads steps the separator too. Sets
 * template_name (the template's own name, never
 * "auto"), append_eos, max_length (at least 1) and chosen. A source without tokenizer keeps template_name as it is
 * and gets no template. Fails where no template can be told (template/chat_template.h); append_eos and max_length are
 * set all the same. */
assay_status assay_model_source_settle(assay_model_source *source, const assay_options *options, assay_error *err);

/* max_length alone, of the same kind: for who renders nothing. Refused where the model computes texts of that length by
 * numbers that are not read (assay_rope_longest). */
assay_status assay_model_source_settle_length(assay_model_source *source, const assay_options *options,
                                              assay_error *err);

/* The notes of a model that is used as this source was settled, for a folder without any (a new object, the caller's;
 * after a failure too): template, ends, length, offset, keys that are ignored, rendering. */
assay_status assay_source_notes(const assay_model_source *source, json_t **notes, assay_error *err);

/* Writes the chat template that renders what was trained into a folder that has the tokenizer's files, where those say
 * another one, or where no text says it: nothing. */
assay_status assay_source_template_save(const assay_model_source *source, const char *folder, assay_error *err);

/* Says, for prompts that are strings, that the template makes a user's message of them; nothing where the template is
 * plain. To be called once. */
void assay_source_say_text_prompts(const assay_model_source *source, const assay_log *log);

/* Says on the log what is worth knowing once: where the tokenizer's files disagree, keys of the config that nobody
 * knows, tensors of the adapter that are left out, and what task/adapter_base.h says of its base. */
void assay_model_source_warn(const assay_model_source *source, const assay_log *log);

#endif
