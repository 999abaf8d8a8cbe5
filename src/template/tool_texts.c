/* JSON is written as Python's json.dumps(ensure_ascii=False) writes it: ", " and ": " between its parts. */
#include "template/tool_texts.h"

#include "base/alloc.h"
#include "base/json_doc.h"

#include <string.h>

static assay_status put_json(assay_buf *out, const json_t *value, size_t indent, assay_error *err)
{
    return assay_json_append(value, JSON_ENCODE_ANY | JSON_INDENT(indent), out, err);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static const json_t *tool_at(const json_t *tools, size_t index)
{
    const json_t *tool = json_array_get(tools, index), *inner = json_object_get(tool, "function");
    return json_is_object(inner) ? inner : tool;
}

/* {"type": "function", "function": tool} */
static assay_status put_wrapped(assay_buf *out, const json_t *tool, size_t indent, assay_error *err)
{
    json_t *wrapped = json_pack("{s:s, s:O}", "type", "function", "function", tool);
    ASSAY_TRY_ALLOC(wrapped, "a tool", err);
    assay_status status = put_json(out, wrapped, indent, err);
    json_decref(wrapped);
    return status;
}

static bool is_required(const json_t *parameters, const char *name)
{
    const json_t *required = json_object_get(parameters, "required");
    for (size_t i = 0; i < json_array_size(required); i++) {
        const char *one = json_string_value(json_array_get(required, i));
        if (one && !strcmp(one, name)) return true;
    }
    return false;
}

static assay_status put_choices(assay_buf *out, const json_t *choices, assay_error *err)
{
    if (!json_array_size(choices)) return ASSAY_OK;
    ASSAY_TRY(assay_buf_text(out, ", should be one of [", err));
    for (size_t i = 0; i < json_array_size(choices); i++) {
        const char *choice = json_string_value(json_array_get(choices, i));
        ASSAY_TRY(assay_buf_printf(out, err, "%s%s", i ? ", " : "", choice ? choice : ""));
    }
    return assay_buf_text(out, "]", err);
}

static assay_status put_parameter(assay_buf *out, const json_t *parameters, const char *name, const json_t *parameter,
                                  assay_error *err)
{
    const json_t *items = json_object_get(parameter, "items");
    ASSAY_TRY(assay_buf_printf(out, err, "  - %s (%s%s): %s", name, text_of(parameter, "type"),
                               is_required(parameters, name) ? ", required" : "", text_of(parameter, "description")));
    ASSAY_TRY(put_choices(out, json_object_get(parameter, "enum"), err));
    if (json_object_size(items))
        ASSAY_TRY(assay_buf_printf(out, err, ", where each item should be %s", text_of(items, "type")));
    return assay_buf_byte(out, '\n', err);
}

static assay_status put_tool(assay_buf *out, const json_t *tool, assay_error *err)
{
    const json_t *parameters = json_object_get(tool, "parameters");
    const char *name;
    json_t *parameter;
    ASSAY_TRY(assay_buf_printf(out, err, "> Tool Name: %s\nTool Description: %s\nTool Args:\n", text_of(tool, "name"),
                               text_of(tool, "description")));
    json_object_foreach(json_object_get(parameters, "properties"), name, parameter)
        ASSAY_TRY(put_parameter(out, parameters, name, parameter, err));
    return assay_buf_byte(out, '\n', err);
}

assay_status assay_tools_default(const json_t *tools, const char *date, assay_buf *out, assay_error *err)
{
    (void)date;
    ASSAY_TRY(assay_buf_text(out, "You have access to the following tools:\n", err));
    for (size_t i = 0; i < json_array_size(tools); i++) ASSAY_TRY(put_tool(out, tool_at(tools, i), err));
    ASSAY_TRY(assay_buf_text(out, "Use the following format if using a tool:\n```\nAction: tool name (one of [", err));
    for (size_t i = 0; i < json_array_size(tools); i++)
        ASSAY_TRY(assay_buf_printf(out, err, "%s%s", i ? ", " : "", text_of(tool_at(tools, i), "name")));
    return assay_buf_text(out,
                          "])\nAction Input: the input to the tool, in a JSON format representing the kwargs "
                          "(e.g. ```{\"input\": \"hello world\", \"num_beams\": 5}```)\n```\n",
                          err);
}

assay_status assay_tools_glm4(const json_t *tools, const char *date, assay_buf *out, assay_error *err)
{
    (void)date;
    ASSAY_TRY(assay_buf_text(out,
                             "你是一个名为 ChatGLM 的人工智能助手。你是基于智谱AI训练的语言模型 GLM-4 模型开发的，"
                             "你的任务是针对用户的问题和要求提供适当的答复和支持。# 可用工具",
                             err));
    for (size_t i = 0; i < json_array_size(tools); i++) {
        ASSAY_TRY(assay_buf_printf(out, err, "\n\n## %s\n\n", text_of(tool_at(tools, i), "name")));
        ASSAY_TRY(put_json(out, tool_at(tools, i), 4, err));
        ASSAY_TRY(assay_buf_text(out, "\n在调用上述函数时，请使用 Json 格式表示调用的参数。", err));
    }
    return ASSAY_OK;
}

/* The day as "26 Jul 2024". */
static assay_status put_day(assay_buf *out, const char *date, assay_error *err)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (!date)
        return assay_error_set(
            err, ASSAY_E_USAGE,
            "--tool-format llama3 writes the day into the text: give --date YYYY-MM-DD, which is kept "
            "with the model");
    unsigned month = (unsigned)(date[5] - '0') * 10 + (unsigned)(date[6] - '0');
    return assay_buf_printf(out, err, "%.2s %s %.4s", date + 8, months[month >= 1 && month <= 12 ? month - 1 : 0],
                            date);
}

