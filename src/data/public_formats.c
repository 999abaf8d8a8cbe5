#include "data/public_formats.h"

#include "data/attribute_formats.h"

#include <math.h>
#include <string.h>

static const json_t *of(const assay_format_reader *reader, const char *name)
{
    return assay_format_field(reader->line, name);
}

/* preferred: above 0 the field a, below 0 b, 0 neither. */
static assay_status take_preferred(const assay_format_reader *reader, const char *a, const char *b, int preferred)
{
    if (preferred == 0) reader->pair->share = 0.5;
    return preferred >= 0 ? assay_format_answers(reader, a, b) : assay_format_answers(reader, b, a);
}

static assay_status number_field(const assay_format_reader *reader, const char *name, double *number)
{
    if (assay_format_number(of(reader, name), number)) return ASSAY_OK;
    return assay_error_set(reader->err, ASSAY_E_FORMAT, "\"%s\" should be a number and is %s", name,
                           assay_json_kind(of(reader, name)));
}

/* ---- two answers and a verdict ---- */

bool assay_public_judgebench_is(const json_t *line)
{
    const char *label = json_string_value(assay_format_field(line, "label"));
    return label && (!strcmp(label, "A>B") || !strcmp(label, "B>A") || !strcmp(label, "A=B"));
}

assay_status assay_public_judgebench(const assay_format_reader *reader)
{
    const char *label = json_string_value(of(reader, "label"));
    ASSAY_TRY(assay_format_prompt(reader, "question"));
    return take_preferred(reader, "response_A", "response_B", label[1] == '=' ? 0 : label[0] == 'A' ? 1 : -1);
}

assay_status assay_public_shp(const assay_format_reader *reader)
{
    double label;
    ASSAY_TRY(number_field(reader, "labels", &label));
    if (label != 0 && label != 1)
        return assay_error_set(reader->err, ASSAY_E_FORMAT, "\"labels\" should be 1 (A is preferred) or 0 (B)");
    ASSAY_TRY(assay_format_prompt(reader, "history"));
    return take_preferred(reader, "human_ref_A", "human_ref_B", label == 1 ? 1 : -1);
}

assay_status assay_public_saferlhf(const assay_format_reader *reader)
{
    double better;
    ASSAY_TRY(number_field(reader, "better_response_id", &better));
    if (better != 0 && better != 1)
        return assay_error_set(reader->err, ASSAY_E_FORMAT, "\"better_response_id\" should be 0 or 1");
    ASSAY_TRY(assay_format_prompt(reader, "prompt"));
    return take_preferred(reader, "response_0", "response_1", better == 0 ? 1 : -1);
}

/* A strength below 0 is for the first answer. */
static assay_status take_graded(const assay_format_reader *reader, const char *prompt, const char *first,
                                const char *second, const char *strength)
{
    double graded;
    ASSAY_TRY(number_field(reader, strength, &graded));
    ASSAY_TRY(assay_attribute_prompt(reader, prompt));
    ASSAY_TRY(take_preferred(reader, first, second, graded < 0 ? 1 : graded > 0 ? -1 : 0));
    reader->pair->margin = fabs(graded);
    return ASSAY_OK;
}

assay_status assay_public_helpsteer2(const assay_format_reader *reader)
{
    return take_graded(reader, "prompt", "response_1", "response_2", "preference_strength");
}

assay_status assay_public_helpsteer3(const assay_format_reader *reader)
{
    return take_graded(reader, "context", "response1", "response2", "overall_preference");
}

assay_status assay_public_arena(const assay_format_reader *reader)
{
    const char *winner = json_string_value(of(reader, "winner"));
    bool a = winner && !strcmp(winner, "model_a"), b = winner && !strcmp(winner, "model_b");
    if (!a && !b && !(winner && (!strncmp(winner, "tie", 3) || !strcmp(winner, "both_bad"))))
        return assay_error_set(reader->err, ASSAY_E_FORMAT,
                               "\"winner\" should be model_a, model_b, a tie or both_bad and is %s%.40s",
                               winner ? "" : assay_json_kind(of(reader, "winner")), winner ? winner : "");
    ASSAY_TRY(take_preferred(reader, "conversation_a", "conversation_b", a - b));
    return assay_format_shared_prompt(reader);
}

static bool looks_like_list(const char *text, size_t size)
{
    assay_text_strip(&text, &size);
    return size && text[0] == '[';
}

/* The turns of one side: a list of texts, the JSON text of one (a CSV has no other lists), or one text, which is one
 * turn. In a list, null is an empty turn. */
static assay_status read_texts(const assay_format_reader *reader, const char *name, json_t **list)
{
    const json_t *text = of(reader, name);
    const char *bytes = json_string_value(text);
    size_t size = json_string_length(text);
    bool parsed = bytes && looks_like_list(bytes, size);
    if (!bytes && !json_is_array(text))
        return assay_error_set(reader->err, ASSAY_E_FORMAT, "\"%s\" should be a text or a list of turns and is %s",
                               name, assay_json_kind(text));
    if (parsed) ASSAY_TRY(assay_json_parse(bytes, size, name, list, reader->err));
    else if (bytes) *list = json_pack("[O]", assay_json_lent(text));
    else *list = json_incref(assay_json_lent(text));
    ASSAY_TRY_ALLOC(*list, "a list of turns", reader->err);
    return ASSAY_OK;
}

