#include "data/pair_formats.h"

#include "base/json_doc.h"
#include "base/text.h"
#include "data/json_text.h"
#include "data/pair_label.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct format_reader {
    const json_t *line;
    assay_text_arena *arena;
    assay_pair *pair;
    assay_error *err;
} format_reader;

typedef struct pair_format {
    const char *name;
    const char *fields[5]; /* all needed; NULL ends */
    bool (*probe)(const json_t *line);
    assay_status (*read)(const format_reader *reader);
} pair_format;

static const json_t *field(const json_t *line, const char *name)
{
    const json_t *value = json_object_get(line, name);
    return json_is_null(value) ? NULL : value;
}

/* An optional text: absent and empty are the same. */
static assay_status push_if_text(const format_reader *reader, const char *name, assay_role role)
{
    const json_t *text = field(reader->line, name);
    if (!text || (json_is_string(text) && !json_string_length(text))) return ASSAY_OK;
    return assay_turns_text(&reader->pair->prompt, reader->arena, role, text, name, reader->err);
}

static assay_status read_answers(const format_reader *reader, const char *chosen, const char *rejected)
{
    assay_pair *pair = reader->pair;
    ASSAY_TRY(assay_turns_any(&pair->chosen, reader->arena, ASSAY_ROLE_ASSISTANT, field(reader->line, chosen), chosen,
                              reader->err));
    return assay_turns_any(&pair->rejected, reader->arena, ASSAY_ROLE_ASSISTANT, field(reader->line, rejected),
                           rejected, reader->err);
}

static assay_turns turns_from(const assay_turns *turns, size_t begin)
{
    size_t left = turns->count - begin;
    return (assay_turns){.items = turns->items + begin, .count = left, .capacity = left, .context = turns->context};
}

/* Both answers are whole conversations: what they share is the prompt, but each keeps at least its last message. */
static assay_status take_shared_prompt(const format_reader *reader)
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
    pair->chosen = turns_from(&pair->chosen, shared);
    pair->rejected = turns_from(&pair->rejected, shared);
    return ASSAY_OK;
}

static bool begins_conversation(const assay_turns *turns)
{
    return turns->count && (turns->items[0].role == ASSAY_ROLE_USER || turns->items[0].role == ASSAY_ROLE_SYSTEM);
}

static void strip_message(assay_message *message) { assay_text_strip(&message->text, &message->size); }

/* HH-RLHF cut up: prompt = "\n\nHuman: ...\n\nAssistant:", answers without mark. */
static assay_status read_transcript_prompt(const format_reader *reader, const json_t *prompt)
{
    assay_pair *pair = reader->pair;
    ASSAY_TRY(assay_turns_transcript(&pair->prompt, reader->arena, json_string_value(prompt),
                                     json_string_length(prompt), reader->err));
    const assay_message *last = pair->prompt.items + pair->prompt.count - 1;
    if (last->role == ASSAY_ROLE_ASSISTANT && !last->size) pair->prompt.count--;
    for (size_t i = 0; i < pair->chosen.count; i++) strip_message(pair->chosen.items + i);
    for (size_t i = 0; i < pair->rejected.count; i++) strip_message(pair->rejected.items + i);
    return ASSAY_OK;
}

static assay_status read_prompt(const format_reader *reader)
{
    assay_pair *pair = reader->pair;
    const json_t *prompt = field(reader->line, "prompt");
    ASSAY_TRY(read_answers(reader, "chosen", "rejected"));
    bool whole = begins_conversation(&pair->chosen) && begins_conversation(&pair->rejected);
    if (json_is_string(prompt)) {
        if (whole) return take_shared_prompt(reader);
        if (assay_is_transcript(json_string_value(prompt), json_string_length(prompt)))
            return read_transcript_prompt(reader, prompt);
        return assay_turns_text(&pair->prompt, reader->arena, ASSAY_ROLE_USER, prompt, "prompt", reader->err);
    }
    ASSAY_TRY(assay_turns_any(&pair->prompt, reader->arena, ASSAY_ROLE_USER, prompt, "prompt", reader->err));
    size_t count = pair->prompt.count;
    bool inside = whole && assay_turns_shared(&pair->prompt, &pair->chosen) == count &&
                  assay_turns_shared(&pair->prompt, &pair->rejected) == count;
    if (!inside || pair->chosen.count == count || pair->rejected.count == count) return ASSAY_OK;
    pair->chosen = turns_from(&pair->chosen, count);
    pair->rejected = turns_from(&pair->rejected, count);
    return ASSAY_OK;
}

