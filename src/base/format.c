#include "base/format.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>

void assay_format_bytes(uint64_t bytes, char *text, size_t size)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1024 && unit < 4) {
        value /= 1024;
        unit++;
    }
    assay_text_format(text, size, unit < 3 ? "%.0f %s" : "%.2f %s", value, units[unit]);
}

void assay_format_seconds(double seconds, char *text, size_t size)
{
    if (!(seconds < 8640000)) seconds = 8640000;
    long whole = lround(seconds < 0 ? 0 : seconds);
    if (whole >= 3600) snprintf(text, size, "%ldh%02ldm", whole / 3600, whole % 3600 / 60);
    else if (whole >= 60) snprintf(text, size, "%ldm%02lds", whole / 60, whole % 60);
    else if (seconds >= 0.9995) assay_text_format(text, size, "%.3gs", seconds);
    else if (seconds >= 5e-7) assay_text_format(text, size, "%.3gms", seconds * 1000);
    else snprintf(text, size, "0s");
}
