/* Choices: one prompt, some right answers, some wrong ones. RewardBench 2's form, as JSON lines (or array):
 *     assay_choice_set choices = {0};
 *     ASSAY_TRY(assay_choice_file_is(path, &is_one, err)); // by its first record
 *     // as often as there are files; a bad line stops with file:line
 *     if (is_one) ASSAY_TRY(assay_choice_set_read(&choices, path, err));
 *     ...
 *     assay_choice_set_release(&choices);
 */
#ifndef ASSAY_DATA_CHOICE_FILE_H
#define ASSAY_DATA_CHOICE_FILE_H

#include "data/pair_set.h"

typedef struct assay_choice {
    assay_turns prompt;
    assay_turns *answers;  /* the right ones first; one assistant message each */
    size_t count, correct; /* correct at least 1, below count */
    const char *id;        /* the text of a string id ("tied:12"); NULL: none */
    const char *subset;    /* NULL: none */
    assay_place place;
} assay_choice;

typedef struct assay_choice_set {
    assay_text_arena arena;
    char **files;
    size_t file_count, file_capacity;
    assay_choice *items;
    size_t count, capacity;
} assay_choice_set;

assay_status assay_choice_file_is(const char *path, bool *is_one, assay_error *err);
assay_status assay_choice_set_read(assay_choice_set *set, const char *path, assay_error *err);
void assay_choice_set_release(assay_choice_set *set); /* safe on a zeroed set */

#endif