static assay_status read_conversation(const format_reader *reader, const char *name)
{
    assay_turns *prompt = &reader->pair->prompt;
    assay_turns list = {0};
    ASSAY_TRY(assay_turns_list(&list, reader->arena, field(reader->line, name), name, reader->err));
    if (!list.count || list.items[0].role != ASSAY_ROLE_SYSTEM)
        ASSAY_TRY(push_if_text(reader, "system", ASSAY_ROLE_SYSTEM));
    ASSAY_TRY(assay_turns_append(prompt, reader->arena, list.items, list.count, reader->err));
    return read_answers(reader, "chosen", "rejected");
}

static assay_status read_conversations(const format_reader *reader)
{
    return read_conversation(reader, "conversations");
}

static assay_status read_messages(const format_reader *reader) { return read_conversation(reader, "messages"); }

static bool has_structured_answers(const json_t *line)
{
    const json_t *chosen = field(line, "chosen");
    return !json_is_string(chosen) && !assay_json_unreadable(chosen);
}

static assay_status read_legacy(const format_reader *reader)
{
    assay_turns *prompt = &reader->pair->prompt;
    ASSAY_TRY(push_if_text(reader, "system", ASSAY_ROLE_SYSTEM));
    ASSAY_TRY(assay_turns_history(prompt, reader->arena, field(reader->line, "history"), "history", reader->err));
    ASSAY_TRY(assay_turns_text(prompt, reader->arena, ASSAY_ROLE_USER, field(reader->line, "question"), "question",
                               reader->err));
    return read_answers(reader, "response_chosen", "response_rejected");
}

static assay_status read_question(const format_reader *reader)
{
    assay_turns *prompt = &reader->pair->prompt;
    ASSAY_TRY(push_if_text(reader, "system", ASSAY_ROLE_SYSTEM));
    ASSAY_TRY(assay_turns_history(prompt, reader->arena, field(reader->line, "history"), "history", reader->err));
    ASSAY_TRY(assay_turns_text(prompt, reader->arena, ASSAY_ROLE_USER, field(reader->line, "question"), "question",
                               reader->err));
    return read_answers(reader, "chosen", "rejected");
}

/* messages ends with the chosen answer; the other one is a text, or a whole conversation. */
static assay_status read_swift(const format_reader *reader)
{
    assay_pair *pair = reader->pair;
    ASSAY_TRY(assay_turns_list(&pair->chosen, reader->arena, field(reader->line, "messages"), "messages", reader->err));
    const json_t *response = field(reader->line, "rejected_response");
    if (!response) {
        const json_t *list = field(reader->line, "rejected_messages");
        ASSAY_TRY(assay_turns_list(&pair->rejected, reader->arena, list, "rejected_messages", reader->err));
        return take_shared_prompt(reader);
    }
    ASSAY_TRY(assay_turns_any(&pair->rejected, reader->arena, ASSAY_ROLE_ASSISTANT, response, "rejected_response",
                              reader->err));
    size_t answer = pair->chosen.count;
    while (answer && pair->chosen.items[answer - 1].role == ASSAY_ROLE_ASSISTANT) answer--;
    ASSAY_TRY(assay_turns_append(&pair->prompt, reader->arena, pair->chosen.items, answer, reader->err));
    pair->chosen = turns_from(&pair->chosen, answer);
    return ASSAY_OK;
}

/* The question is the instruction, a line feed, and the input where there is one. */
static assay_status push_instruction(const format_reader *reader)
{
    const json_t *instruction = field(reader->line, "instruction"), *input = field(reader->line, "input");
    assay_turns *prompt = &reader->pair->prompt;
    ASSAY_TRY(push_if_text(reader, "system", ASSAY_ROLE_SYSTEM));
    ASSAY_TRY(assay_turns_history(prompt, reader->arena, field(reader->line, "history"), "history", reader->err));
    if (!input || (json_is_string(input) && !json_string_length(input)))
        return assay_turns_text(prompt, reader->arena, ASSAY_ROLE_USER, instruction, "instruction", reader->err);
    if (!json_is_string(instruction) || !json_is_string(input))
        return assay_error_set(reader->err, ASSAY_E_FORMAT,
                               "\"instruction\" and \"input\" should be strings and are %s and %s",
                               assay_json_kind(instruction), assay_json_kind(input));
    size_t first = json_string_length(instruction), second = json_string_length(input);
    char *both = assay_text_arena_alloc(reader->arena, first + second + 2, 1);
    ASSAY_TRY_ALLOC(both, "a prompt", reader->err);
    memcpy(both, json_string_value(instruction), first);
    both[first] = '\n';
    memcpy(both + first + 1, json_string_value(input), second);
    const assay_message message = {.role = ASSAY_ROLE_USER, .text = both, .size = first + second + 1};
    return assay_turns_append(prompt, reader->arena, &message, 1, reader->err);
}

