/* The formats of data/pair_formats.h that hold one answer with a label: true (1) or false (0), or a number from 0 to 1,
 * the probability that it is good. For its table alone. Sources: huggingface/trl, docs/source/dataset_formats.md
 * (unpaired preference); modelscope/ms-swift, its custom data sets (KTO). */
#ifndef ASSAY_DATA_SINGLE_FORMATS_H
#define ASSAY_DATA_SINGLE_FORMATS_H

#include "data/format_reader.h"

assay_status assay_single_unpaired(const assay_format_reader *reader); /* prompt + completion + label */
assay_status assay_single_messages(const assay_format_reader *reader); /* messages, the last the answer, + label */

#endif
