#include "task/eval_data.h"

#include "base/file.h"
#include "data/data_files.h"
#include "task/pair_input.h"

#include <string.h>

/* "a/b.jsonl.gz" -> "b"; with `folder` "a/b.json" -> "a". */
static const char *name_of(assay_text_arena *arena, const char *path, bool folder)
{
    const char *base = assay_path_base(path);
    if (!folder || base == path) return assay_text_arena_copy(arena, base, strcspn(base, "."));
    const char *end = base - 1, *start = end;
    while (start > path && start[-1] != '/') start--;
    return assay_text_arena_copy(arena, start, (size_t)(end - start));
}

static bool called_alike(char *const *files, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (strcmp(assay_path_base(files[i]), assay_path_base(files[0])) != 0) return false;
    return true;
}

static assay_status name_pairs(assay_pair_set *pairs, assay_error *err)
{
    bool alike = called_alike(pairs->files, pairs->file_count);
    const char *name = NULL;
    for (size_t i = 0; pairs->file_count > 1 && i < pairs->count; i++) {
        assay_pair *pair = &pairs->pairs[i];
        if (!name || i == 0 || pair->place.file != pairs->pairs[i - 1].place.file)
            name = name_of(&pairs->arena, pairs->files[pair->place.file], alike);
        ASSAY_TRY_ALLOC(name, "a name", err);
        if (!pair->subset) pair->subset = name;
    }
    return ASSAY_OK;
}

static assay_status name_choices(assay_choice_set *choices, assay_error *err)
{
    bool alike = called_alike(choices->files, choices->file_count);
    for (size_t i = 0; choices->file_count > 1 && i < choices->count; i++) {
        assay_choice *choice = &choices->items[i];
        if (!choice->subset)
            ASSAY_TRY_ALLOC(choice->subset = name_of(&choices->arena, choices->files[choice->place.file], alike),
                            "a name", err);
    }
    return ASSAY_OK;
}

static assay_status sort_file(assay_eval_data *data, const char *path, assay_string_list *pair_files, assay_error *err)
{
    bool is_choice;
    ASSAY_TRY(assay_choice_file_is(path, &is_choice, err));
    return is_choice ? assay_choice_set_read(&data->choices, path, err) : assay_string_list_add(pair_files, path, err);
}

static assay_status sort_files(assay_eval_data *data, const assay_data_files *files, const assay_options *options,
                               const assay_log *log, assay_error *err)
{
    assay_string_list pair_files = {0};
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < files->count && status == ASSAY_OK; i++)
        status = sort_file(data, files->names[i], &pair_files, err);
    if (status == ASSAY_OK && pair_files.count)
        status = assay_pair_input_read(&data->pairs, &pair_files, options, log, err);
    assay_free(pair_files.items);
    return status;
}

static assay_status read_path(assay_data_files *all, const char *path, const assay_log *log, assay_error *err)
{
    assay_data_files files;
    ASSAY_TRY(assay_data_files_find(&files, path, err));
    if (files.note) assay_warn(log, "%s", files.note);
    void *names = all->names;
    assay_status status = assay_grow(&names, &all->capacity, all->count + files.count, sizeof *all->names, err);
    if (status == ASSAY_OK) {
        all->names = names;
        memcpy(all->names + all->count, files.names, files.count * sizeof *all->names);
        all->count += files.count;
        files.count = 0;
    }
    assay_data_files_release(&files);
    return status;
}

assay_status assay_eval_data_read(assay_eval_data *data, const assay_options *options, const assay_log *log,
                                  assay_error *err)
{
    assay_data_files files = {0};
    *data = (assay_eval_data){0};
    if (!options->data.count)
        return assay_error_set(err, ASSAY_E_USAGE, "--data is missing: a file or folder of preference pairs");
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < options->data.count && status == ASSAY_OK; i++)
        status = read_path(&files, options->data.items[i], log, err);
    if (status == ASSAY_OK) status = sort_files(data, &files, options, log, err);
    assay_data_files_release(&files);
    if (status == ASSAY_OK && data->pairs) status = name_pairs(data->pairs, err);
    if (status == ASSAY_OK) status = name_choices(&data->choices, err);
    size_t most = (size_t)options->max_eval_samples;
    if (most && data->pairs && data->pairs->count > most) data->pairs->count = most;
    if (most && data->choices.count > most) data->choices.count = most;
    if (status != ASSAY_OK) assay_eval_data_release(data);
    return status;
}

void assay_eval_data_release(assay_eval_data *data)
{
    assay_pair_set_free(data->pairs);
    assay_choice_set_release(&data->choices);
    *data = (assay_eval_data){0};
}
