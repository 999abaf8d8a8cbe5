#include "data/pair_formats.h"

#include "base/json_doc.h"
#include "base/text.h"
#include "data/answer_list.h"
#include "data/attribute_formats.h"
#include "data/attributes.h"
#include "data/columns_guess.h"
#include "data/json_text.h"
#include "data/list_formats.h"
#include "data/other_formats.h"
#include "data/pair_label.h"
#include "data/public_formats.h"
#include "data/single_formats.h"
#include "data/step_formats.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct pair_format {
    const char *name;
    const char *fields[6]; /* all needed; NULL ends */
    bool (*probe)(const json_t *line);
    assay_status (*read)(const assay_format_reader *reader);
    const char *benchmark; /* its name: what trains on it cannot be measured by it; NULL: none */
} pair_format;

static bool begins_conversation(const assay_turns *turns)
{
    return turns->count && (turns->items[0].role == ASSAY_ROLE_USER || turns->items[0].role == ASSAY_ROLE_SYSTEM);
}

static void strip_message(assay_message *message) { assay_text_strip(&message->text, &message->size); }

/* HH-RLHF cut up: prompt = "\n\nHuman: ...\n\nAssistant:", answers without mark. */
static assay_status read_transcript_prompt(const assay_format_reader *reader, const json_t *prompt)
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

static bool has_no_choices(const json_t *line) { return !assay_list_choices_is(line); }

static assay_status read_prompt(const assay_format_reader *reader)
{
    assay_pair *pair = reader->pair;
    const json_t *prompt = assay_format_field(reader->line, "prompt");
    ASSAY_TRY(assay_format_answers(reader, "chosen", "rejected"));
    bool whole = begins_conversation(&pair->chosen) && begins_conversation(&pair->rejected);
    if (json_is_string(prompt)) {
        if (whole) return assay_format_shared_prompt(reader);
        if (assay_is_transcript(json_string_value(prompt), json_string_length(prompt)))
            return read_transcript_prompt(reader, prompt);
        pair->prompt.from_text = true;
        return assay_turns_text(&pair->prompt, reader->arena, ASSAY_ROLE_USER, prompt, "prompt", reader->err);
    }
    ASSAY_TRY(assay_turns_any(&pair->prompt, reader->arena, ASSAY_ROLE_USER, prompt, "prompt", reader->err));
    size_t count = pair->prompt.count;
    bool inside = whole && assay_turns_shared(&pair->prompt, &pair->chosen) == count &&
                  assay_turns_shared(&pair->prompt, &pair->rejected) == count;
    if (!inside || pair->chosen.count == count || pair->rejected.count == count) return ASSAY_OK;
    pair->chosen = assay_format_turns_from(&pair->chosen, count);
    pair->rejected = assay_format_turns_from(&pair->rejected, count);
    return ASSAY_OK;
}

static assay_status read_conversation(const assay_format_reader *reader, const char *name)
{
    assay_turns *prompt = &reader->pair->prompt;
    assay_turns list = {0};
    ASSAY_TRY(assay_turns_list(&list, reader->arena, assay_format_field(reader->line, name), name, reader->err));
    if (!list.count || list.items[0].role != ASSAY_ROLE_SYSTEM)
        ASSAY_TRY(assay_format_push(reader, "system", ASSAY_ROLE_SYSTEM));
    ASSAY_TRY(assay_turns_append(prompt, reader->arena, list.items, list.count, reader->err));
    return assay_format_answers(reader, "chosen", "rejected");
}

static assay_status read_conversations(const assay_format_reader *reader)
{
    return read_conversation(reader, "conversations");
}

static assay_status read_messages(const assay_format_reader *reader) { return read_conversation(reader, "messages"); }

static bool has_structured_answers(const json_t *line)
{
    const json_t *chosen = assay_format_field(line, "chosen");
    return !json_is_string(chosen) && !assay_json_unreadable(chosen);
}

