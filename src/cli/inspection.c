#include "cli/inspection.h"

#include "container/safetensors.h"
#include "container/torch_bin.h"
#include "tokenizer/chat_template.h"
#include "tokenizer/tokenizer_save.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PROBLEM = 2304 };

void assay_inspect_problem(json_t *report, const char *format, ...)
{
    char text[PROBLEM];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
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
        bytes += tensor->bytes;
    }
    assay_inspect_set(report, "parameters", json_integer((json_int_t)total));
    assay_inspect_set(report, "bytes", json_integer((json_int_t)bytes));
    assay_inspect_set(report, "tensors", json_integer((json_int_t)weights->weight_count));
    assay_inspect_set(report, "dtype", dtype_text(values));
    if (assay_checkpoint_fingerprint(weights, fingerprint, &err) == ASSAY_OK)
        assay_inspect_set(report, "fingerprint", json_string(fingerprint));
    else assay_inspect_problem(report, "%s", err.text);
}

void assay_inspect_tokenizer(json_t *report, const char *folder, const assay_gguf *gguf, size_t vocab)
{
    assay_tokenizer *tokenizer;
    const assay_template *chosen;
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
    if (assay_template_find(&chosen, "auto", tokenizer, &err) == ASSAY_OK)
        assay_inspect_set(report, "template", json_string(assay_template_name(chosen)));
    else assay_inspect_problem(report, "template: %s", err.text);
    assay_tokenizer_close(tokenizer);
}

/* ---- files and folders of one kind ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && !strcmp(text + length - tail, end);
}

static void inspect_file(json_t *report, const char *path, bool bin)
{
    assay_tensor_file *file;
    assay_error err = {0};
    assay_inspect_set(report, "kind", json_string(bin ? "bin" : "safetensors"));
    if ((bin ? assay_torch_bin_open(&file, path, &err) : assay_safetensors_open(&file, path, &err)) != ASSAY_OK) {
        assay_inspect_problem(report, "%s", err.text);
        return;
    }
    assay_checkpoint weights = {.config = json_object(),
                                .weight_count = file->count,
                                .weights = assay_alloc(file->count, sizeof *weights.weights)};
    for (size_t i = 0; weights.weights && i < file->count; i++) weights.weights[i].tensor = file->tensors[i];
    if (weights.weights) assay_inspect_weights(report, &weights);
    assay_inspect_problem(report, "a file of tensors alone is not a model: give the folder with its config.json");
    assay_free(weights.weights);
    json_decref(weights.config);
    assay_tensor_file_close(file);
}

static void inspect_tokenizer_folder(json_t *report, const char *path)
{
    assay_inspect_set(report, "kind", json_string("tokenizer"));
    assay_inspect_tokenizer(report, path, NULL, 0);
    assay_inspect_set(report, "supported", json_boolean(json_array_size(json_object_get(report, "problems")) == 0));
}

static void inspect_folder(json_t *report, const char *path)
{
    bool adapter = assay_is_adapter_folder(path);
    if (adapter) assay_inspect_adapter(report, path);
    else if (assay_folder_holds(path, "config.json")) assay_inspect_checkpoint(report, path);
    else if (assay_tokenizer_in_folder(path)) inspect_tokenizer_folder(report, path);
    else assay_inspect_problem(report, "no config.json, adapter_config.json or tokenizer here");
    if (!assay_folder_holds(path, "metrics.jsonl") && !assay_folder_holds(path, "trainer_state.json")) return;
    assay_inspect_set(report, "holds", json_incref(json_object_get(report, "kind")));
    assay_inspect_set(report, "kind", json_string("run"));
}

static json_t *new_report(const char *path)
{
    return json_pack("{s:s, s:s, s:n, s:n, s:n, s:n, s:b, s:[], s:n}", "path", path, "kind", "unknown", "architecture",
                     "parameters", "dtype", "head", "supported", 0, "problems", "fingerprint");
}

static assay_status locate(const char *path, char **out, assay_error *err)
{
    assay_checkpoint *checkpoint;
    if (assay_path_exists(path)) return assay_path_absolute(path, out, err);
    ASSAY_TRY(assay_checkpoint_open(&checkpoint, path, ASSAY_CHECKPOINT_CONFIG_ONLY, err)); /* a hub id */
    *out = assay_strdup(checkpoint->path);
    assay_checkpoint_close(checkpoint);
    ASSAY_TRY_ALLOC(*out, "a path", err);
    return ASSAY_OK;
}

assay_status assay_inspect(const char *path, json_t **out, assay_error *err)
{
    char *place = NULL;
    ASSAY_TRY(locate(path, &place, err));
    *out = new_report(place);
    if (*out && assay_path_is_dir(place)) inspect_folder(*out, place);
    else if (*out && ends_with(place, ".gguf")) assay_inspect_checkpoint(*out, place);
    else if (*out && ends_with(place, ".safetensors")) inspect_file(*out, place, false);
    else if (*out && ends_with(place, ".bin")) inspect_file(*out, place, true);
    else if (*out) assay_inspect_problem(*out, "neither a folder nor a .gguf, .safetensors or .bin file");
    assay_free(place);
    ASSAY_TRY_ALLOC(*out, "the report", err);
    return ASSAY_OK;
}
