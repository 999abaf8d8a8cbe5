#include "data/attribute_formats.h"

#include "data/attributes.h"

#include <math.h>
#include <string.h>

static const json_t *of(const json_t *line, const char *name) { return assay_format_field(line, name); }

/* ---- HelpSteer ---- */

static const char mark[] = "\n<extra_id_1>";
static const char *const helpsteer[] = {"helpfulness", "correctness", "coherence", "complexity", "verbosity", NULL};

/* The first line of a turn behind its mark says whose it is. */
static assay_status push_turn(const assay_format_reader *reader, const char *text, size_t size, bool first)
{
    const char *line_end = first ? NULL : memchr(text, '\n', size);
    assay_role role = ASSAY_ROLE_USER;
    if (!first) {
        size_t length = line_end ? (size_t)(line_end - text) : size;
        bool user = length == 4 && !memcmp(text, "User", 4);
        if (!user && (length != 9 || memcmp(text, "Assistant", 9) != 0))
            return assay_error_set(reader->err, ASSAY_E_FORMAT,
                                   "\"prompt\" has a turn of \"%.*s\"; behind <extra_id_1> stands User or Assistant",
                                   (int)(length < 40 ? length : 40), text);
        role = user ? ASSAY_ROLE_USER : ASSAY_ROLE_ASSISTANT;
        size -= line_end ? length + 1 : length;
        text = line_end ? line_end + 1 : text + length;
    }
    return assay_turns_push(&reader->pair->prompt, reader->arena, role, text, size, reader->err);
}

assay_status assay_attribute_prompt(const assay_format_reader *reader, const char *name)
{
    const json_t *prompt = of(reader->line, name);
    const char *text = json_string_value(prompt), *next = text ? strstr(text, mark) : NULL;
    if (!next) return assay_format_prompt(reader, name);
    for (bool first = true; text; first = false) {
        next = strstr(text, mark);
        ASSAY_TRY(push_turn(reader, text, next ? (size_t)(next - text) : strlen(text), first));
        text = next ? next + sizeof mark - 1 : NULL;
    }
    return ASSAY_OK;
}

/* A text with a field of the name is not yet HelpSteer's: two of its five are. */
bool assay_attribute_helpsteer_is(const json_t *line)
{
    size_t found = 0;
    for (const char *const *name = helpsteer; *name; name++) found += json_object_get(line, *name) != NULL;
    return found > 1;
}

static assay_status take_answer(const assay_format_reader *reader, const char *name)
{
    return assay_turns_any(&reader->pair->chosen, reader->arena, ASSAY_ROLE_ASSISTANT, of(reader->line, name), name,
                           reader->err);
}

assay_status assay_attribute_helpsteer(const assay_format_reader *reader)
{
    ASSAY_TRY(assay_attributes_fields(reader, helpsteer, &reader->pair->chosen_attributes));
    ASSAY_TRY(assay_attribute_prompt(reader, "prompt"));
    reader->pair->single = true;
    return take_answer(reader, "response");
}

/* ---- values beside an answer ---- */

static const char *list_field(const json_t *line)
{
    return json_is_array(of(line, "labels")) ? "labels" : json_is_array(of(line, "label")) ? "label" : NULL;
}

bool assay_attribute_graded_is(const json_t *line) { return json_is_object(of(line, "scores")) || list_field(line); }

static assay_status take_values(const assay_format_reader *reader)
{
    assay_attributes *out = &reader->pair->chosen_attributes;
    const json_t *scores = of(reader->line, "scores");
    const char *list = list_field(reader->line);
    if (json_is_object(scores)) return assay_attributes_object(reader, "scores", scores, NULL, out);
    return assay_attributes_list(reader, list, of(reader->line, list), out);
}

assay_status assay_attribute_graded(const assay_format_reader *reader)
{
    const json_t *prompt = of(reader->line, "prompt");
    ASSAY_TRY(take_values(reader));
    reader->pair->single = true;
    if (!prompt) return assay_format_conversation(reader, "messages");
    reader->pair->prompt.from_text = json_is_string(prompt);
    ASSAY_TRY(assay_turns_any(&reader->pair->prompt, reader->arena, ASSAY_ROLE_USER, prompt, "prompt", reader->err));
    return take_answer(reader, of(reader->line, "response") ? "response" : "completion");
}
