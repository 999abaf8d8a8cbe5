#include "task/output_guard.h"

#include "base/alloc.h"
#include "base/file.h"
#include "checkpoint/checkpoint.h"
#include "task/folder_lock.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Whether `path` is `folder` or lies in it, both with links resolved. False where one is absent. */
static bool lies_in(const char *path, const char *folder)
{
    char *inner = NULL, *outer = NULL;
    bool inside = false;
    if (path && folder && assay_path_absolute(path, &inner, NULL) == ASSAY_OK &&
        assay_path_absolute(folder, &outer, NULL) == ASSAY_OK) {
        size_t length = strcmp(outer, "/") ? strlen(outer) : 0;
        inside = strncmp(inner, outer, length) == 0 && (inner[length] == '\0' || inner[length] == '/');
    }
    assay_free(inner);
    assay_free(outer);
    return inside;
}

/* One file or folder under two names: links of both kinds count. */
static bool is_same(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static bool is_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

static assay_status reads_it(const char *source, const assay_options *options, assay_error *err)
{
    const char *other = assay_path_is_dir(options->output) ? "folder" : "file";
    if (is_same(source, options->output))
        return assay_error_set(err, ASSAY_E_USAGE, "--output %s is %s, which this run reads; name another %s",
                               options->output, source, other);
    return assay_error_set(err, ASSAY_E_USAGE,
                           "--output %s and %s, which this run reads: one lies in the other; name another %s",
                           options->output, source, other);
}

/* A folder that is written may be replaced as a whole, unless a run is resumed in it; so nothing that is read may lie
 * in it. A file that is written may not be one of a folder that is read. */
assay_status assay_output_guard_source(const assay_options *options, const char *source, assay_error *err)
{
    const char *output = options->output;
    bool bad = false;
    if (!source || !output || !assay_path_exists(output)) return ASSAY_OK;
    if (is_same(source, output)) bad = true;
    else if (assay_path_is_dir(output)) bad = !options->resume && lies_in(source, output);
    else bad = assay_path_is_dir(source) && lies_in(output, source);
    return bad ? reads_it(source, options, err) : ASSAY_OK;
}

static assay_status check_list(const assay_options *options, const assay_string_list *list, assay_error *err)
{
    for (size_t i = 0; i < list->count; i++) ASSAY_TRY(assay_output_guard_source(options, list->items[i], err));
    return ASSAY_OK;
}

/* A checkpoint's folder: an adapter's, or one with a configuration and weights. */
static bool is_checkpoint(const char *folder)
{
    static const char *const weights[] = {"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
                                          "pytorch_model.bin.index.json", ASSAY_BODY_FILE};
    struct stat info;
    char *path = assay_path_join(folder, "adapter_config.json");
    bool found = path && stat(path, &info) == 0;
    assay_free(path);
    path = assay_path_join(folder, "config.json");
    bool configured = path && stat(path, &info) == 0;
    assay_free(path);
    for (size_t i = 0; configured && !found && i < sizeof weights / sizeof *weights; i++) {
        path = assay_path_join(folder, weights[i]);
        found = path && stat(path, &info) == 0;
        assay_free(path);
    }
    return found;
}

/* The absolute path of the nearest folder above `path` that is there; NULL: no memory, or none. */
static char *folder_above(const char *path)
{
    char *copy = assay_strdup(path), *found = NULL;
    for (size_t length = copy ? strlen(copy) : 0; copy && !found;) {
        while (length > 1 && copy[length - 1] == '/') length--;
        while (length > 0 && copy[length - 1] != '/') length--;
        copy[length] = '\0';
        if (assay_path_absolute(length ? copy : ".", &found, NULL) != ASSAY_OK && length <= 1) break;
    }
    assay_free(copy);
    return found;
}

static assay_status check_above(const assay_options *options, assay_error *err)
{
    char *folder = NULL;
    assay_status status = ASSAY_OK;
    /* A link is judged by where it leads. */
    if (assay_path_absolute(options->output, &folder, NULL) == ASSAY_OK) {
        char *above = folder_above(folder);
        assay_free(folder);
        folder = above;
    } else folder = folder_above(options->output);
    ASSAY_TRY_ALLOC(folder, "a path", err);
    while (*folder && status == ASSAY_OK) {
        if (is_checkpoint(folder))
            status = assay_error_set(err, ASSAY_E_USAGE,
                                     "--output %s lies in %s, which is a checkpoint; name a place outside of it",
                                     options->output, folder);
        *strrchr(folder, '/') = '\0';
    }
    assay_free(folder);
    return status;
}

/* A model in a single file is known by its first bytes; nothing else of a checkpoint stands alone. */
static assay_status check_gguf(const assay_options *options, assay_error *err)
{
    char magic[4] = "";
    FILE *file = is_file(options->output) ? fopen(options->output, "re") : NULL;
    bool gguf = file && fread(magic, 1, sizeof magic, file) == sizeof magic && !memcmp(magic, "GGUF", sizeof magic);
    if (file) fclose(file);
    return gguf ? assay_error_set(err, ASSAY_E_USAGE, "--output %s is a model; name another file", options->output)
                : ASSAY_OK;
}

assay_status assay_output_guard(const assay_options *options, assay_error *err)
{
    const char *const read[] = {options->model, options->adapter, options->config, options->input,
                                is_file("/dev/stdin") ? "/dev/stdin" : NULL};
    if (!options->output) return ASSAY_OK;
    if (strcmp(options->output, "-") == 0)
        return assay_error_set(
            err, ASSAY_E_USAGE,
            "--output -: this is not written to standard output; name a place (./- is one so called)");
    ASSAY_TRY(assay_folder_lock_look(options->output, err));
    ASSAY_TRY(check_above(options, err));
    for (size_t i = 0; i < sizeof read / sizeof *read; i++) ASSAY_TRY(assay_output_guard_source(options, read[i], err));
    ASSAY_TRY(check_list(options, &options->data, err));
    ASSAY_TRY(check_list(options, &options->eval_data, err));
    ASSAY_TRY(check_list(options, &options->positionals, err));
    return check_gguf(options, err);
}
