/* A chart is a box of 480 x 250 units with the plot inside it: letters of 13 units stay legible where a phone makes the
 * box 340 pixels wide. Ticks are 1, 2 or 5 times a power of ten apart. A line of more points than the plot has room for
 * is drawn through the means of equal runs of points. */
#include "report/chart.h"

#include <math.h>
#include <stdio.h>

enum { WIDTH = 480, HEIGHT = 250, LEFT = 76, RIGHT = 14, TOP = 14, BOTTOM = 50, MOST_POINTS = 500, MOST_TICKS = 40 };
enum { TICK_DROP = 18, LABEL_RISE = 6, COUNT_RISE = 5 }; /* of texts, from axis, edge and bar */

typedef struct frame {
    assay_page *page;
    const assay_chart *chart;
    double x_low, x_high, y_low, y_high;
} frame;

static double at_x(const frame *f, double x)
{
    return (double)LEFT + (x - f->x_low) / (f->x_high - f->x_low) * (double)(WIDTH - LEFT - RIGHT);
}
static double at_y(const frame *f, double y)
{
    return HEIGHT - BOTTOM - (y - f->y_low) / (f->y_high - f->y_low) * (HEIGHT - TOP - BOTTOM);
}

static double between(double value, double low, double high) { return value < low ? low : value > high ? high : value; }

/* Beyond any float a run could have, so that ranges do not overflow. */
static bool is_drawn(double value) { return fabs(value) < 1e100; }

static void widen(double value, double *low, double *high)
{
    if (!is_drawn(value)) return;
    if (!(value >= *low)) *low = value;
    if (!(value <= *high)) *high = value;
}

/* Ends that are given win; equal ones, or all but equal ones (a double's steps are no axis), are moved apart. */
static void settle(double *low, double *high, double given_low, double given_high, double room)
{
    if (!isfinite(*low)) *low = 0;
    if (!isfinite(*high)) *high = 1;
    double size = *high - *low, most = fmax(fabs(*low), fabs(*high));
    if (size <= 1e-9 * most || size < 1e-100) {
        size = most > 1e-100 ? most : 1;
        *high = *low;
    }
    *low = isfinite(given_low) ? given_low : *low - room * size;
    *high = isfinite(given_high) ? given_high : *high + room * size;
    if (*high <= *low) *high = *low + size;
}

static double tick_step(double range, int ticks)
{
    double raw = range / ticks, power = pow(10, floor(log10(raw))), factor = raw / power;
    return power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10);
}

/* Of bytes: powers of two, so that labels are round. */
static double byte_step(double range)
{
    double step = 1;
    while (range / step > 6) step *= 2;
    return step;
}

static void put_number(const frame *f, double value, assay_unit unit)
{
    if (fabs(value) < 1e-9 * (f->y_high - f->y_low)) value = 0;
    if (unit == ASSAY_UNIT_BYTES) assay_page_bytes(f->page, value);
    else if (unit == ASSAY_UNIT_PERCENT) assay_page_add(f->page, "%.4g %%", 100 * value);
    else assay_page_add(f->page, fabs(value) >= 1e4 && fabs(value) < 1e7 ? "%.0f" : "%.4g", value);
}

/* Where the axis has its ticks: `first + i * step` for i below the count. They are counted, not added up: a step too
 * small to change the number would never come to the end. */
static int ticks_of(double low, double high, double step, double *first)
{
    *first = ceil(low / step - 1e-9) * step;
    double count = floor((high + 1e-9 * (high - low) - *first) / step) + 1;
    return count >= (double)MOST_TICKS ? MOST_TICKS : count > 0 ? (int)count : 0;
}

static void put_y_axis(const frame *f)
{
    double range = f->y_high - f->y_low,
           step = f->chart->unit == ASSAY_UNIT_BYTES ? byte_step(range) : tick_step(range, 5);
    double first;
    int count = ticks_of(f->y_low, f->y_high, step, &first);
    for (int i = 0; i < count; i++) {
        double y = first + i * step;
        assay_page_add(f->page, "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"tick end\" x=\"%d\" y=\"%.1f\">",
                       LEFT, at_y(f, y), WIDTH - RIGHT, LEFT - 6, at_y(f, y) + 4);
        put_number(f, y, f->chart->unit);
        assay_page_add(f->page, "</text>");
    }
}

