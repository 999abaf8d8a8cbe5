#include "notes/notes.h"

#include "base/file.h"
#include "base/version.h"

#include <string.h>

/* Options, whole templates and a hundred quantiles: some hundred kilobytes. */
static const size_t ceiling = (size_t)64 << 20;

static assay_status check_format(const json_t *json, const char *where, assay_error *err)
{
    int64_t format = 0;
    if (!json_is_object(json)) return assay_error_set(err, ASSAY_E_FORMAT, "%s: should be a JSON object", where);
    ASSAY_TRY(assay_json_int(json, "format", false, &format, where, err));
    if (format >= 0 && format <= ASSAY_NOTES_FORMAT) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "%s: format is %lld, and this Assay knows %d: the folder was written by a later version; "
                           "use that one",
                           where, (long long)format, ASSAY_NOTES_FORMAT);
}

static assay_status load_file(const char *path, json_t **out, assay_error *err)
{
    *out = NULL;
    if (!assay_path_exists(path)) return ASSAY_OK;
    ASSAY_TRY(assay_json_load(path, ceiling, out, err));
    assay_status status = check_format(*out, path, err);
    if (status == ASSAY_OK) return ASSAY_OK;
    json_decref(*out);
    *out = NULL;
    return status;
}

assay_status assay_notes_load(const char *folder, json_t **out, assay_error *err)
{
    char *path = assay_path_join(folder, ASSAY_NOTES_NAME);
    *out = NULL;
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = load_file(path, out, err);
    assay_free(path);
    return status;
}

assay_status assay_notes_save(json_t *json, const char *folder, assay_error *err)
{
    int failed = !json || json_object_set_new(json, "format", json_integer(ASSAY_NOTES_FORMAT));
    if (!failed && !json_object_get(json, "assay"))
        failed = json_object_set_new(json, "assay", json_string(ASSAY_VERSION));
    char *path = assay_path_join(folder, ASSAY_NOTES_NAME);
    assay_status status = !failed && path ? assay_json_save(json, path, err)
                                          : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for " ASSAY_NOTES_NAME);
    assay_free(path);
    return status;
}

/* ---- what the keys say ---- */

static assay_status read_words(assay_notes *notes, const char *where, assay_error *err)
{
    const json_t *json = notes->json;
    const char *eos = "auto", *precision = "f32";
    ASSAY_TRY(assay_json_string(json, "append_eos", false, &eos, where, err));
    ASSAY_TRY(assay_json_string(json, "precision", false, &precision, where, err));
    ASSAY_TRY(assay_json_string(json, "quantize", false, &notes->quantize, where, err));
    notes->double_quant = json_is_true(json_object_get(json, "double_quant"));
    notes->bf16 = !strcmp(precision, "bf16");
    if (!notes->bf16 && strcmp(precision, "f32") != 0)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: precision is \"%s\"; it should be \"f32\" or \"bf16\"", where,
                               precision);
    if (assay_append_eos_read(eos, &notes->append_eos)) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "%s: append_eos is \"%s\"; it should be \"auto\", \"true\" or \"false\"", where, eos);
}

/* How texts were rendered: by a template's whole text since rendering 2, by a name before. */
static assay_status read_rendering(assay_notes *notes, const char *where, assay_error *err)
{
    const json_t *json = notes->json, *kwargs = json_object_get(json, "chat_template_kwargs");
    ASSAY_TRY(assay_json_string(json, "template", false, &notes->template_name, where, err));
    ASSAY_TRY(assay_json_string(json, "chat_template", false, &notes->chat_template, where, err));
    ASSAY_TRY(assay_json_string(json, "chat_template_tool_use", false, &notes->chat_template_tool_use, where, err));
    ASSAY_TRY(assay_json_string(json, "date", false, &notes->date, where, err));
    ASSAY_TRY(assay_json_string(json, "step_separator", false, &notes->step_separator, where, err));
    ASSAY_TRY(assay_json_string(json, "tool_format", false, &notes->tool_format, where, err));
    ASSAY_TRY(assay_json_int(json, "rendering", false, &notes->rendering, where, err));
    notes->chat_template_kwargs = json_is_object(kwargs) ? kwargs : NULL;
    if (notes->rendering >= 1 && notes->rendering <= ASSAY_RENDERING) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "%s: rendering is %lld, and this Assay knows 1 and %d: the folder was written by a later "
                           "version; use that one",
                           where, (long long)notes->rendering, ASSAY_RENDERING);
}

static assay_status read_numbers(assay_notes *notes, const char *where, assay_error *err)
{
    const json_t *json = notes->json, *rewards = json_object_get(json, "rewards"),
                 *ignored = json_object_get(json, "ignore_config"), *labels = json_object_get(json, "labels");
    ASSAY_TRY(assay_json_int(json, "steps", false, &notes->steps, where, err));
    ASSAY_TRY(assay_json_int(json, "max_length", false, &notes->max_length, where, err));
    ASSAY_TRY(assay_json_double(json, "score_offset", false, &notes->score_offset, where, err));
    if (rewards && !json_is_null(rewards)) ASSAY_TRY(assay_reward_scale_read(&notes->rewards, rewards, where, err));
    notes->ignore_config = json_is_array(ignored) ? ignored : NULL;
    notes->labels = json_is_array(labels) ? labels : NULL;
    if (notes->max_length >= 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: max_length is %lld; it should not be negative", where,
                           (long long)notes->max_length);
}

static assay_status read_file(assay_notes *notes, const char *path, assay_error *err)
{
    ASSAY_TRY(load_file(path, &notes->json, err));
    if (!notes->json) return ASSAY_OK;
    ASSAY_TRY(read_words(notes, path, err));
    ASSAY_TRY(read_rendering(notes, path, err));
    return read_numbers(notes, path, err);
}

/* ---- where they are ---- */

static bool is_checkpoint_of_run(const char *folder)
{
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/') length--;
    size_t start = length;
    while (start > 0 && folder[start - 1] != '/') start--;
    return length - start > 11 && !strncmp(folder + start, "checkpoint-", 11);
}

static assay_status find_in(assay_notes *notes, const char *folder, const char *name, assay_error *err)
{
    char *path = assay_path_join(folder, name);
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = read_file(notes, path, err);
    assay_free(path);
    return status;
}

static void forget_last_step(assay_notes *notes)
{
    static const char *const keys[] = {"steps", "evaluation", "rewards"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) json_object_del(notes->json, keys[i]);
    notes->steps = -1;
    notes->rewards = (assay_reward_scale){0};
}

assay_status assay_notes_find(assay_notes *notes, const char *folder, assay_error *err)
{
    *notes = (assay_notes){.rendering = 1, .steps = -1};
    assay_status status = find_in(notes, folder, ASSAY_NOTES_NAME, err);
    if (status == ASSAY_OK && !notes->json && is_checkpoint_of_run(folder)) {
        status = find_in(notes, folder, "../" ASSAY_NOTES_NAME, err);
        if (status == ASSAY_OK && notes->json) forget_last_step(notes);
    }
    if (status != ASSAY_OK) assay_notes_release(notes);
    return status;
}

void assay_notes_release(assay_notes *notes)
{
    json_decref(notes->json);
    *notes = (assay_notes){0};
}
