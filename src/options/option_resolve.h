/* The last step of reading options: what names from elsewhere say is turned into our options, MedicalGPT's defaults
 * come along where its names were used, and values that depend on others are filled in. */
#ifndef ASSAY_OPTIONS_OPTION_RESOLVE_H
#define ASSAY_OPTIONS_OPTION_RESOLVE_H

#include "options/options.h"

assay_status assay_options_resolve(assay_options *options, unsigned command, const assay_log *log, assay_error *err);

#endif