static void put_x_axis(const frame *f)
{
    double range = f->x_high - f->x_low, step = tick_step(range, 6);
    double first;
    int count = ticks_of(f->x_low, f->x_high, step, &first);
    for (int i = 0; i < count; i++) {
        double x = first + i * step;
        assay_page_add(f->page, "<text class=\"tick mid\" x=\"%.1f\" y=\"%d\">%.6g</text>", at_x(f, x),
                       HEIGHT - BOTTOM + TICK_DROP, fabs(x) < 1e-9 * range ? 0 : x);
    }
}

static void open_chart(const frame *f, bool number_axis)
{
    static const char *const units[] = {"number", "percent", "bytes"};
    assay_page_add(f->page,
                   "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\" data-unit=\"%s\" data-label=\"%s\" "
                   "data-plot=\"%d %d %d %d\" data-range=\"%.9g %.9g %.9g %.9g\">",
                   WIDTH, HEIGHT, f->chart->title, units[f->chart->unit], f->chart->x_label, LEFT, WIDTH - RIGHT, TOP,
                   HEIGHT - BOTTOM, f->x_low, f->x_high, f->y_low, f->y_high);
    put_y_axis(f);
    if (number_axis) put_x_axis(f);
    assay_page_add(f->page, "<path class=\"axis\" d=\"M%d %dV%dH%d\"/>", LEFT, TOP, HEIGHT - BOTTOM, WIDTH - RIGHT);
    assay_page_add(f->page, "<text class=\"label mid\" x=\"%d\" y=\"%d\">%s</text>", (LEFT + WIDTH - RIGHT) / 2,
                   HEIGHT - LABEL_RISE, f->chart->x_label);
    assay_page_add(f->page, "<text class=\"label side mid\" transform=\"translate(13 %d) rotate(-90)\">%s</text>",
                   (TOP + HEIGHT - BOTTOM) / 2, f->chart->y_label);
}

static void put_whisker(const frame *f, double x, double low, double high, int color)
{
    if (!is_drawn(low) || !is_drawn(high)) return;
    double a = at_y(f, between(low, f->y_low, f->y_high)), b = at_y(f, between(high, f->y_low, f->y_high));
    assay_page_add(f->page, "<path class=\"whisker s%d\" d=\"M%.1f %.1fV%.1fm-4 0h8M%.1f %.1fh8\"/>", color, x, a, b,
                   x - 4, a);
}

static void put_dot(const frame *f, const assay_series *s, size_t i)
{
    double x = at_x(f, s->x[i]);
    if (s->low && s->high) put_whisker(f, x, s->low[i], s->high[i], s->color);
    assay_page_add(f->page, "<circle class=\"dot s%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"><title>", s->color, x,
                   at_y(f, between(s->y[i], f->y_low, f->y_high)));
    assay_page_add(f->page, "%s%s%s %.6g: ", s->name ? s->name : "", s->name ? ", " : "", f->chart->x_label, s->x[i]);
    put_number(f, s->y[i], f->chart->unit);
    assay_page_add(f->page, "</title></circle>");
}

/* The mean point of a run; false: it has no finite one. */
static bool mean_point(const assay_series *s, size_t begin, size_t end, double *x, double *y)
{
    size_t n = 0;
    *x = *y = 0;
    for (size_t i = begin; i < end; i++)
        if (is_drawn(s->y[i]) && is_drawn(s->x[i])) {
            *x += s->x[i];
            *y += s->y[i];
            n++;
        }
    if (n == 0) return false;
    *x /= (double)n;
    *y /= (double)n;
    return true;
}

static void put_classes(assay_page *page, const assay_series *s)
{
    assay_page_add(page, "line s%d%s%s", s->color, s->thin ? " thin" : "", s->dashed ? " dashed" : "");
}

static void put_line(const frame *f, const assay_series *s)
{
    size_t run = s->count / MOST_POINTS + 1;
    bool pen_down = false;
    double x, y;
    assay_page_add(f->page, "<path class=\"");
    put_classes(f->page, s);
    assay_page_add(f->page, "\" data-name=\"%s\" d=\"", s->name ? s->name : f->chart->title);
    for (size_t i = 0; i < s->count; i += run) {
        bool there = mean_point(s, i, i + run < s->count ? i + run : s->count, &x, &y);
        if (there)
            assay_page_add(f->page, "%c%.1f %.1f", pen_down ? 'L' : 'M', at_x(f, x),
                           at_y(f, between(y, f->y_low, f->y_high)));
        pen_down = there;
    }
    assay_page_add(f->page, "\"/>");
}

