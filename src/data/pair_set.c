#include "data/pair_set.h"

#include "base/file.h"
#include "data/record_reader.h"

#include <xxhash.h>

const char *assay_drop_key(assay_drop_reason reason)
{
    static const char *const keys[] = {
#define ASSAY_DROP_KEY(name, key, text) key,
        ASSAY_DROP_MAP(ASSAY_DROP_KEY)
#undef ASSAY_DROP_KEY
    };
    return keys[reason];
}

const char *assay_drop_text(assay_drop_reason reason)
{
    static const char *const texts[] = {
#define ASSAY_DROP_TEXT(name, key, text) text,
        ASSAY_DROP_MAP(ASSAY_DROP_TEXT)
#undef ASSAY_DROP_TEXT
    };
    return texts[reason];
}

assay_status assay_pair_set_new(assay_pair_set **out, assay_error *err)
{
    *out = assay_alloc(1, sizeof **out);
    ASSAY_TRY_ALLOC(*out, "a set of pairs", err);
    return ASSAY_OK;
}

void assay_pair_set_free(assay_pair_set *set)
{
    if (!set) return;
    assay_names_free(set->files, set->file_count);
    for (size_t i = 0; i < ASSAY_BAD_LISTED; i++) assay_free(set->bad[i]);
    assay_names_free(set->notes, set->note_count);
    assay_free(set->pairs);
    assay_free(set->drops);
    assay_text_arena_release(&set->arena);
    assay_free(set);
}

assay_status assay_pair_set_add_file(assay_pair_set *set, const char *path, uint32_t *index, assay_error *err)
{
    ASSAY_TRY(assay_grow(&set->files, &set->file_capacity, set->file_count + 1, sizeof *set->files, err));
    char *copy = assay_strdup(path);
    ASSAY_TRY_ALLOC(copy, "a file name", err);
    *index = (uint32_t)set->file_count;
    set->files[set->file_count++] = copy;
    return ASSAY_OK;
}

assay_status assay_pair_set_add(assay_pair_set *set, const assay_pair *pair, assay_error *err)
{
    if (set->count >= UINT32_MAX - 1)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "more than 2^32 - 2 pairs; use fewer files");
    ASSAY_TRY(assay_grow(&set->pairs, &set->capacity, set->count + 1, sizeof *set->pairs, err));
    set->pairs[set->count++] = *pair;
    return ASSAY_OK;
}

assay_status assay_pair_set_add_drop(assay_pair_set *set, assay_place place, assay_drop_reason reason, assay_error *err)
{
    ASSAY_TRY(assay_grow(&set->drops, &set->drop_capacity, set->drop_count + 1, sizeof *set->drops, err));
    set->drops[set->drop_count++] = (assay_drop){place, reason};
    return ASSAY_OK;
}

assay_status assay_pair_set_add_bad(assay_pair_set *set, const char *sentence, assay_error *err)
{
    if (set->bad_count < ASSAY_BAD_LISTED) {
        set->bad[set->bad_count] = assay_strdup(sentence);
        ASSAY_TRY_ALLOC(set->bad[set->bad_count], "a message", err);
    }
    set->bad_count++;
    return ASSAY_OK;
}

assay_status assay_pair_set_add_note(assay_pair_set *set, const char *sentence, assay_error *err)
{
    void *notes = set->notes;
    ASSAY_TRY(assay_grow(&notes, &set->note_capacity, set->note_count + 1, sizeof *set->notes, err));
    set->notes = notes;
    set->notes[set->note_count] = assay_strdup(sentence);
    ASSAY_TRY_ALLOC(set->notes[set->note_count], "a note", err);
    set->note_count++;
    return ASSAY_OK;
}

size_t assay_pair_set_lists(const assay_pair_set *set)
{
    size_t lists = 0;
    for (size_t i = 0; i < set->count; i++) lists += set->pairs[i].answers != NULL;
    return lists;
}

const assay_attributes *assay_pair_attributes(const assay_pair *pair, size_t answer)
{
    if (pair->answers) return &pair->answers[answer].attributes;
    return answer == 0 ? &pair->chosen_attributes : &pair->rejected_attributes;
}

bool assay_pair_is_graded(const assay_pair *pair) { return pair->single && pair->chosen_attributes.items; }

char *assay_pair_set_place(const assay_pair_set *set, assay_place place)
{
    return assay_record_place(set->files[place.file], place.line, place.element);
}

uint64_t assay_turns_key(const assay_turns *turns, uint64_t seed)
{
    uint64_t key = seed + turns->count;
    for (size_t i = 0; i < turns->count; i++)
        key =
            XXH3_64bits_withSeed(turns->items[i].text, turns->items[i].size, key * 8 + (uint64_t)turns->items[i].role);
    return key;
}

static assay_status normalise(const assay_message *message, assay_buf *out, assay_error *err)
{
    const char *text = message->text;
    size_t size = message->size;
    assay_text_strip(&text, &size);
    assay_buf_reset(out);
    bool space = false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + ('a' - 'A')) : text[i];
        bool blank = c == ' ' || (c >= '\t' && c <= '\r');
        if (blank && space) continue;
        ASSAY_TRY(assay_buf_byte(out, blank ? ' ' : c, err));
        space = blank;
    }
    return ASSAY_OK;
}

assay_status assay_prompt_key(const assay_turns *prompt, assay_buf *scratch, uint64_t *key, assay_error *err)
{
    *key = prompt->count;
    for (size_t i = 0; i < prompt->count; i++) {
        ASSAY_TRY(normalise(prompt->items + i, scratch, err));
        *key = XXH3_64bits_withSeed(scratch->data, scratch->size, *key * 8 + (uint64_t)prompt->items[i].role);
    }
    return ASSAY_OK;
}
