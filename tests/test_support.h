/* What every test program includes first: cmocka with the headers it wants, in the order it wants them. */
#ifndef TEST_SUPPORT_H
#define TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>

/* Under the sanitizers everything is some ten times slower. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { TESTS_ARE_SANITIZED = 1 };
#else
enum { TESTS_ARE_SANITIZED = 0 };
#endif

/* Whether every combination is to be run: scripts/prove thorough sets ASSAY_THOROUGH. The gate runs a witness of each
 * kind, so that it stays within minutes. */
static inline bool tests_are_thorough(void) { return getenv("ASSAY_THOROUGH") != NULL; }

#endif
