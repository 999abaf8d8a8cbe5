/* HTML in the making: text is added until the first failure, which is remembered and said once at the end.
 *
 *     assay_page page;
 *     assay_page_init(&page, err);
 *     assay_page_add(&page, "<h1>%s</h1>", "constant text only");
 *     assay_page_text(&page, anything); // escaped
 *     if (page.status == ASSAY_OK) write_out(page.buf.data, page.buf.size);
 *     assay_page_release(&page);
 */
#ifndef ASSAY_REPORT_PAGE_H
#define ASSAY_REPORT_PAGE_H

#include "base/buf.h"

#include <jansson.h>
#include <stdint.h>

typedef struct assay_page {
    assay_buf buf;
    assay_status status;
    assay_error *err;
} assay_page;

void assay_page_init(assay_page *page, assay_error *err);
void assay_page_release(assay_page *page);

/* printf; a formatted piece is shorter than 4 KiB. Text from outside goes through assay_page_text. */
void assay_page_add(assay_page *page, const char *format, ...) ASSAY_PRINTF(2, 3);

/* Escaped for element content and quoted attributes; control characters other than tab and newline become U+FFFD. NULL
 * adds nothing. */
void assay_page_text(assay_page *page, const char *text);

/* A JSON value as a reader wants it: texts escaped, numbers short, lists joined by commas, null as a dash. */
void assay_page_value(assay_page *page, const json_t *value);

/* So many significant digits; a dash for what is no number. */
void assay_page_number(assay_page *page, double value, int digits);

/* "1.5 GiB", "320 MiB" */
void assay_page_bytes(assay_page *page, double bytes);

#endif
