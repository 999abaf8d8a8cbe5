/* Charts as inline SVG: lines over a number axis, and bars. Colours come from the page's style sheet by class (s1 ..
 * s4; s0 is ink), so that light, dark and print each have their own. Every mark that stands for a number has a <title>,
 * which screen readers read; lines have their names and the plot its ranges, out of which the page's script says the
 * values under the pointer (report_script.c). A legend shows each series as it is drawn. */
#ifndef ASSAY_REPORT_CHART_H
#define ASSAY_REPORT_CHART_H

#include "report/page.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum assay_unit { ASSAY_UNIT_NUMBER, ASSAY_UNIT_PERCENT, ASSAY_UNIT_BYTES } assay_unit;

typedef struct assay_series {
    const char *name;         /* for the legend; NULL: none */
    int color;                /* 1 .. 4 */
    const double *x, *y;      /* a point whose y is not finite is a gap */
    const double *low, *high; /* whiskers; NULL: none */
    size_t count;
    bool thin, dots, dashed;
    bool no_line; /* dots alone: too few points to be joined */
} assay_series;

typedef struct assay_chart {
    const char *title; /* plain text, for readers who do not see it */
    const char *x_label, *y_label;
    assay_unit unit;      /* of y */
    double y_low, y_high; /* NaN: as the values ask */
    double x_low, x_high; /* NaN: as the values ask */
    bool from_zero;       /* y begins at 0 at the latest */
} assay_chart;

void assay_chart_lines(assay_page *page, const assay_chart *chart, const assay_series *series, size_t count);

typedef struct assay_bar {
    double from, to, height; /* x range, y */
    double low, high;        /* whisker; NaN: none */
    int color;
    char label[96]; /* what the mark says when asked */
    char tick[24];  /* under the bar; "": the number axis is drawn instead */
    size_t pairs;   /* shown on the bar; 0: nothing */
} assay_bar;

void assay_chart_bars(assay_page *page, const assay_chart *chart, const assay_bar *bars, size_t count);

#endif
