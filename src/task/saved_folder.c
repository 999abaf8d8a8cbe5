#include "task/saved_folder.h"

#include "base/file.h"
#include "model/model_save.h"
#include "report/model_card.h"
#include "tokenizer/tokenizer_save.h"

#include <string.h>

assay_dtype assay_saved_dtype(assay_opt_dtype dtype)
{
    return dtype == ASSAY_OPT_DTYPE_BF16 ? ASSAY_BF16 : dtype == ASSAY_OPT_DTYPE_F16 ? ASSAY_F16 : ASSAY_F32;
}

static const char *tokenizer_folder(const assay_saved_source *source)
{
    if (source->trained && assay_tokenizer_in_folder(source->trained)) return source->trained;
    return source->base->gguf ? NULL : source->base->path;
}

/* The trained folder's, else the base's. */
static assay_status find_notes(assay_saved_source *source, assay_error *err)
{
    if (source->trained) ASSAY_TRY(assay_notes_find(&source->notes, source->trained, err));
    if (source->notes.json || source->base->gguf) return ASSAY_OK;
    return assay_notes_find(&source->notes, source->base->path, err);
}

assay_status assay_saved_source_hold(assay_saved_source *source, assay_error *err)
{
    source->license = assay_card_license(source->base->path);
    ASSAY_TRY(find_notes(source, err));
    ASSAY_TRY(assay_tokenizer_hold(tokenizer_folder(source), &source->tokenizer, err));
    return assay_model_hold_code(source->base, &source->code, err);
}

void assay_saved_source_release(assay_saved_source *source)
{
    assay_held_files_release(&source->tokenizer);
    assay_held_files_release(&source->code);
    assay_notes_release(&source->notes);
    assay_free(source->license);
}

/* The last id of a conversation in the model's template; -1: there is no saying (an unknown template is no reason not
 * to write a model). */
static int32_t last_of_turn(const assay_tokenizer *tokenizer, const assay_notes *notes)
{
    const assay_message messages[] = {{.role = ASSAY_ROLE_USER, .text = "a", .size = 1},
                                      {.role = ASSAY_ROLE_ASSISTANT, .text = "b", .size = 1}};
    const assay_conversation conversation = {.messages = messages, .count = 2};
    const assay_template_request request = {.name = notes->template_name, .kept = notes->chat_template};
    assay_template *chosen;
    assay_ids ids = {0};
    int32_t last = -1;
    if (assay_template_open(&chosen, &request, tokenizer, NULL) != ASSAY_OK) return -1;
    if (assay_template_render(chosen, &conversation, &ids, NULL) == ASSAY_OK && ids.count)
        last = ids.data[ids.count - 1];
    assay_ids_release(&ids);
    assay_template_close(chosen);
    return last;
}

assay_status assay_saved_pad(const assay_saved_source *source, int64_t *id, char **content, assay_error *err)
{
    assay_tokenizer *tokenizer;
    const char *folder = tokenizer_folder(source);
    *id = -1;
    *content = NULL;
    if (folder && !assay_tokenizer_in_folder(folder)) return ASSAY_OK;
    ASSAY_TRY(assay_tokenizer_open(&tokenizer, folder, folder ? NULL : source->base->gguf, err));
    int32_t ends[] = {assay_tokenizer_about(tokenizer)->eos, last_of_turn(tokenizer, &source->notes)};
    int32_t pad = assay_tokenizer_unused_end(tokenizer, ends, 2);
    if (pad >= 0) {
        *id = pad;
        *content = assay_strdup(assay_tokenizer_token(tokenizer, pad));
    }
    assay_tokenizer_close(tokenizer);
    return pad < 0 || *content ? ASSAY_OK : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a token");
}

assay_status assay_saved_tokenizer(const assay_saved_source *source, const char *folder, const char *pad,
                                   assay_error *err)
{
    const assay_gguf *gguf = tokenizer_folder(source) ? NULL : source->base->gguf;
    return assay_tokenizer_save_held(&source->tokenizer, gguf, folder, pad, err);
}

assay_status assay_saved_notes(const assay_saved_source *source, double score_offset, const char *folder,
                               assay_error *err)
{
    bool offset = score_offset < 0 || score_offset > 0;
    if (!source->notes.json && !offset) return ASSAY_OK;
    json_t *notes = source->notes.json ? json_deep_copy(source->notes.json) : json_object();
    ASSAY_TRY_ALLOC(notes, ASSAY_NOTES_NAME, err);
    json_object_del(notes, "quantize");
    json_object_del(notes, "double_quant");
    json_object_del(notes, "base_types"); /* an adapter's note; what is written here is whole */
    if (offset) json_object_set_new(notes, "score_offset", json_real(source->notes.score_offset + score_offset));
    assay_status status = assay_notes_save(notes, folder, err);
    json_decref(notes);
    return status;
}
