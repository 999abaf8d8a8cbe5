#include "train/checkpoint_dir.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json_doc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANIFEST_CEILING = 16 << 20 };

assay_status assay_checkpoint_dir_begin(char **working, const char *final, assay_error *err)
{
    return assay_make_dir_beside(final, "tmp", working, err);
}

void assay_checkpoint_dir_abandon(char *working)
{
    if (working) assay_remove_tree(working, NULL);
    assay_free(working);
}

static assay_status hash_file(const char *path, char text[ASSAY_HASH_TEXT], uint64_t *size, assay_error *err)
{
    XXH3_state_t *state = XXH3_createState();
    if (!state) return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for reading %s", path);
    XXH3_128bits_reset(state);
    assay_status status = assay_hash_file(state, path, size, err);
    assay_hash_text(XXH3_128bits_digest(state), text);
    XXH3_freeState(state);
    return status;
}

static assay_status add_to_manifest(json_t *files, const char *folder, const char *name, assay_error *err)
{
    char hash[ASSAY_HASH_TEXT];
    uint64_t size;
    char *path = assay_path_join(folder, name);
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = hash_file(path, hash, &size, err);
    assay_free(path);
    ASSAY_TRY(status);
    int failed = json_object_set_new(files, name, json_pack("{s:I, s:s}", "bytes", (json_int_t)size, "xxh3_128", hash));
    return failed ? assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a manifest") : ASSAY_OK;
}

static assay_status write_manifest(const char *folder, assay_error *err)
{
    char **names;
    size_t count;
    ASSAY_TRY(assay_list_dir(folder, &names, &count, err));
    json_t *files = json_object(), *manifest = json_pack("{s:o}", "files", files);
    assay_status status = manifest ? ASSAY_OK : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a manifest");
    for (size_t i = 0; i < count && status == ASSAY_OK; i++) status = add_to_manifest(files, folder, names[i], err);
    char *path = assay_path_join(folder, "manifest.json");
    if (status == ASSAY_OK)
        status = path ? assay_json_save(manifest, path, err)
                      : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a path");
    assay_free(path);
    json_decref(manifest);
    assay_names_free(names, count);
    return status;
}

static assay_status publish(const char *working, const char *final, assay_error *err)
{
    ASSAY_TRY(write_manifest(working, err));
    ASSAY_TRY(assay_sync_dir(working, err));
    ASSAY_TRY(assay_remove_tree(final, err));
    if (rename(working, final) != 0)
        return assay_error_set(err, ASSAY_E_IO, "cannot rename %s to %s: %s", working, final, strerror(errno));
    char *parent = assay_strndup(final, (size_t)(assay_path_base(final) - final));
    ASSAY_TRY_ALLOC(parent, "a path", err);
    assay_status status = assay_sync_dir(*parent ? parent : ".", err);
    assay_free(parent);
    return status;
}

assay_status assay_checkpoint_dir_publish(char *working, const char *final, assay_error *err)
{
    assay_status status = publish(working, final, err);
    if (status != ASSAY_OK) assay_remove_tree(working, NULL);
    assay_free(working);
    return status;
}

static assay_status verify_file(const char *folder, const char *name, const json_t *entry, assay_error *err)
{
    char hash[ASSAY_HASH_TEXT];
    uint64_t size;
    const char *wanted = json_string_value(json_object_get(entry, "xxh3_128"));
    char *path = assay_path_join(folder, name);
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = strchr(name, '/')
                              ? assay_error_set(err, ASSAY_E_FORMAT, "%s: manifest.json names \"%s\"", folder, name)
                              : hash_file(path, hash, &size, err);
    assay_free(path);
    ASSAY_TRY(status);
    if (wanted && !strcmp(wanted, hash)) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: %s is not what manifest.json says", folder, name);
}

assay_status assay_checkpoint_dir_verify(const char *folder, assay_error *err)
{
    json_t *manifest;
    const char *name;
    json_t *entry;
    char *path = assay_path_join(folder, "manifest.json");
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = assay_json_load(path, MANIFEST_CEILING, &manifest, err);
    assay_free(path);
    ASSAY_TRY(status);
    json_t *files = json_object_get(manifest, "files");
    if (!json_is_object(files) || json_object_size(files) == 0)
        status = assay_error_set(err, ASSAY_E_FORMAT, "%s: manifest.json lists no files", folder);
    json_object_foreach(files, name, entry)
    {
        if (status == ASSAY_OK) status = verify_file(folder, name, entry, err);
    }
    json_decref(manifest);
    return status;
}

/* The number behind "checkpoint-"; -1: another name. */
static long long checkpoint_number(const char *name)
{
    char *end;
    if (strncmp(name, "checkpoint-", 11) != 0 || name[11] < '0' || name[11] > '9') return -1;
    long long number = strtoll(name + 11, &end, 10);
    return *end ? -1 : number;
}

static int newer_first(const void *a, const void *b)
{
    long long x = checkpoint_number(*(char *const *)a), y = checkpoint_number(*(char *const *)b);
    return x < y ? 1 : x > y ? -1 : 0;
}

/* All names of the folder, checkpoints first, the newest before the others. */
static assay_status list_newest_first(const char *run, char ***names, size_t *count, assay_error *err)
{
    ASSAY_TRY(assay_list_dir(run, names, count, err));
    if (*count) qsort(*names, *count, sizeof **names, newer_first);
    return ASSAY_OK;
}

assay_status assay_checkpoint_dir_newest(const char *run, const assay_log *log, char **out, assay_error *err)
{
    char **names;
    size_t count;
    *out = NULL;
    ASSAY_TRY(list_newest_first(run, &names, &count, err));
    for (size_t i = 0; i < count && !*out && checkpoint_number(names[i]) >= 0; i++) {
        assay_error problem;
        char *path = assay_path_join(run, names[i]);
        if (path && assay_checkpoint_dir_verify(path, &problem) == ASSAY_OK) {
            *out = path;
            break;
        }
        if (path) assay_warn(log, "skipped %s: %s", names[i], problem.text);
        assay_free(path);
    }
    assay_names_free(names, count);
    return ASSAY_OK;
}

static bool half_written(const char *name)
{
    return !strncmp(name, "checkpoint-", 11) && strstr(name, ".tmp-") != NULL;
}

assay_status assay_checkpoint_dir_prune(const char *run, uint64_t keep, assay_error *err)
{
    char **names;
    size_t count, seen = 0;
    ASSAY_TRY(list_newest_first(run, &names, &count, err));
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < count && status == ASSAY_OK; i++) {
        bool checkpoint = checkpoint_number(names[i]) >= 0, old = checkpoint && keep && seen >= keep;
        seen += checkpoint;
        if (!old && !half_written(names[i])) continue;
        char *path = assay_path_join(run, names[i]);
        status = path ? assay_remove_tree(path, err) : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a path");
        assay_free(path);
    }
    assay_names_free(names, count);
    return status;
}
