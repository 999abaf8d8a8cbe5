#include "data/turns.h"

#include "base/json_doc.h"
#include "base/text.h"
#include "data/json_text.h"

#include <string.h>

static const struct {
    const char *name;
    assay_role role;
    // clang-format off
} role_names[] = {
    {"system", ASSAY_ROLE_SYSTEM},           {"user", ASSAY_ROLE_USER},
    {"assistant", ASSAY_ROLE_ASSISTANT},     {"tool_call", ASSAY_ROLE_TOOL_CALL},
    {"tool", ASSAY_ROLE_OBSERVATION},        {"human", ASSAY_ROLE_USER},
    {"gpt", ASSAY_ROLE_ASSISTANT},           {"function_call", ASSAY_ROLE_TOOL_CALL},
    {"observation", ASSAY_ROLE_OBSERVATION}, {"developer", ASSAY_ROLE_SYSTEM},
    {"model", ASSAY_ROLE_ASSISTANT},         {"bot", ASSAY_ROLE_ASSISTANT},
    {"function", ASSAY_ROLE_OBSERVATION},    {"ipython", ASSAY_ROLE_OBSERVATION},
    {"tool_response", ASSAY_ROLE_OBSERVATION},
};
// clang-format on

const char *assay_role_name(assay_role role) { return role_names[role].name; }

static assay_status role_find(const char *name, const char *field, assay_role *role, assay_error *err)
{
    for (size_t i = 0; i < sizeof role_names / sizeof *role_names; i++) {
        if (assay_text_compare(name, role_names[i].name) != 0) continue;
        *role = role_names[i].role;
        return ASSAY_OK;
    }
    return assay_error_set(
        err, ASSAY_E_FORMAT,
        "\"%s\" has a message of the role \"%.60s\"; known are system, user (human), assistant (gpt), "
        "tool_call (function_call) and tool (observation)",
        field, name);
}

static assay_status room_for(assay_turns *turns, assay_text_arena *arena, size_t more, assay_error *err)
{
    if (turns->capacity - turns->count >= more) return ASSAY_OK;
    size_t capacity = turns->capacity * 2 < turns->count + more ? turns->count + more : turns->capacity * 2;
    assay_message *items = assay_text_arena_alloc(arena, capacity, sizeof *items);
    ASSAY_TRY_ALLOC(items, "a conversation", err);
    if (turns->count) memcpy(items, turns->items, turns->count * sizeof *items);
    turns->items = items;
    turns->capacity = capacity;
    return ASSAY_OK;
}

assay_status assay_turns_push(assay_turns *turns, assay_text_arena *arena, assay_role role, const char *text,
                              size_t size, assay_error *err)
{
    ASSAY_TRY(room_for(turns, arena, 1, err));
    const char *copy = assay_text_arena_copy(arena, text, size);
    ASSAY_TRY_ALLOC(copy, "a message", err);
    turns->items[turns->count++] = (assay_message){.role = role, .text = copy, .size = size};
    return ASSAY_OK;
}

assay_conversation assay_turns_conversation(const assay_turns *turns)
{
    return (assay_conversation){turns->items, turns->count, turns->context};
}

assay_status assay_turns_append(assay_turns *turns, assay_text_arena *arena, const assay_message *messages,
                                size_t count, assay_error *err)
{
    ASSAY_TRY(room_for(turns, arena, count, err));
    if (count) memcpy(turns->items + turns->count, messages, count * sizeof *messages);
    turns->count += count;
    return ASSAY_OK;
}

assay_status assay_turns_text(assay_turns *turns, assay_text_arena *arena, assay_role role, const json_t *text,
                              const char *field, assay_error *err)
{
    if (!json_is_string(text))
        return assay_error_set(err, ASSAY_E_FORMAT, "\"%s\" should be a string and is %s", field,
                               assay_json_kind(text));
    return assay_turns_push(turns, arena, role, json_string_value(text), json_string_length(text), err);
}

assay_status assay_turns_steps(assay_turns *turns, assay_text_arena *arena, const json_t *list, const char *field,
                               assay_error *err)
{
    if (!json_array_size(list))
        return assay_error_set(err, ASSAY_E_FORMAT, "\"%s\" should be a list of steps and is %s", field,
                               json_is_array(list) ? "empty" : assay_json_kind(list));
    for (size_t i = 0; i < json_array_size(list); i++) {
        ASSAY_TRY(assay_turns_text(turns, arena, ASSAY_ROLE_ASSISTANT, json_array_get(list, i), field, err));
        assay_message *step = &turns->items[turns->count - 1];
        const assay_turns alone = {.items = step, .count = 1};
        step->step = true;
        if (assay_turns_blank(&alone))
            return assay_error_set(err, ASSAY_E_FORMAT, "\"%s\": step %zu is empty", field, i + 1);
    }
    return ASSAY_OK;
}

