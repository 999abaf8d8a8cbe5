#include "data/format_reader.h"

#include "base/text.h"

#include <math.h>

const json_t *assay_format_field(const json_t *line, const char *name)
{
    const json_t *value = json_object_get(line, name);
    return json_is_null(value) ? NULL : value;
}

assay_status assay_format_push(const assay_format_reader *reader, const char *name, assay_role role)
{
    const json_t *text = assay_format_field(reader->line, name);
    if (!text || (json_is_string(text) && !json_string_length(text))) return ASSAY_OK;
    return assay_turns_text(&reader->pair->prompt, reader->arena, role, text, name, reader->err);
}

assay_status assay_format_before(const assay_format_reader *reader)
{
    ASSAY_TRY(assay_format_push(reader, "system", ASSAY_ROLE_SYSTEM));
    return assay_turns_history(&reader->pair->prompt, reader->arena, assay_format_field(reader->line, "history"),
                               "history", reader->err);
}

assay_status assay_format_answers(const assay_format_reader *reader, const char *chosen, const char *rejected)
{
    assay_pair *pair = reader->pair;
    ASSAY_TRY(assay_turns_any(&pair->chosen, reader->arena, ASSAY_ROLE_ASSISTANT,
                              assay_format_field(reader->line, chosen), chosen, reader->err));
    return assay_turns_any(&pair->rejected, reader->arena, ASSAY_ROLE_ASSISTANT,
                           assay_format_field(reader->line, rejected), rejected, reader->err);
}

assay_turns assay_format_turns_from(const assay_turns *turns, size_t begin)
{
    size_t left = turns->count - begin;
    return (assay_turns){.items = turns->items + begin, .count = left, .capacity = left, .context = turns->context};
}

assay_status assay_format_conversation(const assay_format_reader *reader, const char *name)
{
    assay_turns all = {0};
    ASSAY_TRY(assay_turns_list(&all, reader->arena, assay_format_field(reader->line, name), name, reader->err));
    size_t answer = all.count ? all.count - 1 : 0;
    ASSAY_TRY(assay_turns_append(&reader->pair->prompt, reader->arena, all.items, answer, reader->err));
    reader->pair->chosen = assay_format_turns_from(&all, answer);
    return ASSAY_OK;
}

assay_status assay_format_shared_prompt(const assay_format_reader *reader)
{
    assay_pair *pair = reader->pair;
    size_t shared = assay_turns_shared(&pair->chosen, &pair->rejected);
    size_t least = pair->chosen.count < pair->rejected.count ? pair->chosen.count : pair->rejected.count;
    if (shared == least && shared) shared--;
    if (!shared)
        return assay_error_set(
            reader->err, ASSAY_E_FORMAT,
            "chosen and rejected do not begin with the same message, so they answer different prompts");
    ASSAY_TRY(assay_turns_append(&pair->prompt, reader->arena, pair->chosen.items, shared, reader->err));
    pair->chosen = assay_format_turns_from(&pair->chosen, shared);
    pair->rejected = assay_format_turns_from(&pair->rejected, shared);
    return ASSAY_OK;
}

assay_status assay_format_prompt(const assay_format_reader *reader, const char *name)
{
    const json_t *prompt = assay_format_field(reader->line, name);
    const char *text = json_string_value(prompt);
    assay_turns *turns = &reader->pair->prompt;
    if (!text || !assay_is_transcript(text, json_string_length(prompt)))
        return assay_turns_any(turns, reader->arena, ASSAY_ROLE_USER, prompt, name, reader->err);
    ASSAY_TRY(assay_turns_transcript(turns, reader->arena, text, json_string_length(prompt), reader->err));
    const assay_message *last = turns->items + turns->count - 1;
    if (last->role == ASSAY_ROLE_ASSISTANT && !last->size) turns->count--;
    return ASSAY_OK;
}

bool assay_format_number(const json_t *value, double *number)
{
    const char *text = json_string_value(value);
    char *end = NULL;
    *number = text ? assay_text_real(text, &end) : json_number_value(value);
    return text ? *text && !*end && isfinite(*number) : json_is_number(value);
}