static assay_status read_legacy(const assay_format_reader *reader)
{
    assay_turns *prompt = &reader->pair->prompt;
    ASSAY_TRY(assay_format_push(reader, "system", ASSAY_ROLE_SYSTEM));
    ASSAY_TRY(assay_turns_history(prompt, reader->arena, assay_format_field(reader->line, "history"), "history",
                                  reader->err));
    ASSAY_TRY(assay_turns_text(prompt, reader->arena, ASSAY_ROLE_USER, assay_format_field(reader->line, "question"),
                               "question", reader->err));
    return assay_format_answers(reader, "response_chosen", "response_rejected");
}

static assay_status read_question(const assay_format_reader *reader)
{
    assay_turns *prompt = &reader->pair->prompt;
    ASSAY_TRY(assay_format_push(reader, "system", ASSAY_ROLE_SYSTEM));
    ASSAY_TRY(assay_turns_history(prompt, reader->arena, assay_format_field(reader->line, "history"), "history",
                                  reader->err));
    ASSAY_TRY(assay_turns_text(prompt, reader->arena, ASSAY_ROLE_USER, assay_format_field(reader->line, "question"),
                               "question", reader->err));
    return assay_format_answers(reader, "chosen", "rejected");
}

/* One right answer, the pair's chosen, against several wrong ones, which nobody compared with each other. */
static assay_status take_wrong_ones(const assay_format_reader *reader, const json_t *wrong, const char *name)
{
    assay_answer_list list;
    ASSAY_TRY(assay_answer_list_begin(&list, reader, 1 + json_array_size(wrong)));
    list.items[list.count++] = (assay_answer){.turns = reader->pair->chosen, .value = 1};
    for (size_t i = 0; i < json_array_size(wrong); i++)
        ASSAY_TRY(assay_answer_list_add(&list, json_array_get(wrong, i), name, 0));
    assay_answer_list_settle(&list, false);
    return ASSAY_OK;
}

/* A text, a conversation, or a list of texts. The chosen answer is there already. */
static assay_status read_rejected_response(const assay_format_reader *reader)
{
    static const char name[] = "rejected_response";
    const json_t *response = assay_format_field(reader->line, name);
    if (json_is_string(json_array_get(response, 0))) return take_wrong_ones(reader, response, name);
    return assay_turns_any(&reader->pair->rejected, reader->arena, ASSAY_ROLE_ASSISTANT, response, name, reader->err);
}

/* messages ends with the chosen answer; the other one is a text, or a whole conversation. */
static assay_status read_swift(const assay_format_reader *reader)
{
    assay_pair *pair = reader->pair;
    ASSAY_TRY(assay_turns_list(&pair->chosen, reader->arena, assay_format_field(reader->line, "messages"), "messages",
                               reader->err));
    const json_t *response = assay_format_field(reader->line, "rejected_response");
    if (!response) {
        const json_t *list = assay_format_field(reader->line, "rejected_messages");
        ASSAY_TRY(assay_turns_list(&pair->rejected, reader->arena, list, "rejected_messages", reader->err));
        return assay_format_shared_prompt(reader);
    }
    size_t answer = pair->chosen.count;
    while (answer && pair->chosen.items[answer - 1].role == ASSAY_ROLE_ASSISTANT) answer--;
    ASSAY_TRY(assay_turns_append(&pair->prompt, reader->arena, pair->chosen.items, answer, reader->err));
    pair->chosen = assay_format_turns_from(&pair->chosen, answer);
    return read_rejected_response(reader);
}

/* ms-swift's other spelling: the turns before are in "history". */
static assay_status read_swift_query(const assay_format_reader *reader)
{
    assay_turns *prompt = &reader->pair->prompt;
    const json_t *history = assay_format_field(reader->line, "history");
    ASSAY_TRY(assay_format_push(reader, "system", ASSAY_ROLE_SYSTEM));
    ASSAY_TRY(assay_turns_history(prompt, reader->arena, history, "history", reader->err));
    ASSAY_TRY(assay_turns_text(prompt, reader->arena, ASSAY_ROLE_USER, assay_format_field(reader->line, "query"),
                               "query", reader->err));
    ASSAY_TRY(assay_turns_text(&reader->pair->chosen, reader->arena, ASSAY_ROLE_ASSISTANT,
                               assay_format_field(reader->line, "response"), "response", reader->err));
    return read_rejected_response(reader);
}

