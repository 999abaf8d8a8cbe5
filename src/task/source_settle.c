/* How texts are rendered and which token is read: what the user gives now goes before what assay.json kept, and that
 * before the defaults. */
#include "base/json_doc.h"
#include "head/head_kind.h"
#include "task/model_source.h"

#include <string.h>

static assay_status rename_template(assay_model_source *source, const char *name, assay_error *err)
{
    char *copy = assay_strdup(name);
    ASSAY_TRY_ALLOC(copy, "a name", err);
    assay_free(source->template_name);
    source->template_name = copy;
    return ASSAY_OK;
}
static assay_pooling choose_pooling(const assay_model_source *source, const assay_options *options)
{
    bool own = source->notes.json || source->adapter_folder || options->pooling == ASSAY_OPT_POOLING_LAST ||
               options->head_from_tokens;
    if (own || !source->checkpoint) return ASSAY_POOL_LAST;
    return assay_pooling_of(source->checkpoint->config, &source->config);
}

/* "\n" typed as two characters is a line feed, as are tab, carriage return and the backslash itself. */
static void unescape(char *text)
{
    static const char letters[] = "ntr\\", meant[] = "\n\t\r\\";
    char *to = text;
    for (const char *from = text; *from; to++) {
        const char *letter = from[0] == '\\' && from[1] ? strchr(letters, from[1]) : NULL;
        *to = letter ? meant[letter - letters] : *from;
        from += letter ? 2 : 1;
    }
    *to = '\0';
}

/* Of a head that reads steps: what the user gave, else what was kept, else what the head's own code reads. */
static assay_status choose_separator(assay_model_source *source, const assay_options *o, assay_error *err)
{
    const assay_head *head = &source->config.head;
    const char *kept = source->notes.step_separator;
    assay_free(source->separator);
    source->separator = NULL;
    if (!head->steps && o->step_separator)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--step-separator ends the steps of an answer, and the model reads a text at one token; "
                               "leave it out");
    if (!head->steps) return ASSAY_OK;
    if (source->config.prefix.on)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: its head scores steps, and the family reads the prompt both ways, so that what a "
                               "step scores would depend on where the prompt ends; take a model of another family",
                               source->checkpoint->path);
    source->separator = assay_strdup(o->step_separator ? o->step_separator : kept ? kept : head->kind->separator);
    ASSAY_TRY_ALLOC(source->separator, "a separator", err);
    if (o->step_separator) unescape(source->separator);
    return ASSAY_OK;
}

/* What the user gives wins over what was kept; another template leaves the kept text and its cut behind. */
static assay_status choose_template(assay_model_source *source, const assay_options *o, assay_error *err)
{
    bool anew = o->chat_template || assay_options_given(o, "template");
    const assay_notes *kept = &source->notes;
    ASSAY_TRY(choose_separator(source, o, err));
    char *kwargs = kept->chat_template_kwargs ? assay_json_dump(kept->chat_template_kwargs, JSON_COMPACT) : NULL;
    bool told_format = !kept->tool_format || assay_options_given(o, "tool-format");
    assay_template_request request = {.name = source->template_name,
                                      .file = o->chat_template,
                                      .kept = anew ? NULL : kept->chat_template,
                                      .kept_tools = anew ? NULL : kept->chat_template_tool_use,
                                      .kwargs = o->chat_template_kwargs ? o->chat_template_kwargs : kwargs,
                                      .date = o->date ? o->date : kept->date,
                                      .tool_format = told_format ? o->tool_format : kept->tool_format,
                                      .append_eos = source->append_eos,
                                      .pad = (int32_t)source->config.pad_token,
                                      .generation_prompt = o->head_from_tokens != NULL,
                                      .end = source->checkpoint ? assay_head_end_token(source->checkpoint->config) : -1,
                                      .separator = source->separator,
                                      .cut_behind_turn = source->rendering == 1 && !anew};
    source->pooling = choose_pooling(source, o);
    request.skips_pad = source->pooling == ASSAY_POOL_NOT_PAD;
    request.stops_at_pad = source->pooling == ASSAY_POOL_BEFORE_PAD;
    assay_template_close(source->chosen);
    assay_status status = assay_template_open(&source->chosen, &request, source->tokenizer, err);
    assay_free(kwargs);
    source->template_unused = o->chat_template && assay_options_given(o, "template");
    source->variables_unused = status == ASSAY_OK && o->chat_template_kwargs && assay_template_is_code(source->chosen);
    return status == ASSAY_OK ? rename_template(source, assay_template_name(source->chosen), err) : status;
}

assay_status assay_model_source_settle_length(assay_model_source *source, const assay_options *options,
                                              assay_error *err)
{
    size_t most = source->config.arch ? assay_rope_longest(&source->config.rope) : SIZE_MAX;
    if (source->max_length <= 0 || assay_options_given(options, "max-length")) source->max_length = options->max_length;
    if (source->max_length < 0 || (uint64_t)source->max_length <= most) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "--max-length %lld: %s turns texts of more than %zu tokens by other factors (longrope's "
                           "long_factor), which is not supported. Shorter ones: --max-length %zu",
                           (long long)source->max_length, source->checkpoint->path, most, most);
}

static assay_status settle_eos(assay_model_source *source, const assay_options *options, assay_error *err)
{
    bool stored = source->notes.json != NULL;
    if (!stored || assay_options_given(options, "append-eos")) source->append_eos = options->append_eos;
    if (!options->head_from_tokens) return ASSAY_OK;
    if (source->append_eos == ASSAY_EOS_YES && assay_options_given(options, "append-eos"))
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--append-eos true: with --head-from-tokens a word is judged where it would be said, "
                               "behind the text, and behind its end none is; leave it out");
    source->append_eos = ASSAY_EOS_NO;
    return ASSAY_OK;
}

assay_status assay_model_source_settle(assay_model_source *source, const assay_options *options, assay_error *err)
{
    bool stored = source->notes.json != NULL;
    ASSAY_TRY(settle_eos(source, options, err));
    ASSAY_TRY(assay_model_source_settle_length(source, options, err));
    if (!stored || assay_options_given(options, "template"))
        ASSAY_TRY(rename_template(source, options->template_name, err));
    if (!source->tokenizer) return ASSAY_OK;
    return choose_template(source, options, err);
}