static assay_status join_parts(const json_t *parts, const char *joint, const char *field, assay_buf *joined,
                               assay_error *err)
{
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *part = json_array_get(parts, i), *type = json_object_get(part, "type"),
                     *text = json_is_string(part) ? part : json_object_get(part, "text");
        if (!json_is_string(text))
            return assay_error_set(
                err, ASSAY_E_UNSUPPORTED,
                "\"%s\" has a message with a part that is %.40s%s: only text can be scored; leave such "
                "lines out with --skip-bad-lines",
                field, json_is_string(type) ? "of the type " : "no text",
                json_is_string(type) ? json_string_value(type) : "");
        if (i && joint) ASSAY_TRY(assay_buf_text(joined, joint, err));
        ASSAY_TRY(assay_buf_append(joined, json_string_value(text), json_string_length(text), err));
    }
    return ASSAY_OK;
}

assay_status assay_turns_parts(assay_turns *turns, assay_text_arena *arena, assay_role role, const json_t *parts,
                               const char *field, assay_error *err)
{
    assay_buf joined;
    assay_buf_init(&joined, SIZE_MAX / 4);
    assay_status status = join_parts(parts, turns->joint, field, &joined, err);
    if (status == ASSAY_OK)
        status = assay_turns_push(turns, arena, role, joined.size ? joined.data : "", joined.size, err);
    assay_buf_release(&joined);
    return status;
}

/* JSON text of a value in the arena. */
static assay_status keep_json(const char **out, assay_text_arena *arena, const json_t *value, const char *field,
                              assay_error *err)
{
    assay_buf text;
    const char *reason = assay_json_any_unreadable(value);
    if (reason)
        return assay_error_set(err, ASSAY_E_FORMAT, "\"%s\" holds %s, which no template can read", field, reason);
    assay_buf_init(&text, SIZE_MAX / 4);
    assay_status status = assay_json_text(value, &text, err);
    if (status == ASSAY_OK && !(*out = assay_text_arena_copy(arena, text.data, text.size)))
        status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a message");
    assay_buf_release(&text);
    return status;
}

/* True when role and text are all that a template can see of the message. The roles of ShareGPT's tool turns are no
 * roles of a template; those of Transformers stand as they are written. joined: a list of parts counts as their text.
 */
static bool is_plain(const json_t *message, assay_role role, bool joined)
{
    const char *name = json_string_value(json_object_get(message, "role")), *key;
    json_t *value;
    if (!name) return true; /* {"from", "value"}: ShareGPT has nothing else */
    json_object_foreach(assay_json_lent(message), key, value)
    {
        bool known = !strcmp(key, "role") || !strcmp(key, "content");
        if (!known && !json_is_null(value)) return false;
    }
    const json_t *content = json_object_get(message, "content");
    if (!json_is_string(content) && !(joined && json_is_array(content))) return false;
    if (role == ASSAY_ROLE_TOOL_CALL || !assay_text_compare(name, "observation")) return true;
    return role != ASSAY_ROLE_OBSERVATION && !strcmp(name, assay_role_name(role));
}

static assay_status push_content(assay_turns *turns, assay_text_arena *arena, assay_role role, const json_t *message,
                                 const char *field, assay_error *err)
{
    const json_t *text = json_object_get(message, "content");
    if (!text || json_is_null(text)) text = json_object_get(message, "value");
    bool silent = !text || json_is_null(text);
    if (silent && json_array_size(json_object_get(message, "tool_calls")))
        return assay_turns_push(turns, arena, role, "", 0, err);
    if (json_is_array(text)) return assay_turns_parts(turns, arena, role, text, field, err);
    if (json_is_string(text))
        return assay_turns_push(turns, arena, role, json_string_value(text), json_string_length(text), err);
    return assay_error_set(err, ASSAY_E_FORMAT, "\"%s\" has a %s message whose content is %s and should be a string",
                           field, assay_role_name(role), assay_json_kind(text));
}