static assay_status interleave(const assay_format_reader *reader, const json_t *prompts, const json_t *answers,
                               const char *name, assay_turns *turns)
{
    if (!json_array_size(prompts) || json_array_size(prompts) != json_array_size(answers))
        return assay_error_set(reader->err, ASSAY_E_FORMAT, "\"prompt\" has %zu turns and \"%s\" %zu",
                               json_array_size(prompts), name, json_array_size(answers));
    for (size_t i = 0; i < json_array_size(prompts); i++) {
        const json_t *answer = json_array_get(answers, i);
        ASSAY_TRY(
            assay_turns_text(turns, reader->arena, ASSAY_ROLE_USER, json_array_get(prompts, i), "prompt", reader->err));
        if (json_is_null(answer))
            ASSAY_TRY(assay_turns_push(turns, reader->arena, ASSAY_ROLE_ASSISTANT, "", 0, reader->err));
        else ASSAY_TRY(assay_turns_text(turns, reader->arena, ASSAY_ROLE_ASSISTANT, answer, name, reader->err));
    }
    return ASSAY_OK;
}

static assay_status read_side(const assay_format_reader *reader, const char *name, assay_turns *turns)
{
    json_t *prompts = NULL, *answers = NULL;
    assay_status status = read_texts(reader, "prompt", &prompts);
    if (status == ASSAY_OK) {
        status = read_texts(reader, name, &answers);
        if (status == ASSAY_OK) {
            status = interleave(reader, prompts, answers, name, turns);
            json_decref(answers);
        }
        json_decref(prompts);
    }
    return status;
}

assay_status assay_public_arena_texts(const assay_format_reader *reader)
{
    double a, b;
    ASSAY_TRY(number_field(reader, "winner_model_a", &a));
    ASSAY_TRY(number_field(reader, "winner_model_b", &b));
    if (a == b) reader->pair->share = 0.5;
    ASSAY_TRY(read_side(reader, a >= b ? "response_a" : "response_b", &reader->pair->chosen));
    ASSAY_TRY(read_side(reader, a >= b ? "response_b" : "response_a", &reader->pair->rejected));
    return assay_format_shared_prompt(reader);
}

static assay_status read_answer_of(const assay_format_reader *reader, const char *name, assay_turns *turns)
{
    return assay_turns_text(turns, reader->arena, ASSAY_ROLE_ASSISTANT, assay_format_field(of(reader, name), "answer"),
                            name, reader->err);
}

assay_status assay_public_rmb(const assay_format_reader *reader)
{
    ASSAY_TRY(assay_format_prompt(reader, "conversation_input"));
    ASSAY_TRY(read_answer_of(reader, "chosen", &reader->pair->chosen));
    return read_answer_of(reader, "reject", &reader->pair->rejected);
}

/* ---- conversations whose contents are parts {"type", "value"} ---- */

static bool is_text_part(const json_t *part)
{
    const char *type = json_string_value(json_object_get(part, "type"));
    return type && !strcmp(type, "text") && json_is_string(json_object_get(part, "value"));
}

/* The texts of a message's parts as one; what holds another part stays as it is, to be refused by that part's type. */
static assay_status join_content(const json_t *parts, json_t **content, assay_error *err)
{
    assay_buf text;
    bool plain = json_is_array(parts);
    assay_status status = ASSAY_OK;
    assay_buf_init(&text, SIZE_MAX / 4);
    for (size_t i = 0; i < json_array_size(parts) && status == ASSAY_OK; i++) {
        const json_t *part = json_array_get(parts, i), *value = json_object_get(part, "value");
        plain = plain && is_text_part(part);
        if (plain) status = assay_buf_append(&text, json_string_value(value), json_string_length(value), err);
    }
    *content = plain ? json_stringn(text.size ? text.data : "", text.size) : json_incref(assay_json_lent(parts));
    assay_buf_release(&text);
    return status;
}

/* One message; its loss_weight, which is 0 in a prompt, says nothing of pairs. */
static assay_status add_message_of_parts(json_t *list, const json_t *message, assay_error *err)
{
    json_t *content = NULL, *plain = json_object();
    assay_status status = join_content(json_object_get(message, "content"), &content, err);
    int failed = json_object_set_new(plain, "content", content);
    failed |= json_object_set(plain, "role", assay_json_lent(json_object_get(message, "role")));
    if (failed && status == ASSAY_OK) status = assay_error_set(err, ASSAY_E_FORMAT, "a message has no role or content");
    if (status == ASSAY_OK) json_array_append(list, plain);
    json_decref(plain);
    return status;
}

static assay_status read_parts(const assay_format_reader *reader, const char *name, assay_turns *turns)
{
    const json_t *messages = of(reader, name);
    json_t *list = json_array();
    assay_status status =
        json_is_array(messages) ? ASSAY_OK : assay_turns_list(turns, reader->arena, messages, name, reader->err);
    for (size_t i = 0; i < json_array_size(messages) && status == ASSAY_OK; i++)
        status = add_message_of_parts(list, json_array_get(messages, i), reader->err);
    if (status == ASSAY_OK) status = assay_turns_list(turns, reader->arena, list, name, reader->err);
    json_decref(list);
    return status;
}

assay_status assay_public_llama_factory_parts(const assay_format_reader *reader)
{
    ASSAY_TRY(read_parts(reader, "chosen_messages", &reader->pair->chosen));
    ASSAY_TRY(read_parts(reader, "rejected_messages", &reader->pair->rejected));
    return assay_format_shared_prompt(reader);
}
