/* Amounts as a person reads them. `text` is always terminated; what does not fit into `size` is cut. */
#ifndef ASSAY_BASE_FORMAT_H
#define ASSAY_BASE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

/* 1.5 GiB, 320 MiB */
void assay_format_bytes(uint64_t bytes, char *text, size_t size);
/* 1h05m, 2m10s, 8.25s, 12.5ms; the first two, and whole seconds, are what --time takes, too. */
void assay_format_seconds(double seconds, char *text, size_t size);

#endif
