/* Texts are most of the bytes of most files, so runs of bytes that stand for themselves are appended at once. */
#include "container/parquet_text.h"

#include "base/text.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t plain_run(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *start = at;
    while (at < end && *at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\') at++;
    return (size_t)(at - start);
}

static bool is_tail(uint8_t byte) { return (byte & 0xc0) == 0x80; }

/* The bytes of the character beyond ASCII at `at`, 0: no such character (RFC 3629, section 4). */
static size_t wide_size(const uint8_t *at, size_t left)
{
    uint8_t lead = at[0], second = left > 1 ? at[1] : 0;
    if (lead >= 0xc2 && lead <= 0xdf) return is_tail(second) ? 2 : 0;
    size_t size = lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
    if (size == 0 || left < size || !is_tail(second) || !is_tail(at[2]) || !is_tail(at[size - 1])) return 0;
    uint8_t lowest = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    uint8_t highest = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    return second >= lowest && second <= highest ? size : 0;
}

static size_t wide_run(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *start = at;
    while (at < end && *at >= 0x80) {
        size_t size = wide_size(at, (size_t)(end - at));
        if (size == 0) break;
        at += size;
    }
    return (size_t)(at - start);
}

static assay_status append_escape(assay_buf *out, uint8_t byte, assay_error *err)
{
    static const char shorts[] = "\"\"\\\\\nn\rr\tt\bb\ff";
    for (size_t i = 0; i + 1 < sizeof shorts; i += 2) {
        const char escape[] = {'\\', shorts[i + 1]};
        if ((uint8_t)shorts[i] == byte) return assay_buf_append(out, escape, sizeof escape, err);
    }
    return assay_buf_printf(out, err, "\\u%04x", byte);
}

assay_status assay_parquet_text_string(assay_buf *out, const void *bytes, size_t size, assay_error *err)
{
    const uint8_t *start = bytes, *at = start, *end = start + size;
    ASSAY_TRY(assay_buf_byte(out, '"', err));
    while (at < end) {
        size_t run = *at < 0x80 ? plain_run(at, end) : wide_run(at, end);
        if (run) {
            ASSAY_TRY(assay_buf_append(out, at, run, err));
            at += run;
        } else if (*at < 0x80) {
            ASSAY_TRY(append_escape(out, *at++, err));
        } else {
            return assay_error_set(err, ASSAY_E_FORMAT, "not valid UTF-8: byte 0x%02X at byte %zu of the text", *at,
                                   (size_t)(at - start) + 1);
        }
    }
    return assay_buf_byte(out, '"', err);
}

static int shortest_digits(double magnitude, char digits[24], int *exponent)
{
    char text[64] = "";
    int count = 0;
    for (int precision = magnitude < DBL_MIN ? 0 : 14; precision <= 16; precision++) {
        assay_text_format(text, sizeof text, "%.*e", precision, magnitude);
        if (assay_text_real(text, NULL) == magnitude) break;
    }
    const char *mark = strchr(text, 'e');
    for (const char *at = text; at < mark; at++)
        if (*at >= '0' && *at <= '9') digits[count++] = *at;
    while (count > 1 && digits[count - 1] == '0') count--;
    digits[count] = 0;
    *exponent = (int)strtol(mark + 1, NULL, 10);
    return count;
}

static assay_status append_decimal(assay_buf *out, const char *digits, int count, int exponent, assay_error *err)
{
    if (exponent < 0) return assay_buf_printf(out, err, "0.%.*s%s", -exponent - 1, "00000000", digits);
    if (exponent >= count - 1)
        return assay_buf_printf(out, err, "%s%.*s.0", digits, exponent - count + 1, "0000000000000000");
    return assay_buf_printf(out, err, "%.*s.%s", exponent + 1, digits, digits + exponent + 1);
}

assay_status assay_parquet_text_real(assay_buf *out, double real, assay_error *err)
{
    char digits[24];
    int exponent;
    if (isnan(real)) return assay_buf_text(out, "NaN", err);
    if (isinf(real)) return assay_buf_text(out, real < 0 ? "-Infinity" : "Infinity", err);
    if (signbit(real)) ASSAY_TRY(assay_buf_byte(out, '-', err));
    int count = shortest_digits(fabs(real), digits, &exponent);
    if (exponent >= -5 && exponent < 16) return append_decimal(out, digits, count, exponent, err);
    if (count == 1) return assay_buf_printf(out, err, "%se%d", digits, exponent);
    return assay_buf_printf(out, err, "%c.%se%d", digits[0], digits + 1, exponent);
}