assay_status assay_tools_llama3(const json_t *tools, const char *date, assay_buf *out, assay_error *err)
{
    ASSAY_TRY(assay_buf_text(out, "Cutting Knowledge Date: December 2023\nToday Date: ", err));
    ASSAY_TRY(put_day(out, date, err));
    ASSAY_TRY(assay_buf_text(
        out,
        "\n\nYou have access to the following functions. To call a function, please respond with JSON for a function "
        "call. Respond in the format {\"name\": function name, \"parameters\": dictionary of argument name and its "
        "value}. Do not use variables.\n\n",
        err));
    for (size_t i = 0; i < json_array_size(tools); i++) {
        ASSAY_TRY(put_wrapped(out, tool_at(tools, i), 4, err));
        ASSAY_TRY(assay_buf_text(out, "\n\n", err));
    }
    return ASSAY_OK;
}

assay_status assay_tools_mistral(const json_t *tools, const char *date, assay_buf *out, assay_error *err)
{
    (void)date;
    ASSAY_TRY(assay_buf_text(out, "[AVAILABLE_TOOLS] [", err));
    for (size_t i = 0; i < json_array_size(tools); i++) {
        if (i) ASSAY_TRY(assay_buf_text(out, ", ", err));
        ASSAY_TRY(put_wrapped(out, tool_at(tools, i), 0, err));
    }
    return assay_buf_text(out, "][/AVAILABLE_TOOLS]", err);
}

assay_status assay_tools_qwen(const json_t *tools, const char *date, assay_buf *out, assay_error *err)
{
    (void)date;
    ASSAY_TRY(assay_buf_text(out,
                             "\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
                             "You are provided with function signatures within <tools></tools> XML tags:\n<tools>",
                             err));
    for (size_t i = 0; i < json_array_size(tools); i++) {
        ASSAY_TRY(assay_buf_byte(out, '\n', err));
        ASSAY_TRY(put_wrapped(out, tool_at(tools, i), 0, err));
    }
    return assay_buf_text(out,
                          "\n</tools>\n\nFor each function call, return a json object with function name and arguments "
                          "within <tool_call></tool_call> XML tags:\n<tool_call>\n{\"name\": <function-name>, "
                          "\"arguments\": <args-json-object>}\n</tool_call>",
                          err);
}

/* One call by a pattern of the text around its name and arguments. */
static assay_status put_call(assay_buf *out, const json_t *call, const char *before, const char *between,
                             const char *after, assay_error *err)
{
    const json_t *arguments = json_object_get(call, "arguments");
    ASSAY_TRY(assay_buf_printf(out, err, "%s%s%s", before, text_of(call, "name"), between));
    if (arguments) ASSAY_TRY(put_json(out, arguments, 0, err));
    return assay_buf_text(out, after, err);
}

assay_status assay_calls_react(const json_t *calls, assay_buf *out, assay_error *err)
{
    for (size_t i = 0; i < json_array_size(calls); i++) {
        const json_t *call = json_array_get(calls, i), *arguments = json_object_get(call, "arguments");
        ASSAY_TRY(assay_buf_printf(out, err, "%sAction: %s\nAction Input: ", i ? "\n" : "", text_of(call, "name")));
        if (json_is_string(arguments))
            ASSAY_TRY(assay_buf_append(out, json_string_value(arguments), json_string_length(arguments), err));
        else if (arguments) ASSAY_TRY(put_json(out, arguments, 0, err));
    }
    return ASSAY_OK;
}

assay_status assay_calls_default(const json_t *calls, assay_buf *out, assay_error *err)
{
    for (size_t i = 0; i < json_array_size(calls); i++)
        ASSAY_TRY(put_call(out, json_array_get(calls, i), "Action: ", "\nAction Input: ", "\n", err));
    return ASSAY_OK;
}

static assay_status one_call(const json_t *calls, const char *format, assay_error *err)
{
    if (json_array_size(calls) == 1) return ASSAY_OK;
    return assay_error_set(
        err, ASSAY_E_UNSUPPORTED,
        "a message with %zu tool calls: --tool-format %s has words for one; qwen and mistral take more",
        json_array_size(calls), format);
}

assay_status assay_calls_glm4(const json_t *calls, assay_buf *out, assay_error *err)
{
    ASSAY_TRY(one_call(calls, "glm4", err));
    return put_call(out, json_array_get(calls, 0), "", "\n", "", err);
}

assay_status assay_calls_llama3(const json_t *calls, assay_buf *out, assay_error *err)
{
    ASSAY_TRY(one_call(calls, "llama3", err));
    return put_call(out, json_array_get(calls, 0), "{\"name\": \"", "\", \"parameters\": ", "}", err);
}

assay_status assay_calls_mistral(const json_t *calls, assay_buf *out, assay_error *err)
{
    ASSAY_TRY(assay_buf_byte(out, '[', err));
    for (size_t i = 0; i < json_array_size(calls); i++)
        ASSAY_TRY(put_call(out, json_array_get(calls, i), i ? ", {\"name\": \"" : "{\"name\": \"",
                           "\", \"arguments\": ", "}", err));
    return assay_buf_byte(out, ']', err);
}

assay_status assay_calls_qwen(const json_t *calls, assay_buf *out, assay_error *err)
{
    for (size_t i = 0; i < json_array_size(calls); i++)
        ASSAY_TRY(put_call(out, json_array_get(calls, i),
                           i ? "\n<tool_call>\n{\"name\": \"" : "<tool_call>\n{\"name\": \"",
                           "\", \"arguments\": ", "}\n</tool_call>", err));
    return ASSAY_OK;
}
