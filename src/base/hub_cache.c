#include "base/hub_cache.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

bool assay_hub_id_is(const char *path)
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
static char *look_in_huggingface(char *cache, assay_hub_kind kind, const char *id)
{
    const char *slash = strchr(id, '/');
    char *folder =
        assay_strfmt("%s--%.*s--%s", kind == ASSAY_HUB_MODEL ? "models" : "datasets", (int)(slash - id), id, slash + 1);
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
static char *look_in_modelscope(char *cache, assay_hub_kind kind, const char *id)
{
    static const char *const below[][4] = {{"models", ".", "hub/models", "hub"}, {"datasets", "hub/datasets"}};
    char *escaped = escape_dots(id), *found = NULL;
    for (size_t i = 0; cache && escaped && !found && i < 8 && below[kind][i / 2]; i++)
        found = keep_if_dir(take_join(assay_path_join(cache, below[kind][i / 2]), i % 2 ? id : escaped));
    assay_free(escaped);
    assay_free(cache);
    return found;
}

char *assay_hub_cache_find(assay_hub_kind kind, const char *id)
{
    char *found = look_in_huggingface(from_variable("HF_HUB_CACHE", ""), kind, id);
    if (!found) found = look_in_huggingface(from_variable("HUGGINGFACE_HUB_CACHE", ""), kind, id);
    if (!found) found = look_in_huggingface(from_variable("HF_HOME", "hub"), kind, id);
    if (!found) found = look_in_huggingface(from_variable("XDG_CACHE_HOME", "huggingface/hub"), kind, id);
    if (!found) found = look_in_huggingface(from_variable("HOME", ".cache/huggingface/hub"), kind, id);
    if (!found) found = look_in_modelscope(from_variable("MODELSCOPE_CACHE", ""), kind, id);
    if (!found) found = look_in_modelscope(from_variable("HOME", ".cache/modelscope/hub"), kind, id);
    return found;
}
