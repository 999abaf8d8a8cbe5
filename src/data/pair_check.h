/* What must be true of a pair that a reader of a format has filled in, whatever the format: for data/pair_formats.c
 * alone. */
#ifndef ASSAY_DATA_PAIR_CHECK_H
#define ASSAY_DATA_PAIR_CHECK_H

#include "data/pair_set.h"

/* Of a pair whose labels are read. own: the share that the format itself gave, before. A list says how its answers
 * compare by itself, and a single answer is not compared: ASSAY_E_FORMAT, where the line says so beside them. */
assay_status assay_pair_check_label(const assay_pair *pair, double own, assay_error *err);

/* ASSAY_E_FORMAT for an answer that is not the assistant's. */
assay_status assay_pair_check_answers(const assay_pair *pair, assay_error *err);

/* Why nobody could learn from it; ASSAY_DROP_COUNT: it is a good pair. */
assay_drop_reason assay_pair_judge(const assay_pair *pair);

#endif
