/* Anonymous memory of this process (RssAnon): what no file backs and the kernel cannot drop. Predicted when a trainer is made, read while it runs.
 *
 * Mapped weights are not in it: the kernel reads them again when it must. What is read where the system does not tell is 0. */
#ifndef ASSAY_TRAIN_MEMORY_H
#define ASSAY_TRAIN_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of anonymous memory resident now. */
uint64_t assay_anonymous_bytes(void);

/* The peak to expect of a process that holds `present` now and is about to take `coming`: both, and an allowance for what nobody plans
 * (records and JSON of metrics, stacks of threads, buffers of the C library and of writing files), never meant to fall short. */
uint64_t assay_anonymous_plan(uint64_t present, uint64_t coming);

#endif
