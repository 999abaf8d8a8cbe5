/* Single code points as Python's str methods see them; tables by utf8proc. */
#ifndef ASSAY_PYTHON_PY_POINT_H
#define ASSAY_PYTHON_PY_POINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The code point at the start of valid UTF-8; *size: its bytes. */
int32_t assay_py_point_decode(const char *text, size_t *size);
size_t assay_py_point_encode(int32_t point, char out[4]);

bool assay_py_point_is_space(int32_t point);
bool assay_py_point_is_printable(int32_t point);
bool assay_py_point_is_name(int32_t point); /* may stand in an identifier */
bool assay_py_point_is_alpha(int32_t point);
bool assay_py_point_is_decimal(int32_t point);
bool assay_py_point_is_digit(int32_t point);
bool assay_py_point_is_numeric(int32_t point);
bool assay_py_point_is_upper(int32_t point);
bool assay_py_point_is_lower(int32_t point);
bool assay_py_point_is_title(int32_t point);
bool assay_py_point_is_cased(int32_t point);
bool assay_py_point_is_case_ignorable(int32_t point); /* skipped where a final sigma is looked for */

/* Up to three code points; returns how many. Lower case: without the rule for the final sigma. */
size_t assay_py_point_upper(int32_t point, int32_t out[3]);
size_t assay_py_point_title(int32_t point, int32_t out[3]);
size_t assay_py_point_lower(int32_t point, int32_t out[3]);

#endif