/* axolotl's bradley_terry.chat_template, one turn. */
static assay_status read_axolotl(const assay_format_reader *reader)
{
    ASSAY_TRY(assay_format_push(reader, "system", ASSAY_ROLE_SYSTEM));
    ASSAY_TRY(assay_turns_text(&reader->pair->prompt, reader->arena, ASSAY_ROLE_USER,
                               assay_format_field(reader->line, "input"), "input", reader->err));
    return assay_format_answers(reader, "chosen", "rejected");
}

static assay_status read_nemo_aligner(const assay_format_reader *reader)
{
    ASSAY_TRY(assay_turns_any(&reader->pair->prompt, reader->arena, ASSAY_ROLE_USER,
                              assay_format_field(reader->line, "prompt"), "prompt", reader->err));
    return assay_format_answers(reader, "chosen_response", "rejected_response");
}

/* The question is the instruction, a line feed, and the input where there is one. */
static assay_status push_instruction(const assay_format_reader *reader)
{
    const json_t *instruction = assay_format_field(reader->line, "instruction"),
                 *input = assay_format_field(reader->line, "input");
    assay_turns *prompt = &reader->pair->prompt;
    ASSAY_TRY(assay_format_push(reader, "system", ASSAY_ROLE_SYSTEM));
    ASSAY_TRY(assay_turns_history(prompt, reader->arena, assay_format_field(reader->line, "history"), "history",
                                  reader->err));
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

static assay_status read_alpaca(const assay_format_reader *reader)
{
    ASSAY_TRY(push_instruction(reader));
    return assay_format_answers(reader, "chosen", "rejected");
}

static bool has_two_outputs(const json_t *line) { return json_array_size(assay_format_field(line, "output")) == 2; }

static assay_status read_alpaca_list(const assay_format_reader *reader)
{
    const json_t *output = assay_format_field(reader->line, "output");
    assay_pair *pair = reader->pair;
    ASSAY_TRY(push_instruction(reader));
    ASSAY_TRY(assay_turns_text(&pair->chosen, reader->arena, ASSAY_ROLE_ASSISTANT, json_array_get(output, 0), "output",
                               reader->err));
    return assay_turns_text(&pair->rejected, reader->arena, ASSAY_ROLE_ASSISTANT, json_array_get(output, 1), "output",
                            reader->err);
}

static assay_status read_llmbar(const assay_format_reader *reader)
{
    const json_t *label = assay_format_field(reader->line, "label");
    const char *text = json_string_value(label);
    bool first = json_integer_value(label) == 1 || (text && !strcmp(text, "1"));
    bool second = json_integer_value(label) == 2 || (text && !strcmp(text, "2"));
    if (!first && !second)
        return assay_error_set(reader->err, ASSAY_E_FORMAT,
                               "\"label\" should be 1 or 2, the number of the better output");
    ASSAY_TRY(assay_turns_text(&reader->pair->prompt, reader->arena, ASSAY_ROLE_USER,
                               assay_format_field(reader->line, "input"), "input", reader->err));
    return first ? assay_format_answers(reader, "output_1", "output_2")
                 : assay_format_answers(reader, "output_2", "output_1");
}

static bool is_transcript_field(const json_t *text)
{
    return json_is_string(text) && assay_is_transcript(json_string_value(text), json_string_length(text));
}

static bool has_transcripts(const json_t *line)
{
    return is_transcript_field(assay_format_field(line, "chosen")) &&
           is_transcript_field(assay_format_field(line, "rejected"));
}

static assay_status push_transcript(const assay_format_reader *reader, const char *name, assay_turns *turns)
{
    const json_t *text = assay_format_field(reader->line, name);
    return assay_turns_transcript(turns, reader->arena, json_string_value(text), json_string_length(text), reader->err);
}

static assay_status read_hh(const assay_format_reader *reader)
{
    ASSAY_TRY(push_transcript(reader, "chosen", &reader->pair->chosen));
    ASSAY_TRY(push_transcript(reader, "rejected", &reader->pair->rejected));
    return assay_format_shared_prompt(reader);
}

static bool has_lists(const json_t *line)
{
    return json_is_array(assay_format_field(line, "chosen")) && json_is_array(assay_format_field(line, "rejected"));
}

/* Fields that stand beside whole texts and are no prompt. */
static bool is_beside(const char *key, const json_t *value)
{
    static const char *const names[] = {"chosen", "rejected", "id",     "uid",      "margin",
                                        "subset", "category", "source", "language", "dataset"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(key, names[i])) return true;
    return json_is_number(value) || json_is_boolean(value) || json_is_null(value);
}

/* Bytes that both texts begin with, up to the last white space; the answers keep what is behind it. */
static size_t shared_text(const json_t *chosen, const json_t *rejected)
{
    const char *a = json_string_value(chosen), *b = json_string_value(rejected);
    size_t shared = 0, least = json_string_length(chosen);
    if (json_string_length(rejected) < least) least = json_string_length(rejected);
    while (shared < least && a[shared] == b[shared]) shared++;
    while (shared && !strchr(" \n\t", a[shared - 1])) shared--;
    return shared;
}

static bool has_whole_texts(const json_t *line)
{
    const json_t *chosen = assay_format_field(line, "chosen"), *rejected = assay_format_field(line, "rejected");
    const char *key;
    json_t *value;
    if (!json_is_string(chosen) || !json_is_string(rejected)) return false;
    json_object_foreach(assay_json_lent(line), key, value) if (!is_beside(key, value)) return false;
    return shared_text(chosen, rejected) > 0;
}

static assay_status push_rest(const assay_format_reader *reader, const char *name, size_t begin, assay_turns *turns)
{
    const json_t *text = assay_format_field(reader->line, name);
    return assay_turns_push(turns, reader->arena, ASSAY_ROLE_ASSISTANT, json_string_value(text) + begin,
                            json_string_length(text) - begin, reader->err);
}

static assay_status read_whole_texts(const assay_format_reader *reader)
{
    const json_t *chosen = assay_format_field(reader->line, "chosen");
    size_t shared = shared_text(chosen, assay_format_field(reader->line, "rejected"));
    ASSAY_TRY(assay_turns_push(&reader->pair->prompt, reader->arena, ASSAY_ROLE_USER, json_string_value(chosen), shared,
                               reader->err));
    ASSAY_TRY(push_rest(reader, "chosen", shared, &reader->pair->chosen));
    return push_rest(reader, "rejected", shared, &reader->pair->rejected);
}

static assay_status read_implicit(const assay_format_reader *reader)
{
    ASSAY_TRY(assay_format_answers(reader, "chosen", "rejected"));
    return assay_format_shared_prompt(reader);
}

/* Labels of steps, one answer. */
static assay_status read_steps(const assay_format_reader *reader)
{
    assay_step_answer answer = {0};
    ASSAY_TRY(assay_step_format_read(reader->line, reader->arena, &answer, NULL, reader->err));
    reader->pair->single = true;
    reader->pair->prompt = answer.prompt;
    reader->pair->chosen = answer.steps;
    reader->pair->step_labels = answer.labels;
    return ASSAY_OK;
}

static const pair_format formats[] = {
    {"medicalgpt-legacy", {"question", "response_chosen", "response_rejected"}, NULL, read_legacy, NULL},
    {"llmbar", {"input", "output_1", "output_2", "label"}, NULL, read_llmbar, "LLMBar"},
    {"judgebench",
     {"question", "response_A", "response_B", "label"},
     assay_public_judgebench_is,
     assay_public_judgebench,
     "JudgeBench"},
    {"rmb", {"conversation_input", "chosen", "reject"}, NULL, assay_public_rmb, "RMB"},
    {"rmb-best-of-n", {"conversation_input", "bon_best", "loser_list"}, NULL, assay_list_rmb, "RMB"},
    {"shp", {"history", "human_ref_A", "human_ref_B", "labels"}, NULL, assay_public_shp, NULL},
    {"pku-saferlhf", {"prompt", "response_0", "response_1", "better_response_id"}, NULL, assay_public_saferlhf, NULL},
    {"helpsteer2", {"prompt", "response_1", "response_2", "preference_strength"}, NULL, assay_public_helpsteer2, NULL},
    {"helpsteer3", {"context", "response1", "response2", "overall_preference"}, NULL, assay_public_helpsteer3, NULL},
    {"arena", {"conversation_a", "conversation_b", "winner"}, NULL, assay_public_arena, NULL},
    {"arena-texts",
     {"prompt", "response_a", "response_b", "winner_model_a", "winner_model_b"},
     NULL,
     assay_public_arena_texts,
     NULL},
    {"nectar", {"prompt", "answers"}, assay_list_nectar_is, assay_list_nectar, NULL},
    {"nemo-rank", {"context", "completions"}, assay_list_nemo_is, assay_list_nemo, NULL},
    {"ultrafeedback", {"instruction", "completions"}, assay_list_ultrafeedback_is, assay_list_ultrafeedback, NULL},
    {"ms-swift", {"query", "response", "rejected_response"}, NULL, read_swift_query, NULL},
    {"ms-swift", {"messages", "rejected_response"}, NULL, read_swift, NULL},
    {"ms-swift", {"messages", "rejected_messages"}, NULL, read_swift, NULL},
    {"prompt", {"prompt", "chosen", "rejected"}, has_no_choices, read_prompt, NULL},
    {"choices",
     {"prompt", "chosen", "rejected"},
     assay_list_choices_is,
     assay_list_choices,
     "RewardBench 2 or RM-Bench"},
    {"nemo-aligner", {"prompt", "chosen_response", "rejected_response"}, NULL, read_nemo_aligner, NULL},
    {"best-of-n", {"prompt", "responses", "scores"}, assay_list_scored_is, assay_list_scored, NULL},
    {"llama-factory", {"conversations", "chosen", "rejected"}, has_structured_answers, read_conversations, NULL},
    {"medicalgpt", {"conversations", "chosen", "rejected"}, NULL, read_conversations, NULL},
    {"llama-factory", {"chosen_messages", "rejected_messages"}, NULL, assay_public_llama_factory_parts, NULL},
    {"alpaca", {"instruction", "chosen", "rejected"}, NULL, read_alpaca, NULL},
    {"alpaca-list", {"instruction", "output"}, has_two_outputs, read_alpaca_list, NULL},
    {"question", {"question", "chosen", "rejected"}, NULL, read_question, NULL},
    {"axolotl", {"input", "chosen", "rejected"}, NULL, read_axolotl, NULL},
    {"hh-rlhf", {"chosen", "rejected"}, has_transcripts, read_hh, NULL},
    {"implicit-text", {"chosen", "rejected"}, has_whole_texts, read_whole_texts, NULL},
    {"implicit", {"chosen", "rejected"}, has_lists, read_implicit, NULL},
    {"llama-factory", {"messages", "chosen", "rejected"}, NULL, read_messages, NULL},
    {"helpsteer", {"prompt", "response"}, assay_attribute_helpsteer_is, assay_attribute_helpsteer, NULL},
    {"attributes", {"prompt", "response"}, assay_attribute_graded_is, assay_attribute_graded, NULL},
    {"attributes", {"prompt", "completion"}, assay_attribute_graded_is, assay_attribute_graded, NULL},
    {"attributes", {"messages", "scores"}, assay_attribute_graded_is, assay_attribute_graded, NULL},
    {"attributes", {"messages", "labels"}, assay_attribute_graded_is, assay_attribute_graded, NULL},
    {"attributes", {"messages", "label"}, assay_attribute_graded_is, assay_attribute_graded, NULL},
    {"unpaired", {"prompt", "completion", "label"}, NULL, assay_single_unpaired, NULL},
    {"unpaired", {"messages", "label"}, NULL, assay_single_messages, NULL},
    {"prm800k", {"question", "label"}, assay_step_format_is, read_steps, NULL},
    {"processbench", {"problem", "steps", "label"}, assay_step_format_is, read_steps, "ProcessBench"},
    {"stepwise", {"prompt", "completions", "labels"}, assay_step_format_is, read_steps, NULL},
    {"math-shepherd", {"input", "label"}, assay_step_format_is, read_steps, NULL},
};

enum { FORMAT_COUNT = sizeof formats / sizeof *formats };
_Static_assert((int)FORMAT_COUNT <= (int)ASSAY_FORMATS_MOST, "whoever counts by format has room for all");

size_t assay_pair_format_count(void) { return FORMAT_COUNT; }

const char *assay_pair_format_name(uint32_t format) { return formats[format].name; }

static bool is_written(uint32_t format)
{
    return formats[format].read == read_prompt || formats[format].read == assay_list_scored ||
           formats[format].read == assay_single_unpaired || formats[format].read == assay_attribute_graded;
}

bool assay_pair_format_is_steps(uint32_t format) { return formats[format].read == read_steps; }

bool assay_pair_formats_mix(uint32_t a, uint32_t b)
{
    return !strcmp(formats[a].name, formats[b].name) || (is_written(a) && is_written(b));
}

const char *assay_pair_format_benchmark(uint32_t format) { return formats[format].benchmark; }

static size_t missing_fields(const pair_format *format, const json_t *line, size_t *present)
{
    size_t missing = 0;
    *present = 0;
    for (const char *const *name = format->fields; *name; name++)
        assay_format_field(line, *name) ? ++*present : ++missing;
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

/* The format that lacks least; among equals the one of which most is there. One field of two says nothing where the
 * format is told by more than its fields. */
static uint32_t nearest_format(const json_t *line)
{
    uint32_t best = ASSAY_FORMAT_NONE;
    size_t best_missing = SIZE_MAX, best_present = 0;
    for (uint32_t i = 0; i < FORMAT_COUNT; i++) {
        size_t present, missing = missing_fields(formats + i, line, &present);
        bool vague = formats[i].probe && present == 1 && missing == 1;
        if (!present || !missing || vague || missing > best_missing ||
            (missing == best_missing && present <= best_present))
            continue;
        best = i;
        best_missing = missing;
        best_present = present;
    }
    return best;
}

/* A field whose null is all that keeps a line from having every field of some format; NULL: there is none. */
static const char *null_field(const json_t *line)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        const char *found = NULL;
        const char *const *name = formats[i].fields;
        for (; *name && json_object_get(line, *name); name++)
            if (!found && json_is_null(json_object_get(line, *name))) found = *name;
        if (!*name && found) return found;
    }
    return NULL;
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
    ASSAY_TRY(assay_other_format_name(line, err));
    const char *null = null_field(line);
    if (null) return assay_error_set(err, ASSAY_E_FORMAT, "\"%s\" is null, and a pair needs a value there", null);
    assay_field_list(line, have, sizeof have);
    uint32_t wanted = expected != ASSAY_FORMAT_NONE && missing_fields(formats + expected, line, &present)
                          ? expected
                          : ASSAY_FORMAT_NONE;
    if (wanted == ASSAY_FORMAT_NONE && assay_format_field(line, "chosen") && assay_format_field(line, "rejected"))
        return assay_error_set(
            err, ASSAY_E_FORMAT,
            "\"chosen\" and \"rejected\" have no prompt beside or inside them; name the field that holds it with "
            "--columns prompt=FIELD,chosen=chosen,rejected=rejected (the fields are: %s)",
            have);
    char guess[200];
    if (wanted == ASSAY_FORMAT_NONE && assay_columns_guess(line, guess, sizeof guess))
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "not a pair in any known format; did you mean --columns %s? (the fields are: %s)", guess,
                               have);
    if (wanted == ASSAY_FORMAT_NONE) wanted = nearest_format(line);
    if (wanted == ASSAY_FORMAT_NONE)
        return assay_error_set(
            err, ASSAY_E_FORMAT,
            "not a pair in any known format; name its fields with --columns prompt=FIELD,chosen=FIELD,"
            "rejected=FIELD (the fields are: %s)",
            have);
    const char *const *name = formats[wanted].fields;
    while (*name && assay_format_field(line, *name)) name++;
    return assay_error_set(
        err, ASSAY_E_FORMAT,
        "the field \"%s\" of the %s format is missing or null; add it, or name the fields with --columns "
        "(the fields are: %s)",
        *name ? *name : formats[wanted].fields[0], formats[wanted].name, have);
}

