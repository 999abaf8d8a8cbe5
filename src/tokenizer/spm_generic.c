/* A SentencePiece model of no class that Transformers knows (or of none at all), by the model's own settings: charsmap,
 * spaces removed, escaped and put in front, user-defined pieces whole (Transformers 5, convert_slow_tokenizer.py,
 * build_tokenizer_from_spm_proto). It encodes as SentencePiece itself does, each stretch between added tokens by
 * itself. */
#include "tokenizer/spm_document.h"

#include "base/buf.h"
#include "tokenizer/tokenizer_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct generic {
    assay_document *document;
    const assay_spm *spm;
    bool legacy, user_defined;
} generic;

static assay_status no_memory(assay_error *err)
{
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a tokenizer");
}

static bool has_type(const assay_spm *spm, int type)
{
    for (size_t i = 0; i < spm->model.count; i++)
        if (spm->model.pieces[i].type == type) return true;
    return false;
}

/* ---- names of the folder's own ---- */

/* added_tokens_decoder may give a piece another name, unless another piece has it. */
static const char *new_name(const generic *this, size_t id)
{
    char key[32];
    snprintf(key, sizeof(key), "%zu", id);
    const json_t *decoder = json_object_get(this->spm->config->main, "added_tokens_decoder");
    const char *name = json_string_value(json_object_get(json_object_get(decoder, key), "content"));
    if (!name || strcmp(name, this->spm->pieces.tokens[id].text) == 0) return NULL;
    int32_t other = assay_token_map_find(&this->spm->pieces, name, strlen(name));
    if (other < 0) return name;
    snprintf(key, sizeof(key), "%d", (int)other);
    return json_object_get(decoder, key) ? name : NULL;
}

/* The pieces under the names they have in the end. */
static assay_status pieces_rename(const generic *this, assay_token_map *out, assay_error *err)
{
    for (size_t id = 0; id < this->spm->model.count; id++) {
        const char *name = new_name(this, id);
        const assay_token *piece = &this->spm->pieces.tokens[id];
        ASSAY_TRY(
            assay_token_map_add(out, name ? name : piece->text, name ? strlen(name) : piece->size, (int32_t)id, err));
    }
    return ASSAY_OK;
}

/* ---- steps ---- */

static bool step_push(json_t *steps, json_t *step) { return json_array_append_new(steps, step) == 0; }

static json_t *normalizer_make(const generic *this)
{
    const assay_sp_model *model = &this->spm->model;
    json_t *steps = json_array();
    bool fine = true;
    if (model->charsmap_size) fine = step_push(steps, assay_spm_precompiled(this->spm));
    if (model->remove_extra_spaces)
        fine = fine && step_push(steps, assay_node_replace("Regex", "\\A +| +\\z", "")) &&
               step_push(steps, assay_node_replace("Regex", " {2,}", " "));
    if (model->escape_spaces) fine = fine && step_push(steps, assay_node_replace("String", " ", ASSAY_SPACE_SYMBOL));
    if (model->dummy_prefix && this->legacy) /* Metaspace puts none before one that is there, SentencePiece does */
        fine = fine && step_push(steps, assay_node_replace("Regex", "\\A" ASSAY_SPACE_SYMBOL,
                                                           ASSAY_SPACE_SYMBOL ASSAY_SPACE_SYMBOL));
    if (!fine) steps = (json_decref(steps), NULL);
    return json_pack("{s:s, s:o}", "type", "Sequence", "normalizers", steps);
}

static int longer_first(const void *a, const void *b)
{
    const assay_token *x = *(const assay_token *const *)a, *y = *(const assay_token *const *)b;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    return strcmp(x->text, y->text);
}

static assay_status escaped_put(assay_buf *out, const char *text, assay_error *err)
{
    for (; *text; text++) {
        if (strchr("\\.^$*+?{}[]|()-&~# \t\n\r\v\f", *text)) ASSAY_TRY(assay_buf_byte(out, '\\', err));
        ASSAY_TRY(assay_buf_byte(out, *text, err));
    }
    return ASSAY_OK;
}

static assay_status alternatives_put(const assay_spm *spm, const assay_token **list, assay_buf *out, assay_error *err)
{
    size_t count = 0;
    for (size_t id = 0; id < spm->model.count; id++)
        if (spm->model.pieces[id].type == ASSAY_SP_USER_DEFINED) list[count++] = &spm->pieces.tokens[id];
    if (count) qsort(list, count, sizeof(*list), longer_first);
    for (size_t i = 0; i < count; i++) {
        if (i) ASSAY_TRY(assay_buf_byte(out, '|', err));
        ASSAY_TRY(escaped_put(out, list[i]->text, err));
    }
    return ASSAY_OK;
}

