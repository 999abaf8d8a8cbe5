/* report.html: one file that shows a run, from what the run's folder holds (docs/report.md says what and from where).
 *
 * It needs no other file, no network and no script to be read; its script says the values under the pointer, copies the
 * command line and opens the folded texts before printing.
 * Text from data, options and file names is escaped. The same folder gives the same bytes. */
#ifndef ASSAY_REPORT_REPORT_H
#define ASSAY_REPORT_REPORT_H

#include "base/status.h"

#include <stddef.h>

#define ASSAY_REPORT_NAME "report.html"

/* path NULL: report.html in the folder. Written whole or not at all, over what was there. bytes may be NULL. A folder
 * that is no run's is ASSAY_E_USAGE. */
assay_status assay_report_write(const char *folder, const char *path, size_t *bytes, assay_error *err);

#endif
