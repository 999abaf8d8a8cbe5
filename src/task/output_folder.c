#include "task/output_folder.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool holds(const char *folder, const char *name)
{
    char *path = assay_path_join(folder, name);
    bool found = path && assay_path_exists(path);
    assay_free(path);
    return found;
}

/* --force must not become a way to remove a home directory. */
static assay_status check_target(const char *target, bool force, assay_error *err)
{
    char **names;
    size_t count;
    if (!assay_path_exists(target)) return ASSAY_OK;
    if (!assay_path_is_dir(target))
        return assay_error_set(err, ASSAY_E_USAGE, "--output %s: a file of this name is in the way", target);
    ASSAY_TRY(assay_list_dir(target, &names, &count, err));
    bool empty = count == 0 || (count == 1 && !strcmp(names[0], ASSAY_FOLDER_LOCK_NAME));
    assay_names_free(names, count);
    if (empty) return ASSAY_OK;
    if (!force)
        return assay_error_set(err, ASSAY_E_USAGE, "--output %s: the folder is not empty; --force replaces it", target);
    if (holds(target, "config.json") || holds(target, "adapter_config.json") || holds(target, "tokenizer_config.json"))
        return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE, "--output %s: the folder holds no model, so --force does not replace it",
                           target);
}

static void release(assay_output_folder *output)
{
    assay_free(output->target);
    assay_free(output->temporary);
    assay_folder_lock_release(&output->lock);
    *output = (assay_output_folder){0};
}

/* Without slashes at its end; a link is replaced by what it leads to, because renaming would replace the link. */
static assay_status name_target(char **out, const char *target, assay_error *err)
{
    struct stat info;
    size_t length = strlen(target);
    while (length > 1 && target[length - 1] == '/') length--;
    *out = assay_strndup(target, length);
    ASSAY_TRY_ALLOC(*out, "a path", err);
    if (lstat(*out, &info) != 0 || !S_ISLNK(info.st_mode)) return ASSAY_OK;
    char *link = *out;
    *out = NULL;
    assay_status status = assay_path_absolute(link, out, err);
    assay_free(link);
    return status;
}

static assay_status open_folder(assay_output_folder *output, const char *target, bool force, const assay_log *log,
                                assay_error *err)
{
    ASSAY_TRY(name_target(&output->target, target, err));
    ASSAY_TRY(check_target(output->target, force, err));
    ASSAY_TRY(assay_folder_lock_take(&output->lock, output->target, log, err));
    ASSAY_TRY(check_target(output->target, force, err)); /* somebody may have written there between */
    return assay_make_dir_beside(output->target, "tmp", &output->temporary, err);
}

assay_status assay_output_open(assay_output_folder *output, const char *target, bool force, const assay_log *log,
                               assay_error *err)
{
    *output = (assay_output_folder){.lock = {.fd = -1}};
    if (!target || !*target) return assay_error_set(err, ASSAY_E_USAGE, "--output is missing: the folder to write");
    assay_status status = open_folder(output, target, force, log, err);
    if (status != ASSAY_OK) release(output);
    return status;
}

static assay_status rename_error(const assay_output_folder *output, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_IO, "cannot rename %s to %s: %s", output->temporary, output->target,
                           strerror(errno));
}

/* The new folder and the old one, which holds the lock, change names at once; what is then the old one is removed. A
 * file system that cannot do so lets the old one step aside first. */
static assay_status replace(const assay_output_folder *output, assay_error *err)
{
    if (renameat2(AT_FDCWD, output->temporary, AT_FDCWD, output->target, RENAME_EXCHANGE) == 0)
        return assay_remove_tree(output->temporary, err);
    if (rename(output->temporary, output->target) == 0) return ASSAY_OK;
    if (errno != ENOTEMPTY && errno != EEXIST) return rename_error(output, err);
    char *old;
    ASSAY_TRY(assay_make_dir_beside(output->target, "old", &old, err));
    assay_status status = ASSAY_OK;
    if (rename(output->target, old) != 0) {
        status = rename_error(output, err);
        (void)assay_remove_tree(old, NULL);
    } else if (rename(output->temporary, output->target) != 0) {
        status = rename_error(output, err);
        (void)!rename(old, output->target);
    } else status = assay_remove_tree(old, err);
    assay_free(old);
    return status;
}

assay_status assay_output_close(assay_output_folder *output, assay_status status, assay_error *err)
{
    if (status == ASSAY_OK) status = replace(output, err);
    if (status != ASSAY_OK) (void)assay_remove_tree(output->temporary, NULL);
    release(output);
    return status;
}
