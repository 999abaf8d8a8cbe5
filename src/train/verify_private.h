/* Shared by verify.c and verify_ways.c alone. */
#ifndef ASSAY_TRAIN_VERIFY_PRIVATE_H
#define ASSAY_TRAIN_VERIFY_PRIVATE_H

#include "base/alloc.h"
#include "train/verify.h"

/* Fills in the lists and the cells; result->tokens is set. longest_pair: tokens of the largest pair, the smallest
 * micro-batch. */
assay_status assay_verify_list_ways(assay_verify_result *result, const assay_verify_setup *setup, size_t longest_pair,
                                    assay_error *err);

#endif