static assay_status read_alpaca(const format_reader *reader)
{
    ASSAY_TRY(push_instruction(reader));
    return read_answers(reader, "chosen", "rejected");
}

static bool has_two_outputs(const json_t *line) { return json_array_size(field(line, "output")) == 2; }

static assay_status read_alpaca_list(const format_reader *reader)
{
    const json_t *output = field(reader->line, "output");
    assay_pair *pair = reader->pair;
    ASSAY_TRY(push_instruction(reader));
    ASSAY_TRY(assay_turns_text(&pair->chosen, reader->arena, ASSAY_ROLE_ASSISTANT, json_array_get(output, 0), "output",
                               reader->err));
    return assay_turns_text(&pair->rejected, reader->arena, ASSAY_ROLE_ASSISTANT, json_array_get(output, 1), "output",
                            reader->err);
}

static assay_status read_llmbar(const format_reader *reader)
{
    const json_t *label = field(reader->line, "label");
    const char *text = json_string_value(label);
    bool first = json_integer_value(label) == 1 || (text && !strcmp(text, "1"));
    bool second = json_integer_value(label) == 2 || (text && !strcmp(text, "2"));
    if (!first && !second)
        return assay_error_set(reader->err, ASSAY_E_FORMAT,
                               "\"label\" should be 1 or 2, the number of the better output");
    ASSAY_TRY(assay_turns_text(&reader->pair->prompt, reader->arena, ASSAY_ROLE_USER, field(reader->line, "input"),
                               "input", reader->err));
    return first ? read_answers(reader, "output_1", "output_2") : read_answers(reader, "output_2", "output_1");
}

/* Answers with somebody's scores: the best against the worst. */
static bool is_scored(const json_t *line)
{
    size_t count = json_array_size(field(line, "responses"));
    return count > 1 && json_array_size(field(line, "scores")) == count;
}

static assay_status read_scored(const format_reader *reader)
{
    const json_t *responses = field(reader->line, "responses"), *scores = field(reader->line, "scores");
    assay_pair *pair = reader->pair;
    size_t best = 0, worst = 0;
    for (size_t i = 0; i < json_array_size(scores); i++) {
        const json_t *score = json_array_get(scores, i);
        if (!json_is_number(score))
            return assay_error_set(reader->err, ASSAY_E_FORMAT, "\"scores\" should hold numbers and holds %s",
                                   assay_json_kind(score));
        if (json_number_value(score) > json_number_value(json_array_get(scores, best))) best = i;
        if (json_number_value(score) < json_number_value(json_array_get(scores, worst))) worst = i;
    }
    ASSAY_TRY(assay_turns_any(&pair->prompt, reader->arena, ASSAY_ROLE_USER, field(reader->line, "prompt"), "prompt",
                              reader->err));
    ASSAY_TRY(assay_turns_any(&pair->chosen, reader->arena, ASSAY_ROLE_ASSISTANT, json_array_get(responses, best),
                              "responses", reader->err));
    return assay_turns_any(&pair->rejected, reader->arena, ASSAY_ROLE_ASSISTANT, json_array_get(responses, worst),
                           "responses", reader->err);
}

static bool is_transcript_field(const json_t *text)
{
    return json_is_string(text) && assay_is_transcript(json_string_value(text), json_string_length(text));
}

static bool has_transcripts(const json_t *line)
{
    return is_transcript_field(field(line, "chosen")) && is_transcript_field(field(line, "rejected"));
}

static assay_status push_transcript(const format_reader *reader, const char *name, assay_turns *turns)
{
    const json_t *text = field(reader->line, name);
    return assay_turns_transcript(turns, reader->arena, json_string_value(text), json_string_length(text), reader->err);
}

