/* strftime on the day that was given, at midnight, in the C locale. No clock is looked at: a reward that changes with
 * the day would be a fault. */
#include "python/py_date.h"

#include "python/py_run.h"
#include "python/py_text.h"

#include <stdio.h>
#include <string.h>

typedef struct day {
    int year, month, day; /* month and day from 1 */
    int weekday, of_year; /* Sunday is 0; January 1st is 1 */
} day;

static bool is_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

static int days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

static bool read_number(const char *text, int count, int *out)
{
    *out = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        *out = *out * 10 + (text[i] - '0');
    }
    return true;
}

static bool read_day(const char *text, day *out)
{
    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-') return false;
    if (!read_number(text, 4, &out->year) || !read_number(text + 5, 2, &out->month) ||
        !read_number(text + 8, 2, &out->day))
        return false;
    if (out->year < 1 || out->month < 1 || out->month > 12 || out->day < 1 || out->day > days_of(out->year, out->month))
        return false;
    out->of_year = out->day;
    for (int month = 1; month < out->month; month++) out->of_year += days_of(out->year, month);
    int before = out->year - 1;
    out->weekday = (before * 365 + before / 4 - before / 100 + before / 400 + out->of_year) % 7;
    return true;
}

static const char *const weekdays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};

static assay_status put_number(assay_py_run *run, assay_py_build *build, int number, int width, char flag)
{
    if (flag == '-') return assay_py_build_printf(run, build, "%d", number);
    if (flag == '_') return assay_py_build_printf(run, build, "%*d", width, number);
    return assay_py_build_printf(run, build, "%0*d", width, number);
}

static assay_status put_names(assay_py_run *run, assay_py_build *build, const day *d, char kind)
{
    const char *name = kind == 'a' || kind == 'A' ? weekdays[d->weekday] : months[d->month - 1];
    if (kind == 'a' || kind == 'b' || kind == 'h') return assay_py_build_bytes(run, build, name, 3);
    return assay_py_build_literal(run, build, name);
}

static assay_status put_directive(assay_py_run *run, assay_py_build *build, const day *d, char kind, char flag)
{
    switch (kind) {
    case 'Y':
        return assay_py_build_printf(run, build, "%d", d->year);
    case 'y':
        return put_number(run, build, d->year % 100, 2, flag);
    case 'm':
        return put_number(run, build, d->month, 2, flag);
    case 'd':
        return put_number(run, build, d->day, 2, flag);
    case 'e':
        return put_number(run, build, d->day, 2, flag ? flag : '_');
    case 'j':
        return put_number(run, build, d->of_year, 3, flag);
    case 'H':
    case 'M':
    case 'S':
        return put_number(run, build, 0, 2, flag);
    case 'I':
        return put_number(run, build, 12, 2, flag);
    case 'f':
        return assay_py_build_literal(run, build, "000000");
    case 'p':
        return assay_py_build_literal(run, build, "AM");
    case 'u':
        return put_number(run, build, d->weekday ? d->weekday : 7, 1, flag);
    case 'w':
        return put_number(run, build, d->weekday, 1, flag);
    case 'U':
        return put_number(run, build, (d->of_year + 6 - d->weekday) / 7, 2, flag);
    case 'W':
        return put_number(run, build, (d->of_year + 6 - (d->weekday + 6) % 7) / 7, 2, flag);
    case 'F':
        return assay_py_build_printf(run, build, "%d-%02d-%02d", d->year, d->month, d->day);
    case 'D':
    case 'x':
        return assay_py_build_printf(run, build, "%02d/%02d/%02d", d->month, d->day, d->year % 100);
    case 'T':
    case 'X':
        return assay_py_build_literal(run, build, "00:00:00");
    case 'R':
        return assay_py_build_literal(run, build, "00:00");
    case 'c':
        return assay_py_build_printf(run, build, "%.3s %.3s %2d 00:00:00 %d", weekdays[d->weekday],
                                     months[d->month - 1], d->day, d->year);
    case 'Z':
    case 'z':
        return ASSAY_OK;
    case 'n':
        return assay_py_build_byte(run, build, '\n');
    case 't':
        return assay_py_build_byte(run, build, '\t');
    case '%':
        return assay_py_build_byte(run, build, '%');
    default:
        if (kind && strchr("aAbBh", kind)) return put_names(run, build, d, kind);
        return assay_py_run_unsupported(run, "strftime_now with the directive %%%c", kind);
    }
}

assay_status assay_py_date_print(assay_py_run *run, const assay_py_value *format, assay_py_value *out)
{
    assay_py_build build = {0};
    day d;
    if (!run->date)
        return assay_error_set(
            run->err, ASSAY_E_USAGE,
            "%s, line %d: the template asks for today's date; give --date YYYY-MM-DD, or --chat-template-kwargs "
            "'{\"date_string\": \"...\"}' where the template takes it",
            run->name, run->line);
    if (!read_day(run->date, &d))
        return assay_error_set(run->err, ASSAY_E_USAGE, "\"%s\" is no date; write YYYY-MM-DD", run->date);
    for (size_t i = 0; i < format->size; i++) {
        char flag = 0, kind = format->as.text[i];
        if (kind != '%') {
            ASSAY_TRY(assay_py_build_byte(run, &build, kind));
            continue;
        }
        i++;
        if (i < format->size && (format->as.text[i] == '-' || format->as.text[i] == '_')) flag = format->as.text[i++];
        ASSAY_TRY(put_directive(run, &build, &d, i < format->size ? format->as.text[i] : 0, flag));
    }
    *out = assay_py_build_value(&build);
    return ASSAY_OK;
}
