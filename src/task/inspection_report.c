/* What every kind of inspection puts into its report: problems, values, weights, tokenizers. */
#include "base/text.h"
#include "task/inspection.h"

#include "template/chat_template.h"
#include "tokenizer/tokenizer_save.h"

#include <stdarg.h>
#include <stdio.h>

enum { PROBLEM = 2304 }; /* bytes of one, the longest error's text and a path before it */

void assay_inspect_problem(json_t *report, const char *format, ...)
{
    char text[PROBLEM];
    va_list arguments;
    va_start(arguments, format);
    assay_text_sentence(text, sizeof text, format, arguments);
    va_end(arguments);
    json_array_append_new(json_object_get(report, "problems"), json_string(text));
}

void assay_inspect_set(json_t *report, const char *key, json_t *value)
{
    json_object_set_new(report, key, value ? value : json_null());
}

/* "BF16", or "Q4_1 (F32)": the type of most values, and the next one. */
static json_t *dtype_text(const uint64_t values[ASSAY_DTYPE_COUNT])
{
    int most = -1, next = -1;
    for (int i = 0; i < ASSAY_DTYPE_COUNT; i++) {
        if (values[i] == 0) continue;
        if (most < 0 || values[i] > values[most]) {
            next = most;
            most = i;
        } else if (next < 0 || values[i] > values[next]) next = i;
    }
    char text[64] = "";
    if (most < 0) return json_null();
    snprintf(text, sizeof text, next < 0 ? "%s" : "%s (%s)", assay_dtype_name((assay_dtype)most),
             next < 0 ? "" : assay_dtype_name((assay_dtype)next));
    return json_string(text);
}

void assay_inspect_weights(json_t *report, const assay_checkpoint *weights)
{
    uint64_t values[ASSAY_DTYPE_COUNT] = {0}, total = 0, bytes = 0;
    char fingerprint[33];
    assay_error err = {0};
    for (size_t i = 0; i < weights->weight_count; i++) {
        const assay_tensor *tensor = &weights->weights[i].tensor;
        size_t elements = 0;
        if (!assay_tensor_elements(tensor, &elements)) continue;
        values[tensor->dtype] += elements;
        total += elements;
        bytes += assay_tensor_stored_bytes(tensor);
    }
    assay_inspect_set(report, "parameters", json_integer((json_int_t)total));
    assay_inspect_set(report, "bytes", json_integer((json_int_t)bytes));
    assay_inspect_set(report, "tensors", json_integer((json_int_t)weights->weight_count));
    assay_inspect_set(report, "dtype", dtype_text(values));
    if (assay_checkpoint_fingerprint(weights, fingerprint, &err) == ASSAY_OK)
        assay_inspect_set(report, "fingerprint", json_string(fingerprint));
    else assay_inspect_problem(report, "%s", err.text);
}

static json_t *template_names(const assay_named_templates *list)
{
    json_t *names = json_array();
    for (size_t i = 0; i < list->count; i++) json_array_append_new(names, json_string(list->items[i].name));
    return names;
}

void assay_inspect_tokenizer(json_t *report, const char *folder, const assay_gguf *gguf, size_t vocab)
{
    assay_tokenizer *tokenizer;
    assay_template *chosen;
    assay_error err = {0};
    if (!gguf && !assay_tokenizer_in_folder(folder)) {
        assay_inspect_problem(report, "no tokenizer (neither tokenizer.json nor tokenizer.model)");
        return;
    }
    if (assay_tokenizer_open(&tokenizer, gguf ? NULL : folder, gguf, &err) != ASSAY_OK) {
        assay_inspect_problem(report, "tokenizer: %s", err.text);
        return;
    }
    const assay_tokenizer_info *info = assay_tokenizer_about(tokenizer);
    assay_inspect_set(report, "tokenizer", json_string(info->kind));
    assay_inspect_set(report, "tokens", json_integer(info->vocab_size));
    if (vocab && (size_t)info->vocab_size > vocab)
        assay_inspect_problem(report,
                              "the tokenizer has ids up to %d, the model's vocabulary ends at %zu: texts with the last "
                              "ones cannot be scored",
                              info->vocab_size - 1, vocab - 1);
    if (info->eos < 0) assay_inspect_problem(report, "the tokenizer names no EOS token");
    if (info->templates->count > 1) assay_inspect_set(report, "templates", template_names(info->templates));
    if (assay_template_open(&chosen, &(assay_template_request){.name = "auto"}, tokenizer, &err) == ASSAY_OK) {
        assay_inspect_set(report, "template", json_string(assay_template_name(chosen)));
        assay_inspect_set(report, "template_origin", json_string(assay_template_origin(chosen)));
        assay_template_close(chosen);
    } else assay_inspect_problem(report, "template: %s", err.text);
    assay_tokenizer_close(tokenizer);
}
