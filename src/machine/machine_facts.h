/* machine.json beside a run's output: what it ran on. The one file that two machines write differently for the same
 * run, besides measured times. */
#ifndef ASSAY_MACHINE_MACHINE_FACTS_H
#define ASSAY_MACHINE_MACHINE_FACTS_H

#include "base/status.h"

#include <jansson.h>

assay_status assay_machine_facts_save(const char *folder, int threads, const char *kernels, assay_error *err);

#endif
