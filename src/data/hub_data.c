/* The splits of a data set are a short list (a handful of names), made by walking its files. */
#include "data/hub_data.h"

#include "base/file.h"
#include "base/hub_cache.h"
#include "base/text.h"

#include <string.h>

enum { SPLITS_MAX = 32, SPLIT_NAME_MAX = 64 };

typedef struct split_list {
    char names[SPLITS_MAX][SPLIT_NAME_MAX];
    size_t count;
} split_list;

static const struct {
    const char *word, *split;
} words[] = {{"train", "train"},    {"training", "train"},        {"test", "test"},
             {"testing", "test"},   {"validation", "validation"}, {"valid", "validation"},
             {"val", "validation"}, {"dev", "validation"},        {"eval", "eval"},
             {"evaluation", "eval"}};

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* The split a word of `text` names, the last such word; NULL: none. */
static const char *split_of_words(const char *text, size_t size)
{
    const char *found = NULL;
    for (size_t at = 0, end; at < size; at = end + 1) {
        for (end = at; end < size && is_letter(text[end]);) end++;
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (strlen(words[i].word) == end - at && !assay_text_compare_n(words[i].word, text + at, end - at))
                found = words[i].split;
    }
    return found;
}

/* NAME-00000-of-00001.parquet: bytes of NAME, else 0. */
static size_t shard_name(const char *base)
{
    const char *of = strstr(base, "-of-");
    size_t digits = of ? strspn(of + 4, "0123456789") : 0;
    if (!digits || of[4 + digits] != '.') return 0;
    const char *dash = of;
    while (dash > base && dash[-1] >= '0' && dash[-1] <= '9') dash--;
    return dash > base + 1 && dash < of && dash[-1] == '-' ? (size_t)(dash - 1 - base) : 0;
}

/* inside: the path from the data set's folder on. */
static void find_split(char split[SPLIT_NAME_MAX], const char *inside)
{
    const char *base = assay_path_base(inside);
    size_t shard = shard_name(base);
    const char *found = split_of_words(base, strlen(base));
    if (!found && !shard) found = split_of_words(inside, (size_t)(base - inside));
    size_t size = found ? strlen(found) : shard;
    if (size >= SPLIT_NAME_MAX) size = SPLIT_NAME_MAX - 1;
    memcpy(split, found ? found : base, size);
    split[size] = 0;
}

static void add_split(split_list *list, const char *split)
{
    for (size_t i = 0; i < list->count; i++)
        if (!strcmp(list->names[i], split)) return;
    if (list->count < SPLITS_MAX) memcpy(list->names[list->count++], split, strlen(split) + 1);
}

static bool has_split(const split_list *list, const char *split)
{
    for (size_t i = 0; i < list->count; i++)
        if (!strcmp(list->names[i], split)) return true;
    return false;
}

/* "test, validation": those but `without`. NULL: no memory. */
static char *names_of(const split_list *list, const char *without)
{
    char *text = assay_strdup("");
    for (size_t i = 0; text && i < list->count; i++) {
        if (without && !strcmp(list->names[i], without)) continue;
        const char *name = list->names[i][0] ? list->names[i] : "files of no split";
        char *longer = assay_strfmt("%s%s%s", text, *text ? ", " : "", name);
        assay_free(text);
        text = longer;
    }
    return text;
}

static assay_status fail_with_splits(const assay_hub_data *data, const split_list *list, const char *wanted,
                                     assay_error *err)
{
    char *splits = names_of(list, NULL);
    ASSAY_TRY_ALLOC(splits, "the names of splits", err);
    const char *example = list->count && list->names[0][0] ? list->names[0] : "FILE";
    assay_status status =
        wanted ? assay_error_set(err, ASSAY_E_IO, "%s has no split or file \"%s\"; it has %s: --data %s/%s", data->id,
                                 wanted, splits, data->id, example)
               : assay_error_set(err, ASSAY_E_FORMAT,
                                 "%s has more than one split and none is called train (%s); say "
                                 "which: --data %s/%s",
                                 data->id, splits, data->id, example);
    assay_free(splits);
    return status;
}

