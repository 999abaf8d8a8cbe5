/* Switches that requests of all dialects may have. Servers call the same thing by different names; all of them are
 * read everywhere, so that none is passed over in silence.
 *
 *     truncate: true, false            TEI (its side is truncation_direction)
 *     truncate: "NONE" "START" "END"   NIM, Cohere's first API (START cuts the text's start)
 *     truncate: "off" "left" "right"   Assay's own words
 *     truncate_prompt_tokens: N, -1    vLLM: that many, or as many as the model takes; the last ones, but for
 *                                      truncation_side
 *     max_tokens_per_doc: N            Cohere's second API, vLLM: of a document, before the template
 */
#include "serve/ask.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What other servers do with these changes the score, and is not done here. */
static const char *const refused[] = {"chat_template",          "chat_template_kwargs", "add_generation_prompt",
                                      "continue_final_message", "dimensions",           "instruct",
                                      "instruction_template",   "mm_processor_kwargs",  NULL};

const char *const assay_ask_switch_names[] = {"model",
                                              "truncate",
                                              "truncation_direction",
                                              "truncation_side",
                                              "truncate_prompt_tokens",
                                              "max_tokens_per_doc",
                                              "encoding_format",
                                              "chat_template",
                                              "chat_template_kwargs",
                                              "add_generation_prompt",
                                              "continue_final_message",
                                              "dimensions",
                                              "instruct",
                                              "instruction_template",
                                              "mm_processor_kwargs",
                                              NULL};

static assay_status no_number(const char *name, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_FORMAT, "\"%s\" should be a whole number", name);
}

static assay_status whole_of_text(const char *name, const char *text, int64_t *out, assay_error *err)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (!*text || *end || errno || strchr(" \t\n\v\f\r+", *text)) return no_number(name, err);
    *out = number;
    return ASSAY_OK;
}

assay_status assay_ask_whole(const assay_ask *ask, const char *name, int64_t *out, assay_error *err)
{
    const json_t *value = assay_ask_field(ask, name);
    if (!value) return ASSAY_OK;
    if (json_is_string(value)) return whole_of_text(name, json_string_value(value), out, err);
    if (json_is_integer(value)) {
        *out = json_integer_value(value);
        return ASSAY_OK;
    }
    double real = json_is_real(value) ? json_real_value(value) : 0.5;
    if (!(real > -1e15 && real < 1e15) || real != (double)(int64_t)real) return no_number(name, err);
    *out = (int64_t)real;
    return ASSAY_OK;
}

static bool is_one_of(const char *text, const char *a, const char *b)
{
    return !assay_text_compare(text, a) || !assay_text_compare(text, b);
}

static assay_status side_of(const char *name, const char *text, assay_ask_cut *cut, assay_error *err)
{
    if (is_one_of(text, "left", "start")) *cut = ASSAY_ASK_CUT_LEFT;
    else if (is_one_of(text, "right", "end")) *cut = ASSAY_ASK_CUT_RIGHT;
    else if (is_one_of(text, "off", "none") && !strcmp(name, "truncate")) *cut = ASSAY_ASK_CUT_OFF;
    else
        return assay_error_set(err, ASSAY_E_FORMAT, "\"%s\" should be a side: left (START) or right (END)%s", name,
                               strcmp(name, "truncate") ? "" : ", or off (NONE), true or false");
    return ASSAY_OK;
}

static assay_status side_field(const assay_ask *ask, const char *name, assay_ask_cut *cut, assay_error *err)
{
    const char *text = NULL;
    ASSAY_TRY(assay_json_string(ask->body, name, false, &text, "the request", err));
    return text ? side_of(name, text, cut, err) : ASSAY_OK;
}

static assay_status read_truncate(assay_ask *ask, assay_ask_cut side, assay_error *err)
{
    const json_t *value = assay_ask_field(ask, "truncate");
    if (!value) return ASSAY_OK;
    if (json_is_string(value)) return side_of("truncate", json_string_value(value), &ask->cut, err);
    if (!json_is_boolean(value))
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "\"truncate\" should be true, false or a side (\"left\", \"right\", \"START\", \"END\", "
                               "\"NONE\") and is %s",
                               assay_json_kind(value));
    ask->cut = json_is_false(value) ? ASSAY_ASK_CUT_OFF : side == ASSAY_ASK_CUT_SERVERS ? ASSAY_ASK_CUT_RIGHT : side;
    return ASSAY_OK;
}

static assay_status read_lengths(assay_ask *ask, assay_ask_cut side, assay_error *err)
{
    int64_t most = 0;
    ASSAY_TRY(assay_ask_whole(ask, "truncate_prompt_tokens", &most, err));
    ASSAY_TRY(assay_ask_whole(ask, "max_tokens_per_doc", &ask->max_document, err));
    if (most < -1)
        return assay_error_set(
            err, ASSAY_E_FORMAT,
            "\"truncate_prompt_tokens\" is %lld; it should be a number of tokens, or -1 for as many as "
            "the model takes",
            (long long)most);
    if (ask->max_document < 0)
        return assay_error_set(err, ASSAY_E_FORMAT, "\"max_tokens_per_doc\" should not be negative");
    if (most == 0) return ASSAY_OK;
    ask->cut = side == ASSAY_ASK_CUT_SERVERS ? ASSAY_ASK_CUT_LEFT : side;
    ask->max_length = most > 0 ? most : 0;
    return ASSAY_OK;
}

/* Empty and false ask for nothing. */
static bool asks_for_something(const json_t *value)
{
    if (!value || json_is_false(value)) return false;
    return !((json_is_object(value) && !json_object_size(value)) ||
             (json_is_string(value) && !json_string_length(value)));
}

static assay_status refuse_unknown(const assay_ask *ask, assay_error *err)
{
    for (size_t i = 0; refused[i]; i++)
        if (asks_for_something(assay_ask_field(ask, refused[i])))
            return assay_error_set(
                err, ASSAY_E_UNSUPPORTED,
                "\"%s\" is not done here: a conversation is rendered whole, by the model's own template; "
                "leave it out, or send the text already rendered",
                refused[i]);
    return ASSAY_OK;
}

/* Base64 is for dialects that say so; everywhere else numbers are numbers. */
static assay_status read_encoding(assay_ask *ask, assay_error *err)
{
    const char *format = "float";
    ASSAY_TRY(assay_json_string(ask->body, "encoding_format", false, &format, "the request", err));
    ask->base64 = !strcmp(format, "base64");
    if (ask->base64 || !strcmp(format, "float")) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "\"encoding_format\" should be \"float\" or \"base64\"");
}

assay_status assay_ask_switches(assay_ask *ask, assay_error *err)
{
    assay_ask_cut side = ASSAY_ASK_CUT_SERVERS;
    const json_t *model = assay_ask_field(ask, "model");
    if (model && !json_is_string(model))
        return assay_error_set(err, ASSAY_E_FORMAT, "\"model\" should be a string and is %s", assay_json_kind(model));
    ask->model = json_string_value(model);
    ASSAY_TRY(side_field(ask, "truncation_direction", &side, err));
    ASSAY_TRY(side_field(ask, "truncation_side", &side, err));
    ASSAY_TRY(read_lengths(ask, side, err));
    ASSAY_TRY(read_truncate(ask, side, err));
    ASSAY_TRY(read_encoding(ask, err));
    return refuse_unknown(ask, err);
}