static assay_status user_split(const generic *this, json_t **out, assay_error *err)
{
    assay_buf pattern;
    const assay_token **list = assay_alloc(this->spm->model.count, sizeof(*list));
    ASSAY_TRY_ALLOC(list, "a tokenizer", err);
    assay_buf_init(&pattern, 1 << 20);
    assay_status status = alternatives_put(this->spm, list, &pattern, err);
    if (status == ASSAY_OK) *out = assay_node_split(pattern.data);
    assay_free(list);
    assay_buf_release(&pattern);
    return status;
}

static assay_status words_add(const generic *this, assay_error *err)
{
    json_t *steps = json_array(), *split = NULL;
    assay_status status = this->user_defined ? user_split(this, &split, err) : ASSAY_OK;
    if (this->spm->model.dummy_prefix)
        json_array_append_new(steps, assay_node_metaspace(this->legacy ? "always" : "first", false));
    if (split) json_array_append_new(steps, split);
    if (status != ASSAY_OK || !json_array_size(steps)) return json_decref(steps), status;
    return assay_document_part(this->document, "pre_tokenizer",
                               json_pack("{s:s, s:o}", "type", "Sequence", "pretokenizers", steps), err);
}

/* ---- model and tokens ---- */

static char *name_of(const char *text, size_t size, int32_t id) { return id < 0 ? NULL : assay_strndup(text, size); }

static assay_status model_begin(const generic *this, const char *unk, assay_error *err)
{
    const assay_sp_model *model = &this->spm->model;
    json_t *node;
    if (model->model_type == ASSAY_SP_UNIGRAM) {
        node = assay_spm_unigram(this->spm, NULL, 0, NULL, model->trained_unk, model->byte_fallback);
    } else {
        ASSAY_TRY(assay_spm_bpe(&node, this->spm, true, unk, model->byte_fallback, this->user_defined, err));
    }
    return assay_document_begin(this->document, node, err);
}

/* Control pieces; user-defined ones are found by the pre-tokenizer. */
static assay_status tokens_add(const generic *this, const assay_named_token *names, assay_error *err)
{
    json_t *extra = assay_spm_tokens(this->spm);
    for (size_t i = json_array_size(extra); i-- > 0;)
        if (!json_is_true(json_object_get(json_array_get(extra, i), "special"))) json_array_remove(extra, i);
    assay_status status = extra ? assay_document_add_tokens(this->document, this->spm->config, names, extra,
                                                            this->spm->model.dummy_prefix, err)
                                : no_memory(err);
    json_decref(extra);
    return status;
}

static assay_status whole_build(const generic *this, const assay_named_token *names, const char *unk, assay_error *err)
{
    ASSAY_TRY(model_begin(this, unk, err));
    assay_json_scores_round(this->document->root); /* Transformers copies what it made, by way of JSON */
    ASSAY_TRY(tokens_add(this, names, err));
    ASSAY_TRY(assay_document_part(this->document, "normalizer", normalizer_make(this), err));
    ASSAY_TRY(words_add(this, err));
    return assay_document_part(this->document, "post_processor", assay_document_ends(this->document, this->spm->config),
                               err);
}

static assay_status names_build(const generic *this, assay_error *err)
{
    const assay_sp_model *model = &this->spm->model;
    char *bos = name_of(model->bos_piece, model->bos_size, model->bos),
         *eos = name_of(model->eos_piece, model->eos_size, model->eos),
         *unk = name_of(model->unk_piece, model->unk_size, 0);
    const assay_named_token names[] = {
        {"bos_token", bos}, {"eos_token", eos}, {"unk_token", model->trained_unk < 0 ? NULL : unk}, {0}};
    assay_status status = unk ? whole_build(this, names, unk, err) : no_memory(err);
    assay_free(bos);
    assay_free(eos);
    assay_free(unk);
    return status;
}

assay_status assay_spm_generic(assay_document *document, const assay_spm *spm, assay_error *err)
{
    const json_t *legacy = json_object_get(spm->config->main, "legacy");
    bool user_defined = has_type(spm, ASSAY_SP_USER_DEFINED);
    generic this = {document, spm, !json_is_false(legacy), user_defined};
    assay_spm renamed = *spm;
    if (spm->model.model_type == ASSAY_SP_UNIGRAM) return names_build(&this, err);
    renamed.pieces = (assay_token_map){0};
    assay_status status = pieces_rename(&this, &renamed.pieces, err);
    this.spm = &renamed;
    if (status == ASSAY_OK) status = names_build(&this, err);
    assay_token_map_release(&renamed.pieces);
    return status;
}