static assay_status push_message(assay_turns *turns, assay_text_arena *arena, const json_t *message, const char *field,
                                 assay_error *err)
{
    const json_t *role = json_object_get(message, "role");
    if (!role || json_is_null(role)) role = json_object_get(message, "from");
    if (!json_is_string(role))
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "\"%s\" should hold messages {\"role\",\"content\"} or {\"from\",\"value\"}, but one %s",
                               field,
                               assay_json_unreadable(message) ? assay_json_unreadable(message)
                               : json_is_object(message)      ? "has no role"
                                                              : "is no object");
    assay_role known = ASSAY_ROLE_USER;
    ASSAY_TRY(role_find(json_string_value(role), field, &known, err));
    ASSAY_TRY(push_content(turns, arena, known, message, field, err));
    assay_message *last = turns->items + turns->count - 1;
    last->calls = json_array_size(json_object_get(message, "tool_calls")) > 0;
    return is_plain(message, known, turns->joint) ? ASSAY_OK : keep_json(&last->whole, arena, message, field, err);
}

/* A list as it stands, or its JSON text; *out is the caller's, NULL where it is empty. */
static assay_status read_tools(json_t **out, const json_t *tools, assay_error *err)
{
    *out = NULL;
    if (!tools || json_is_null(tools) || (json_is_string(tools) && !json_string_length(tools))) return ASSAY_OK;
    json_t *list = json_is_string(tools) ? NULL : json_incref(assay_json_lent(tools));
    if (!list)
        ASSAY_TRY(assay_json_parse(json_string_value(tools), json_string_length(tools), "\"tools\"", &list, err));
    bool good = json_is_array(list), any = json_array_size(list) > 0;
    if (good && any) *out = list;
    else json_decref(list);
    return good ? ASSAY_OK
                : assay_error_set(err, ASSAY_E_FORMAT,
                                  "\"tools\" should be a list of tools, or its JSON text, and is %s",
                                  assay_json_kind(tools));
}

static assay_status refuse_media(const json_t *record, assay_error *err)
{
    static const char *const media[] = {"images", "image", "videos", "audios", "audio"};
    for (size_t i = 0; i < sizeof media / sizeof *media; i++) {
        const json_t *value = json_object_get(record, media[i]);
        bool empty = !value || json_is_null(value) || (json_is_array(value) && !json_array_size(value)) ||
                     (json_is_string(value) && !json_string_length(value));
        if (!empty)
            return assay_error_set(
                err, ASSAY_E_UNSUPPORTED,
                "\"%s\" holds more than text, and only text can be scored: leave such lines out with "
                "--skip-bad-lines, or remove the field if the texts stand for themselves",
                media[i]);
    }
    return ASSAY_OK;
}

assay_status assay_turns_context(assay_turns *turns, assay_text_arena *arena, const json_t *record, assay_error *err)
{
    json_t *tools = NULL;
    const json_t *given = json_object_get(record, "chat_template_kwargs");
    ASSAY_TRY(refuse_media(record, err));
    if (given && !json_is_null(given) && !json_is_object(given))
        return assay_error_set(err, ASSAY_E_FORMAT, "\"chat_template_kwargs\" should be an object and is %s",
                               assay_json_kind(given));
    ASSAY_TRY(read_tools(&tools, json_object_get(record, "tools"), err));
    bool some = json_object_size(given) > 0;
    if (!tools && !some) return ASSAY_OK;
    json_t *context = json_object();
    bool made = context && (!tools || !json_object_set(context, "tools", tools)) &&
                (!some || !json_object_set(context, "chat_template_kwargs", assay_json_lent(given)));
    assay_status status =
        made ? keep_json(&turns->context, arena, context, tools ? "tools" : "chat_template_kwargs", err)
             : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a conversation's tools");
    json_decref(context);
    json_decref(tools);
    return status;
}

assay_status assay_turns_list(assay_turns *turns, assay_text_arena *arena, const json_t *list, const char *field,
                              assay_error *err)
{
    if (!json_is_array(list))
        return assay_error_set(err, ASSAY_E_FORMAT, "\"%s\" should be a list of messages and is %s", field,
                               assay_json_kind(list));
    ASSAY_TRY(room_for(turns, arena, json_array_size(list), err));
    for (size_t i = 0; i < json_array_size(list); i++)
        ASSAY_TRY(push_message(turns, arena, json_array_get(list, i), field, err));
    return ASSAY_OK;
}

assay_status assay_turns_any(assay_turns *turns, assay_text_arena *arena, assay_role role, const json_t *value,
                             const char *field, assay_error *err)
{
    if (json_is_string(value)) return assay_turns_text(turns, arena, role, value, field, err);
    if (json_is_array(value)) return assay_turns_list(turns, arena, value, field, err);
    if (json_is_object(value) && !assay_json_unreadable(value)) return push_message(turns, arena, value, field, err);
    return assay_error_set(err, ASSAY_E_FORMAT, "\"%s\" should be a text, a message or a list of messages and is %s",
                           field, assay_json_kind(value));
}

