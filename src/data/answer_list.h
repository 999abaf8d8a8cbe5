/* Lists of answers to one prompt, with what somebody said of each, into a pair (data/pair_set.h). For the readers of
 * formats, as data/format_reader.h.
 *
 *     assay_answer_list list;
 *     ASSAY_TRY(assay_answer_list_begin(&list, reader, 3));
 *     ASSAY_TRY(assay_answer_list_add(&list, answer, "answers", score)); // as often as said
 *     assay_answer_list_settle(&list, true);
 *
 * Everything lives in the reader's arena; errors name the field.
 */
#ifndef ASSAY_DATA_ANSWER_LIST_H
#define ASSAY_DATA_ANSWER_LIST_H

#include "data/format_reader.h"

typedef struct assay_answer_list {
    const assay_format_reader *reader;
    assay_answer *items;
    size_t count;
} assay_answer_list;

/* ASSAY_E_FORMAT for fewer than 2 answers and more than ASSAY_ANSWERS_MOST. */
assay_status assay_answer_list_begin(assay_answer_list *list, const assay_format_reader *reader, size_t count);

/* text: a text, a message or messages, the assistant's. value: finite; the larger, the better. */
assay_status assay_answer_list_add(assay_answer_list *list, const json_t *text, const char *name, double value);

/* Of the answer that was added last. */
void assay_answer_list_grade(assay_answer_list *list, assay_attributes attributes);

/* Puts the answers in order, best first, and makes them the reader's pair: its ends chosen and rejected, a tie (share
 * 1/2) where all values are equal, not compared where equal is no tie, and its answers where they are more than two.
 * Among the best the first of the list is chosen, among the worst the first is rejected. */
void assay_answer_list_settle(assay_answer_list *list, bool equal_is_tie);

#endif