static assay_status read_hh(const format_reader *reader)
{
    ASSAY_TRY(push_transcript(reader, "chosen", &reader->pair->chosen));
    ASSAY_TRY(push_transcript(reader, "rejected", &reader->pair->rejected));
    return take_shared_prompt(reader);
}

static bool has_lists(const json_t *line)
{
    return json_is_array(field(line, "chosen")) && json_is_array(field(line, "rejected"));
}

static assay_status read_implicit(const format_reader *reader)
{
    ASSAY_TRY(read_answers(reader, "chosen", "rejected"));
    return take_shared_prompt(reader);
}

static const pair_format formats[] = {
    {"medicalgpt-legacy", {"question", "response_chosen", "response_rejected"}, NULL, read_legacy},
    {"llmbar", {"input", "output_1", "output_2", "label"}, NULL, read_llmbar},
    {"ms-swift", {"messages", "rejected_response"}, NULL, read_swift},
    {"ms-swift", {"messages", "rejected_messages"}, NULL, read_swift},
    {"prompt", {"prompt", "chosen", "rejected"}, NULL, read_prompt},
    {"best-of-n", {"prompt", "responses", "scores"}, is_scored, read_scored},
    {"llama-factory", {"conversations", "chosen", "rejected"}, has_structured_answers, read_conversations},
    {"medicalgpt", {"conversations", "chosen", "rejected"}, NULL, read_conversations},
    {"alpaca", {"instruction", "chosen", "rejected"}, NULL, read_alpaca},
    {"alpaca-list", {"instruction", "output"}, has_two_outputs, read_alpaca_list},
    {"question", {"question", "chosen", "rejected"}, NULL, read_question},
    {"hh-rlhf", {"chosen", "rejected"}, has_transcripts, read_hh},
    {"implicit", {"chosen", "rejected"}, has_lists, read_implicit},
    {"llama-factory", {"messages", "chosen", "rejected"}, NULL, read_messages},
};

enum { FORMAT_COUNT = sizeof formats / sizeof *formats };

size_t assay_pair_format_count(void) { return FORMAT_COUNT; }

const char *assay_pair_format_name(uint32_t format) { return formats[format].name; }

static size_t missing_fields(const pair_format *format, const json_t *line, size_t *present)
{
    size_t missing = 0;
    *present = 0;
    for (const char *const *name = format->fields; *name; name++) field(line, *name) ? ++*present : ++missing;
    return missing;
}

uint32_t assay_pair_format_find(const json_t *line)
{
    size_t present;
    for (uint32_t i = 0; i < FORMAT_COUNT; i++)
        if (!missing_fields(formats + i, line, &present) && (!formats[i].probe || formats[i].probe(line))) return i;
    return ASSAY_FORMAT_NONE;
}

void assay_field_list(const json_t *line, char *text, size_t size)
{
    size_t used = 0;
    void *entry = json_object_iter(assay_json_lent(line));
    snprintf(text, size, "none");
    for (; entry && used + 64 < size; entry = json_object_iter_next(assay_json_lent(line), entry)) {
        int put = snprintf(text + used, size - used, "%s%.40s", used ? ", " : "", json_object_iter_key(entry));
        used += put > 0 ? (size_t)put : 0;
    }
    if (entry && used + 8 < size) snprintf(text + used, size - used, ", ...");
}

/* The format that lacks least; among equals the one of which most is there. */
static uint32_t nearest_format(const json_t *line)
{
    uint32_t best = ASSAY_FORMAT_NONE;
    size_t best_missing = SIZE_MAX, best_present = 0;
    for (uint32_t i = 0; i < FORMAT_COUNT; i++) {
        size_t present, missing = missing_fields(formats + i, line, &present);
        if (!present || !missing || missing > best_missing || (missing == best_missing && present <= best_present))
            continue;
        best = i;
        best_missing = missing;
        best_present = present;
    }
    return best;
}

assay_status assay_pair_format_unreadable(const json_t *line, assay_error *err)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        for (const char *const *name = formats[i].fields; *name; name++) {
            const char *reason = assay_json_unreadable(json_object_get(line, *name));
            if (reason)
                return assay_error_set(err, ASSAY_E_FORMAT, "\"%s\" is %s, which cannot be read", *name, reason);
        }
    return ASSAY_OK;
}