/* What an evaluation groups by. Anything but a text is no name and is left alone, as unknown fields are. */
static assay_status read_subset(const assay_format_reader *reader)
{
    const json_t *subset = assay_format_field(reader->line, "subset");
    bool named = json_is_string(subset) || assay_json_unreadable(subset);
    const json_t *name = named ? subset : assay_format_field(reader->line, "category");
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

static assay_status check_answers(const assay_pair *pair, assay_error *err)
{
    ASSAY_TRY(check_answer(&pair->chosen, "chosen", err));
    if (!pair->single) ASSAY_TRY(check_answer(&pair->rejected, "rejected", err));
    for (size_t i = 1; i + 1 < pair->answer_count; i++)
        ASSAY_TRY(check_answer(&pair->answers[i].turns, "an answer", err));
    return ASSAY_OK;
}

/* A list says how its answers compare by itself, and a single answer is not compared. */
static assay_status check_list_label(const assay_pair *pair, double own, assay_error *err)
{
    bool said = pair->share != own && !(isnan(pair->share) && isnan(own));
    if (pair->single && said)
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "a tie or a share of votes (p, preference) is of two answers, and the line has one with "
                               "a label");
    bool all_equal = pair->answers && pair->answers[0].value == pair->answers[pair->answer_count - 1].value;
    if (!pair->answers || isnan(pair->share) || (all_equal && pair->share == 0.5)) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "a tie or a share of votes (p, preference) is of two answers, and the line has %zu",
                           pair->answer_count);
}