assay_status assay_turns_history(assay_turns *turns, assay_text_arena *arena, const json_t *history, const char *field,
                                 assay_error *err)
{
    if (!history || json_is_null(history) || (json_is_string(history) && !json_string_length(history))) return ASSAY_OK;
    if (!json_is_array(history))
        return assay_error_set(err, ASSAY_E_FORMAT, "\"%s\" should be a list [[question, answer], ...] and is %s",
                               field, assay_json_kind(history));
    for (size_t i = 0; i < json_array_size(history); i++) {
        const json_t *pair = json_array_get(history, i);
        if (json_array_size(pair) != 2)
            return assay_error_set(err, ASSAY_E_FORMAT, "element %zu of \"%s\" should be [question, answer]", i + 1,
                                   field);
        ASSAY_TRY(assay_turns_text(turns, arena, ASSAY_ROLE_USER, json_array_get(pair, 0), field, err));
        ASSAY_TRY(assay_turns_text(turns, arena, ASSAY_ROLE_ASSISTANT, json_array_get(pair, 1), field, err));
    }
    return ASSAY_OK;
}

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

void assay_text_strip(const char **text, size_t *size)
{
    while (*size && is_space(**text)) ++*text, --*size;
    while (*size && is_space((*text)[*size - 1])) --*size;
}

/* The length of a speaker's mark at `at`, 0: none. The mark stands at the start or behind a blank line. */
static size_t mark_at(const char *text, size_t size, size_t at, assay_role *role)
{
    static const struct {
        const char *name;
        assay_role role;
    } marks[] = {{"Human:", ASSAY_ROLE_USER}, {"Assistant:", ASSAY_ROLE_ASSISTANT}};
    if (at && (at < 2 || text[at - 1] != '\n' || text[at - 2] != '\n')) return 0;
    for (size_t i = 0; i < 2; i++) {
        size_t length = strlen(marks[i].name);
        *role = marks[i].role;
        if (size - at >= length && !memcmp(text + at, marks[i].name, length)) return length;
    }
    return 0;
}

bool assay_is_transcript(const char *text, size_t size)
{
    assay_role role;
    assay_text_strip(&text, &size);
    return mark_at(text, size, 0, &role) && role == ASSAY_ROLE_USER;
}

assay_status assay_turns_transcript(assay_turns *turns, assay_text_arena *arena, const char *text, size_t size,
                                    assay_error *err)
{
    assay_role role, next = ASSAY_ROLE_USER;
    while (size && is_space(*text)) text++, size--;
    size_t begin = mark_at(text, size, 0, &role);
    if (!begin) return assay_error_set(err, ASSAY_E_FORMAT, "a transcript should begin with \"Human:\"");
    for (size_t at = begin; at <= size; at++) {
        size_t mark = at < size && text[at - 1] == '\n' ? mark_at(text, size, at, &next) : 0;
        if (!mark && at < size) continue;
        const char *turn = text + begin;
        size_t length = at - begin;
        assay_text_strip(&turn, &length);
        ASSAY_TRY(assay_turns_push(turns, arena, role, turn, length, err));
        if (at == size) break;
        role = next;
        begin = at + mark;
        at = begin - 1;
    }
    return ASSAY_OK;
}

static bool same_text(const char *a, const char *b) { return a == b || (a && b && !strcmp(a, b)); }

static bool messages_equal(const assay_message *a, const assay_message *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (a[i].role != b[i].role || a[i].size != b[i].size || memcmp(a[i].text, b[i].text, a[i].size) != 0 ||
            !same_text(a[i].whole, b[i].whole))
            return false;
    return true;
}

bool assay_turns_equal(const assay_turns *a, const assay_turns *b)
{
    return a->count == b->count && messages_equal(a->items, b->items, a->count);
}

size_t assay_turns_shared(const assay_turns *a, const assay_turns *b)
{
    size_t count = 0;
    while (count < a->count && count < b->count && messages_equal(a->items + count, b->items + count, 1)) count++;
    return count;
}

bool assay_turns_blank(const assay_turns *turns)
{
    for (size_t i = 0; i < turns->count; i++) {
        const char *text = turns->items[i].text;
        size_t left = turns->items[i].size, space;
        for (; (space = assay_text_space(text, left)); left -= space) text += space;
        if (left || turns->items[i].calls) return false;
    }
    return true;
}

size_t assay_turns_length(const assay_turns *turns)
{
    size_t length = 0;
    for (size_t i = 0; i < turns->count; i++)
        length += assay_text_characters(turns->items[i].text, turns->items[i].size);
    return length;
}
