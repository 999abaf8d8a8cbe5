/* The words of the tool formats (template/tool_format.h), one function a text. tools: a list of {"name", "description",
 * "parameters"}, each perhaps inside {"type": "function", "function"}. calls: a list of {"name", "arguments"}. Each
 * appends. */
#ifndef ASSAY_TEMPLATE_TOOL_TEXTS_H
#define ASSAY_TEMPLATE_TOOL_TEXTS_H

#include "base/buf.h"

#include <jansson.h>

assay_status assay_tools_default(const json_t *tools, const char *date, assay_buf *out, assay_error *err);
assay_status assay_tools_glm4(const json_t *tools, const char *date, assay_buf *out, assay_error *err);
assay_status assay_tools_llama3(const json_t *tools, const char *date, assay_buf *out, assay_error *err);
assay_status assay_tools_mistral(const json_t *tools, const char *date, assay_buf *out, assay_error *err);
assay_status assay_tools_qwen(const json_t *tools, const char *date, assay_buf *out, assay_error *err);

assay_status assay_calls_react(const json_t *calls, assay_buf *out, assay_error *err);
assay_status assay_calls_default(const json_t *calls, assay_buf *out, assay_error *err);
assay_status assay_calls_glm4(const json_t *calls, assay_buf *out, assay_error *err);
assay_status assay_calls_llama3(const json_t *calls, assay_buf *out, assay_error *err);
assay_status assay_calls_mistral(const json_t *calls, assay_buf *out, assay_error *err);
assay_status assay_calls_qwen(const json_t *calls, assay_buf *out, assay_error *err);

#endif