assay_status assay_parquet_text_whole(assay_buf *out, int64_t whole, bool is_unsigned, assay_error *err)
{
    if (is_unsigned) return assay_buf_printf(out, err, "%" PRIu64, (uint64_t)whole);
    return assay_buf_printf(out, err, "%" PRId64, whole);
}

/* Rounds down, so that what is before 1970 keeps a fraction that counts forward. */
static int64_t split_units(int64_t units, int64_t unit, int64_t *rest)
{
    int64_t whole = units / unit;
    *rest = units % unit;
    if (*rest < 0) {
        *rest += unit;
        whole--;
    }
    return whole;
}

/* Proleptic Gregorian, counted in eras of 400 years from 1 March of year 0: the leap day is then a year's last. */
static assay_status append_date(assay_buf *out, int64_t days, assay_error *err)
{
    enum { DAYS_TO_1970 = 719468, DAYS_OF_ERA = 146097, DAYS_OF_9999 = 2932896, DAYS_OF_1 = -719162 };
    if (days < DAYS_OF_1 || days > DAYS_OF_9999)
        return assay_error_set(err, ASSAY_E_FORMAT, "%" PRId64 " days from 1970 is no year from 1 to 9999", days);
    int64_t since = days + DAYS_TO_1970, era = since / DAYS_OF_ERA, day = since % DAYS_OF_ERA;
    int64_t year = (day - day / 1460 + day / 36524 - day / (DAYS_OF_ERA - 1)) / 365;
    day -= 365 * year + year / 4 - year / 100;
    int64_t month = (5 * day + 2) / 153;
    day -= (153 * month + 2) / 5;
    month = month < 10 ? month + 3 : month - 9;
    return assay_buf_printf(out, err, "%04d-%02d-%02d", (int)(year + 400 * era + (month <= 2)), (int)month,
                            (int)day + 1);
}

static assay_status append_time(assay_buf *out, int64_t nanoseconds, assay_error *err)
{
    int64_t rest, seconds = split_units(nanoseconds, 1000000000, &rest);
    ASSAY_TRY(assay_buf_printf(out, err, "%02d:%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60),
                               (int)(seconds % 60)));
    if (rest == 0) return ASSAY_OK;
    if (rest % 1000) return assay_buf_printf(out, err, ".%09d", (int)rest);
    return assay_buf_printf(out, err, ".%06d", (int)(rest / 1000));
}

static int64_t nanoseconds_of(int32_t digits) { return digits == 3 ? 1000000 : digits == 6 ? 1000 : 1; }

static const int64_t day_in_nanoseconds = INT64_C(86400) * 1000000000;

assay_status assay_parquet_text_date(assay_buf *out, int64_t days, assay_error *err)
{
    ASSAY_TRY(assay_buf_byte(out, '"', err));
    ASSAY_TRY(append_date(out, days, err));
    return assay_buf_byte(out, '"', err);
}

assay_status assay_parquet_text_time(assay_buf *out, int64_t units, int32_t digits, assay_error *err)
{
    int64_t unit = nanoseconds_of(digits);
    if (units < 0 || units >= day_in_nanoseconds / unit)
        return assay_error_set(err, ASSAY_E_FORMAT, "%" PRId64 " is no time of a day", units);
    ASSAY_TRY(assay_buf_byte(out, '"', err));
    ASSAY_TRY(append_time(out, units * unit, err));
    return assay_buf_byte(out, '"', err);
}

assay_status assay_parquet_text_timestamp(assay_buf *out, int64_t units, int32_t digits, bool utc, assay_error *err)
{
    int64_t unit = nanoseconds_of(digits), rest;
    int64_t days = split_units(units, day_in_nanoseconds / unit, &rest);
    ASSAY_TRY(assay_buf_byte(out, '"', err));
    ASSAY_TRY(append_date(out, days, err));
    ASSAY_TRY(assay_buf_byte(out, 'T', err));
    ASSAY_TRY(append_time(out, rest * unit, err));
    return assay_buf_text(out, utc ? "+00:00\"" : "\"", err);
}
