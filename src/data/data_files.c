#include "data/data_files.h"

#include "base/file.h"
#include "base/text.h"
#include "data/foreign_data.h"
#include "data/hub_data.h"

#include <string.h>

enum { DEPTH_MAX = 16 };

typedef struct folder_search {
    assay_data_files *files;
    char *foreign; /* the first file seen that is not read, but named */
} folder_search;

static bool has_ending(const char *name, const char *const *endings, size_t count)
{
    size_t length = strlen(name);
    if (length > 3 && !assay_text_compare(name + length - 3, ".gz")) length -= 3;
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(endings[i]);
        if (length > size && !assay_text_compare_n(name + length - size, endings[i], size)) return true;
    }
    return false;
}

static bool is_data_name(const char *name)
{
    static const char *const endings[] = {".json", ".jsonl", ".csv", ".tsv", ".parquet"};
    static const char *const others[] = {"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (!strcmp(name, others[i])) return false;
    return has_ending(name, endings, sizeof endings / sizeof *endings);
}

static assay_status add_name(assay_data_files *files, const char *path, assay_error *err)
{
    void *names = files->names;
    ASSAY_TRY(assay_grow(&names, &files->capacity, files->count + 1, sizeof *files->names, err));
    files->names = names;
    files->names[files->count] = assay_strdup(path);
    ASSAY_TRY_ALLOC(files->names[files->count], path, err);
    files->count++;
    return ASSAY_OK;
}

static assay_status search_folder(folder_search *search, const char *path, unsigned depth, assay_error *err);

static assay_status search_entry(folder_search *search, const char *path, const char *name, unsigned depth,
                                 assay_error *err)
{
    if (assay_path_is_dir(path)) return search_folder(search, path, depth + 1, err);
    if (is_data_name(name)) return add_name(search->files, path, err);
    if (!assay_foreign_data_named(name) || search->foreign) return ASSAY_OK;
    search->foreign = assay_strdup(path);
    ASSAY_TRY_ALLOC(search->foreign, path, err);
    return ASSAY_OK;
}

static assay_status search_folder(folder_search *search, const char *path, unsigned depth, assay_error *err)
{
    if (depth > DEPTH_MAX)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: folders more than %d levels deep; does a link lead back up?",
                               path, DEPTH_MAX);
    char **names;
    size_t count;
    ASSAY_TRY(assay_list_dir(path, &names, &count, err));
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < count && status == ASSAY_OK; i++) {
        if (names[i][0] == '.') continue;
        char *child = assay_path_join(path, names[i]);
        status = child ? search_entry(search, child, names[i], depth, err)
                       : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a path");
        assay_free(child);
    }
    assay_names_free(names, count);
    return status;
}

static assay_status find_files(assay_data_files *files, const char *path, assay_error *err)
{
    if (!assay_path_is_dir(path)) return add_name(files, path, err);
    folder_search search = {files, NULL};
    assay_status status = search_folder(&search, path, 0, err);
    if (status == ASSAY_OK && !files->count)
        status =
            search.foreign
                ? add_name(files, search.foreign, err)
                : assay_error_set(err, ASSAY_E_IO,
                                  "%s holds no .parquet, .json, .jsonl, .csv or .tsv file (nor one with .gz)", path);
    assay_free(search.foreign);
    return status;
}

static assay_status find_in_hub(assay_data_files *files, const char *path, assay_error *err)
{
    assay_hub_data data;
    ASSAY_TRY(assay_hub_data_locate(&data, path, err));
    assay_status status = find_files(files, data.folder, err);
    if (status == ASSAY_OK) status = assay_hub_data_choose(&data, files->names, &files->count, &files->note, err);
    assay_hub_data_release(&data);
    return status;
}

assay_status assay_data_files_find(assay_data_files *files, const char *path, assay_error *err)
{
    *files = (assay_data_files){0};
    assay_status status = assay_path_exists(path) ? find_files(files, path, err) : find_in_hub(files, path, err);
    if (status != ASSAY_OK) assay_data_files_release(files);
    return status;
}

void assay_data_files_release(assay_data_files *files)
{
    assay_names_free(files->names, files->count);
    assay_free(files->note);
    *files = (assay_data_files){0};
}