static void keep_split(const assay_hub_data *data, char **names, size_t *count, const char *wanted)
{
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        char split[SPLIT_NAME_MAX];
        find_split(split, names[i] + data->root);
        if (strcmp(split, wanted) != 0) assay_free(names[i]);
        else names[kept++] = names[i];
    }
    *count = kept;
}

assay_status assay_hub_data_choose(const assay_hub_data *data, char **names, size_t *count, char **note,
                                   assay_error *err)
{
    split_list list = {0};
    *note = NULL;
    for (size_t i = 0; i < *count; i++) {
        char split[SPLIT_NAME_MAX];
        find_split(split, names[i] + data->root);
        add_split(&list, split);
    }
    const char *wanted = data->split ? data->split : "train";
    if (!data->split && list.count == 1) return ASSAY_OK;
    if (!has_split(&list, wanted)) return fail_with_splits(data, &list, data->split, err);
    keep_split(data, names, count, wanted);
    if (data->split || list.count < 2) return ASSAY_OK;
    char *others = names_of(&list, wanted);
    if (others)
        *note = assay_strfmt("%s: the split %s is read; left out: %s (--data %s/SPLIT reads another)", data->id, wanted,
                             others, data->id);
    assay_free(others);
    ASSAY_TRY_ALLOC(*note, "a note", err);
    return ASSAY_OK;
}

/* org/name in fresh memory where the path begins so; *rest: what follows behind a slash, or NULL. */
static char *take_id(const char *path, const char **rest)
{
    const char *slash = strchr(path, '/'), *second = slash ? strchr(slash + 1, '/') : NULL;
    *rest = second ? second + 1 : NULL;
    char *id = second ? assay_strfmt("%.*s", (int)(second - path), path) : assay_strdup(path);
    if (id && assay_hub_id_is(id) && (!*rest || **rest)) return id;
    assay_free(id);
    return NULL;
}

static assay_status enter(assay_hub_data *data, const char *rest, assay_error *err)
{
    data->root = strlen(data->folder);
    if (!rest) return ASSAY_OK;
    char *inside = assay_path_join(data->folder, rest);
    ASSAY_TRY_ALLOC(inside, rest, err);
    if (!strstr(rest, "..") && assay_path_exists(inside)) {
        assay_free(data->folder);
        data->folder = inside;
        return ASSAY_OK;
    }
    assay_free(inside);
    data->split = assay_strdup(rest);
    ASSAY_TRY_ALLOC(data->split, rest, err);
    return ASSAY_OK;
}

static assay_status locate(assay_hub_data *data, const char *path, assay_error *err)
{
    const char *rest;
    data->id = take_id(path, &rest);
    if (!data->id && strcmp(path, "-") == 0)
        return assay_error_set(err, ASSAY_E_IO, "- does not exist; standard input is /dev/stdin here");
    if (!data->id) return assay_error_set(err, ASSAY_E_IO, "%s does not exist", path);
    data->folder = assay_hub_cache_find(ASSAY_HUB_DATASET, data->id);
    if (data->folder) return enter(data, rest, err);
    return assay_error_set(err, ASSAY_E_IO,
                           "%s does not exist, nor is the data set %s in the Hugging Face or ModelScope cache; fetch "
                           "it: hf download --repo-type dataset %s",
                           path, data->id, data->id);
}

assay_status assay_hub_data_locate(assay_hub_data *data, const char *path, assay_error *err)
{
    *data = (assay_hub_data){0};
    assay_status status = locate(data, path, err);
    if (status != ASSAY_OK) assay_hub_data_release(data);
    return status;
}

void assay_hub_data_release(assay_hub_data *data)
{
    assay_free(data->folder);
    assay_free(data->id);
    assay_free(data->split);
    *data = (assay_hub_data){0};
}