assay_status assay_pair_format_missing(const json_t *line, uint32_t expected, assay_error *err)
{
    char have[400];
    size_t present;
    ASSAY_TRY(assay_pair_format_unreadable(line, err));
    assay_field_list(line, have, sizeof have);
    uint32_t wanted = expected != ASSAY_FORMAT_NONE && missing_fields(formats + expected, line, &present)
                          ? expected
                          : ASSAY_FORMAT_NONE;
    if (wanted == ASSAY_FORMAT_NONE && field(line, "chosen") && field(line, "rejected"))
        return assay_error_set(
            err, ASSAY_E_FORMAT,
            "\"chosen\" and \"rejected\" have no prompt beside or inside them; name the field that holds it with "
            "--columns prompt=FIELD,chosen=chosen,rejected=rejected (the fields are: %s)",
            have);
    if (wanted == ASSAY_FORMAT_NONE) wanted = nearest_format(line);
    if (wanted == ASSAY_FORMAT_NONE)
        return assay_error_set(
            err, ASSAY_E_FORMAT,
            "not a pair in any known format; name its fields with --columns prompt=FIELD,chosen=FIELD,"
            "rejected=FIELD (the fields are: %s)",
            have);
    const char *const *name = formats[wanted].fields;
    while (*name && field(line, *name)) name++;
    return assay_error_set(
        err, ASSAY_E_FORMAT,
        "the field \"%s\" of the %s format is missing or null; add it, or name the fields with --columns "
        "(the fields are: %s)",
        *name ? *name : formats[wanted].fields[0], formats[wanted].name, have);
}

/* What an evaluation groups by. Anything but a text is no name and is left alone, as unknown fields are. */
static assay_status read_subset(const format_reader *reader)
{
    const json_t *subset = field(reader->line, "subset");
    bool named = json_is_string(subset) || assay_json_unreadable(subset);
    const json_t *name = named ? subset : field(reader->line, "category");
    if (assay_json_unreadable(name))
        return assay_error_set(reader->err, ASSAY_E_FORMAT, "\"%s\" should be a text and is %s",
                               named ? "subset" : "category", assay_json_kind(name));
    if (!json_string_length(name)) return ASSAY_OK;
    reader->pair->subset = assay_text_arena_copy(reader->arena, json_string_value(name), json_string_length(name));
    ASSAY_TRY_ALLOC(reader->pair->subset, "a name", reader->err);
    return ASSAY_OK;
}

static assay_status check_answer(const assay_turns *answer, const char *side, assay_error *err)
{
    if (!answer->count) return assay_error_set(err, ASSAY_E_FORMAT, "%s has no message of its own", side);
    assay_role last = answer->items[answer->count - 1].role;
    if (last == ASSAY_ROLE_ASSISTANT || last == ASSAY_ROLE_TOOL_CALL) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "%s ends with a %s message and should end with the assistant's", side,
                           assay_role_name(last));
}

static assay_drop_reason judge(const assay_pair *pair)
{
    if (assay_turns_blank(&pair->chosen)) return ASSAY_DROP_EMPTY_CHOSEN;
    if (assay_turns_blank(&pair->rejected)) return ASSAY_DROP_EMPTY_REJECTED;
    return assay_turns_equal(&pair->chosen, &pair->rejected) ? ASSAY_DROP_IDENTICAL : ASSAY_DROP_COUNT;
}

assay_status assay_pair_format_read(uint32_t format, const json_t *line, assay_text_arena *arena, assay_pair *pair,
                                    assay_drop_reason *drop, assay_error *err)
{
    format_reader reader = {line, arena, pair, err};
    *pair = (assay_pair){.format = format};
    ASSAY_TRY(formats[format].read(&reader));
    ASSAY_TRY(assay_turns_context(&pair->prompt, arena, line, err));
    ASSAY_TRY(assay_pair_label_read(line, pair, err));
    ASSAY_TRY(read_subset(&reader));
    ASSAY_TRY(assay_json_id(field(line, "id"), arena, &pair->id, err));
    ASSAY_TRY(check_answer(&pair->chosen, "chosen", err));
    ASSAY_TRY(check_answer(&pair->rejected, "rejected", err));
    *drop = judge(pair);
    return ASSAY_OK;
}
