/* Records that have the fields of public data of labelled steps, and not the values (data/step_file.h). The error says
 * what they should be, and not which field of some other format is missing. */
#ifndef ASSAY_DATA_OTHER_FORMATS_H
#define ASSAY_DATA_OTHER_FORMATS_H

#include "base/json_doc.h"

/* ASSAY_E_FORMAT with the sentence, or ASSAY_OK: none of them. */
assay_status assay_other_format_name(const json_t *line, assay_error *err);

#endif