static bool any_step_known(const assay_pair *pair)
{
    for (size_t i = 0; i < pair->chosen.count; i++)
        if (!isnan(pair->step_labels[i])) return true;
    return false;
}

/* Of a list all answers, not its ends alone: which of equal worst ones is an end, the record's order decides. */
static bool all_equal(const assay_pair *pair)
{
    if (!assay_turns_equal(&pair->chosen, &pair->rejected)) return false;
    for (size_t i = 1; i < pair->answer_count; i++)
        if (!assay_turns_equal(&pair->answers[0].turns, &pair->answers[i].turns)) return false;
    return true;
}

static assay_drop_reason judge(const assay_pair *pair)
{
    if (assay_turns_blank(&pair->chosen)) return ASSAY_DROP_EMPTY_CHOSEN;
    if (pair->step_labels && !any_step_known(pair)) return ASSAY_DROP_NO_LABEL;
    if (assay_pair_is_graded(pair) && !assay_attributes_known(&pair->chosen_attributes)) return ASSAY_DROP_NO_LABEL;
    if (pair->single) return ASSAY_DROP_COUNT;
    if (assay_turns_blank(&pair->rejected)) return ASSAY_DROP_EMPTY_REJECTED;
    for (size_t i = 1; i + 1 < pair->answer_count; i++)
        if (assay_turns_blank(&pair->answers[i].turns)) return ASSAY_DROP_EMPTY_ANSWER;
    if (pair->not_compared) return ASSAY_DROP_NOT_COMPARED;
    return all_equal(pair) ? ASSAY_DROP_IDENTICAL : ASSAY_DROP_COUNT;
}

assay_status assay_pair_format_read(uint32_t format, const json_t *line, assay_text_arena *arena, assay_pair *pair,
                                    assay_drop_reason *drop, assay_error *err)
{
    assay_format_reader reader = {line, arena, pair, err};
    *pair = (assay_pair){.format = format, .margin = (double)NAN, .share = (double)NAN, .weight = 1};
    ASSAY_TRY(formats[format].read(&reader));
    ASSAY_TRY(assay_turns_context(&pair->prompt, arena, line, err));
    double own = pair->share;
    ASSAY_TRY(assay_pair_label_read(line, pair, err));
    ASSAY_TRY(check_list_label(pair, own, err));
    ASSAY_TRY(read_subset(&reader));
    ASSAY_TRY(assay_json_id(assay_format_field(line, "id"), arena, &pair->id, err));
    ASSAY_TRY(check_answers(pair, err));
    *drop = judge(pair);
    return ASSAY_OK;
}
