#include "task/inspection.h"

#include "base/text.h"

#include "container/safetensors.h"
#include "container/torch_bin.h"
#include "tokenizer/tokenizer_save.h"

#include <string.h>

/* ---- files and folders of one kind ---- */

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
    else if (*out && assay_text_ends(place, ".gguf")) assay_inspect_checkpoint(*out, place);
    else if (*out && assay_text_ends(place, ".safetensors")) inspect_file(*out, place, false);
    else if (*out && assay_text_ends(place, ".bin")) inspect_file(*out, place, true);
    else if (*out) assay_inspect_problem(*out, "neither a folder nor a .gguf, .safetensors or .bin file");
    assay_free(place);
    ASSAY_TRY_ALLOC(*out, "the report", err);
    return ASSAY_OK;
}
