/* Finding a hub id in the caches other programs filled. Nothing is downloaded.
 *
 * Hugging Face: CACHE/models--ORG--NAME/snapshots/REVISION, where the file refs/main holds the revision
 * (huggingface_hub, file_download.py, constants.py). ModelScope: CACHE/[models/]ORG/NAME with the dots of a name
 * written as three underscores (modelscope/hub/utils/utils.py and its cache folders of several generations). */
#include "checkpoint/checkpoint_private.h"

#include <stdlib.h>
#include <string.h>

/* org/name: one slash, letters, digits and ._- only, neither part beginning with a dot. */
static bool looks_like_hub_id(const char *path)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t first = strspn(path, allowed);
    if (first == 0 || path[first] != '/' || path[0] == '.') return false;
    const char *name = path + first + 1;
    size_t second = strspn(name, allowed);
    return second > 0 && name[second] == 0 && name[0] != '.';
}

static char *take_join(char *folder, const char *name)
{
    char *joined = folder ? assay_path_join(folder, name) : NULL;
    assay_free(folder);
    return joined;
}

static char *from_variable(const char *variable, const char *below)
{
    const char *value = getenv(variable);
    return value && *value ? assay_path_join(value, below) : NULL;
}

/* The revision named by refs/main, or the only snapshot there is. NULL: neither. */
static char *snapshot_name(const char *model)
{
    char *ref = take_join(assay_path_join(model, "refs"), "main"), *text = NULL, *found = NULL;
    size_t size;
    if (ref && assay_path_exists(ref) && assay_file_read(ref, 256, &text, &size, NULL) == ASSAY_OK) {
        text[strcspn(text, " \t\r\n")] = 0;
        if (*text && *text != '.' && !strchr(text, '/')) found = assay_strdup(text);
        assay_free(text);
    }
    assay_free(ref);
    if (found) return found;
    char *snapshots = assay_path_join(model, "snapshots"), **names;
    size_t count;
    if (snapshots && assay_path_is_dir(snapshots) && assay_list_dir(snapshots, &names, &count, NULL) == ASSAY_OK) {
        if (count == 1) found = assay_strdup(names[0]);
        assay_names_free(names, count);
    }
    assay_free(snapshots);
    return found;
}

static char *keep_if_dir(char *path)
{
    if (path && assay_path_is_dir(path)) return path;
    assay_free(path);
    return NULL;
}

/* Frees `cache`. */
static char *look_in_huggingface(char *cache, const char *id)
{
    const char *slash = strchr(id, '/');
    char *folder = assay_strfmt("models--%.*s--%s", (int)(slash - id), id, slash + 1);
    char *model = take_join(cache, folder ? folder : "");
    char *revision = folder && model ? snapshot_name(model) : NULL;
    char *found = revision ? keep_if_dir(take_join(assay_path_join(model, "snapshots"), revision)) : NULL;
    assay_free(revision);
    assay_free(model);
    assay_free(folder);
    return found;
}

static char *escape_dots(const char *id)
{
    size_t used = 0;
    char *escaped = assay_alloc(3 * strlen(id) + 1, 1);
    for (const char *at = id; escaped && *at; at++) {
        size_t length = *at == '.' ? 3 : 1;
        memcpy(escaped + used, *at == '.' ? "___" : at, length);
        used += length;
    }
    return escaped;
}

/* Frees `cache`. */
static char *look_in_modelscope(char *cache, const char *id)
{
    static const char *const below[] = {"models", ".", "hub/models", "hub"};
    char *escaped = escape_dots(id), *found = NULL;
    for (size_t i = 0; cache && escaped && !found && i < 2 * (sizeof below / sizeof *below); i++)
        found = keep_if_dir(take_join(assay_path_join(cache, below[i / 2]), i % 2 ? id : escaped));
    assay_free(escaped);
    assay_free(cache);
    return found;
}

static char *look_everywhere(const char *id)
{
    char *found = look_in_huggingface(from_variable("HF_HUB_CACHE", ""), id);
    if (!found) found = look_in_huggingface(from_variable("HUGGINGFACE_HUB_CACHE", ""), id);
    if (!found) found = look_in_huggingface(from_variable("HF_HOME", "hub"), id);
    if (!found) found = look_in_huggingface(from_variable("XDG_CACHE_HOME", "huggingface/hub"), id);
    if (!found) found = look_in_huggingface(from_variable("HOME", ".cache/huggingface/hub"), id);
    if (!found) found = look_in_modelscope(from_variable("MODELSCOPE_CACHE", ""), id);
    if (!found) found = look_in_modelscope(from_variable("HOME", ".cache/modelscope/hub"), id);
    return found;
}

assay_status assay_checkpoint_locate(const char *path, char **out, assay_error *err)
{
    if (assay_path_exists(path)) return assay_path_absolute(path, out, err);
    if (!looks_like_hub_id(path)) return assay_error_set(err, ASSAY_E_IO, "%s: no such folder or file", path);
    char *found = look_everywhere(path);
    if (!found)
        return assay_error_set(err, ASSAY_E_IO,
                               "%s is neither a folder here nor in the Hugging Face or ModelScope cache; fetch it with "
                               "\"hf download %s\" or \"modelscope download --model %s\"",
                               path, path, path);
    assay_status status = assay_path_absolute(found, out, err);
    assay_free(found);
    return status;
}
