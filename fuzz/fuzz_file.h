/* For the fuzz targets: the input as a file, because the readers map or open what they read.
 *
 * All lie in one folder of a memory file system, made on first use and removed at exit. A target is an
 * LLVMFuzzerTestOneInput, called by libFuzzer (scripts/fuzz) or by replay_main.c (scripts/test fuzz). */
#ifndef ASSAY_FUZZ_FUZZ_FILE_H
#define ASSAY_FUZZ_FUZZ_FILE_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The folder; ends the program when there is none to be had. */
const char *assay_fuzz_folder(void);

/* Writes folder/name anew; the path stays valid until the next call with another name. */
const char *assay_fuzz_put(const char *name, const void *data, size_t size);

/* Reads every byte, so that a range outside the mapping is seen. */
void assay_fuzz_touch(const void *data, size_t size);

#endif