/* A sample of the series: its line, its dots, or both. */
static void put_key(assay_page *page, const assay_series *s)
{
    assay_page_add(page, "<span><svg class=\"key\" viewBox=\"0 0 26 10\" aria-hidden=\"true\">");
    if (!s->no_line) {
        assay_page_add(page, "<path class=\"");
        put_classes(page, s);
        assay_page_add(page, "\" d=\"M0 5H26\"/>");
    }
    if (s->dots) assay_page_add(page, "<circle class=\"dot s%d\" cx=\"13\" cy=\"5\" r=\"3.5\"/>", s->color);
    assay_page_add(page, "</svg>%s</span> ", s->name);
}

static void put_legend(assay_page *page, const assay_series *series, size_t count)
{
    assay_page_add(page, "<p class=\"legend\">");
    for (size_t i = 0; i < count; i++)
        if (series[i].name && series[i].count) put_key(page, &series[i]);
    assay_page_add(page, "</p>");
}

static frame frame_of_lines(assay_page *page, const assay_chart *chart, const assay_series *series, size_t count)
{
    frame f = {
        page, chart, (double)NAN, (double)NAN, chart->from_zero ? 0 : (double)NAN, chart->from_zero ? 0 : (double)NAN};
    for (size_t s = 0; s < count; s++)
        for (size_t i = 0; i < series[s].count; i++) {
            widen(series[s].x[i], &f.x_low, &f.x_high);
            widen(series[s].y[i], &f.y_low, &f.y_high);
            if (series[s].low) widen(series[s].low[i], &f.y_low, &f.y_high);
            if (series[s].high) widen(series[s].high[i], &f.y_low, &f.y_high);
        }
    bool at_zero = chart->from_zero && f.y_low >= 0;
    settle(&f.x_low, &f.x_high, chart->x_low, chart->x_high, 0);
    settle(&f.y_low, &f.y_high, at_zero ? 0 : chart->y_low, chart->y_high, 0.05);
    return f;
}

void assay_chart_lines(assay_page *page, const assay_chart *chart, const assay_series *series, size_t count)
{
    frame f = frame_of_lines(page, chart, series, count);
    put_legend(page, series, count);
    open_chart(&f, true);
    for (size_t s = 0; s < count; s++) {
        if (!series[s].no_line) put_line(&f, &series[s]);
        for (size_t i = 0; series[s].dots && i < series[s].count; i++)
            if (is_drawn(series[s].y[i]) && is_drawn(series[s].x[i])) put_dot(&f, &series[s], i);
    }
    assay_page_add(page, "</svg>\n");
}

static void put_bar(const frame *f, const assay_bar *bar)
{
    double left = at_x(f, bar->from), right = at_x(f, bar->to),
           top = at_y(f, between(bar->height, f->y_low, f->y_high)), gap = right - left > 4 ? 1 : 0;
    double foot = at_y(f, between(0, f->y_low, f->y_high));
    assay_page_add(f->page, "<rect class=\"bar s%d\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>",
                   bar->color, left + gap, top, fmax(right - left - 2 * gap, 0.5), fmax(foot - top, 0));
    assay_page_text(f->page, bar->label);
    assay_page_add(f->page, "</title></rect>");
    put_whisker(f, (left + right) / 2, bar->low, bar->high, 0);
    /* Beside a whisker there is room at the bar's foot alone. */
    if (bar->pairs)
        assay_page_add(f->page, "<text class=\"count mid\" x=\"%.1f\" y=\"%.1f\">%zu</text>", (left + right) / 2,
                       (is_drawn(bar->low) ? foot : top) - (double)COUNT_RISE, bar->pairs);
    if (!*bar->tick) return;
    assay_page_add(f->page, "<text class=\"tick mid\" x=\"%.1f\" y=\"%d\">", (left + right) / 2,
                   HEIGHT - BOTTOM + TICK_DROP);
    assay_page_text(f->page, bar->tick);
    assay_page_add(f->page, "</text>");
}

void assay_chart_bars(assay_page *page, const assay_chart *chart, const assay_bar *bars, size_t count)
{
    frame f = {page, chart, (double)NAN, (double)NAN, 0, 0};
    for (size_t i = 0; i < count; i++) {
        widen(bars[i].from, &f.x_low, &f.x_high);
        widen(bars[i].to, &f.x_low, &f.x_high);
        widen(bars[i].height, &f.y_low, &f.y_high);
    }
    settle(&f.x_low, &f.x_high, chart->x_low, chart->x_high, 0);
    settle(&f.y_low, &f.y_high, isfinite(chart->y_low) ? chart->y_low : 0, chart->y_high, 0.05);
    open_chart(&f, count && !*bars[0].tick);
    for (size_t i = 0; i < count; i++) put_bar(&f, &bars[i]);
    assay_page_add(page, "</svg>\n");
}
