/* Records of public data that hold no pair of answers: steps with labels. Told by their
 * fields, so that the error says what was given and not which field of some other format is missing. */
#ifndef ASSAY_DATA_OTHER_FORMATS_H
#define ASSAY_DATA_OTHER_FORMATS_H

#include "base/json_doc.h"

/* ASSAY_E_FORMAT with the sentence, or ASSAY_OK: none of them. */
assay_status assay_other_format_name(const json_t *line, assay_error *err);

#endif
