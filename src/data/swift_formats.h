/* ms-swift's formats of data/pair_formats.h, for its table alone: the answer that was rejected stands apart, as a text,
 * a conversation or a list of texts. Source: modelscope/ms-swift, its custom data sets. */
#ifndef ASSAY_DATA_SWIFT_FORMATS_H
#define ASSAY_DATA_SWIFT_FORMATS_H

#include "data/format_reader.h"

assay_status assay_swift_messages(const assay_format_reader *reader); /* messages, the last the chosen answer */
assay_status assay_swift_query(const assay_format_reader *reader);    /* query, response and history beside them */

#endif
