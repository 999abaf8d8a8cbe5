/* Attributes: what somebody said of an answer under names of its own, as regression learns them (helpfulness 4,
 * verbosity 1). Reading them out of a record, the names of a whole set, and each answer's values in the order of names.
 *
 *     assay_label_list labels = {0};
 *     ASSAY_TRY(assay_label_list_of(&labels, pairs, err)); // every name of the set, in the order they are met
 *     double row[ASSAY_LABELS_MOST];
 *     assay_label_list_values(&labels, assay_pair_attributes(pair, 0), row); // NaN where the answer says nothing
 *     assay_label_list_release(&labels);
 *
 * A value is a number, or its text as CSV has it. null, "" and "N/A" (UltraFeedback), and -100 (the mask of Hugging
 * Face's and NeMo-Aligner's losses) are not known.
 */
#ifndef ASSAY_DATA_ATTRIBUTES_H
#define ASSAY_DATA_ATTRIBUTES_H

#include "data/format_reader.h"

enum { ASSAY_LABELS_MOST = 256 };

/* ---- for readers of formats; what they make lives in the reader's arena, errors name the field ---- */

/* Of an object's members, each a number or an object whose `inside` is the number (NULL: numbers alone). */
assay_status assay_attributes_object(const assay_format_reader *reader, const char *field, const json_t *object,
                                     const char *inside, assay_attributes *out);
/* Of a list of numbers, whose names are LABEL_0, LABEL_1 ..., as Transformers calls labels without names. */
assay_status assay_attributes_list(const assay_format_reader *reader, const char *field, const json_t *list,
                                   assay_attributes *out);
/* Of the record's fields of these names (NULL ends); those that are missing are not known. */
assay_status assay_attributes_fields(const assay_format_reader *reader, const char *const *names,
                                     assay_attributes *out);

/* Is one of the values known? */
bool assay_attributes_known(const assay_attributes *attributes);

/* ---- names ---- */

typedef struct assay_label_list {
    char **names; /* the list's own */
    size_t count, capacity;
} assay_label_list;

assay_status assay_label_list_of(assay_label_list *list, const assay_pair_set *pairs, assay_error *err);
assay_status assay_label_list_add(assay_label_list *list, const char *name, assay_error *err);
void assay_label_list_release(assay_label_list *list); /* safe on a zeroed one */

/* list->count: there is none. A label without a name of its own (LABEL_2) is told by its place. */
size_t assay_label_list_find(const assay_label_list *list, const char *name);

/* "helpfulness, correctness"; as many as fit. */
void assay_label_list_text(const assay_label_list *list, char *text, size_t size);

/* values[list->count] of an answer. */
void assay_label_list_values(const assay_label_list *list, const assay_attributes *attributes, double *values);

#endif
