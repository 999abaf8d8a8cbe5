/* Near misses, the terminal's lines, and progress as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/format.h"
#include "cli/progress.h"
#include "options/nearest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static unsigned distance(const char *a, const char *b)
{
    assay_nearest nearest;
    assay_nearest_begin(&nearest, a, strlen(a));
    assay_nearest_offer(&nearest, b);
    return nearest.distance;
}

static void distances(void **state)
{
    (void)state;
    assert_int_equal(distance("lora-rank", "lora_rank"), 0);
    assert_int_equal(distance("lora-rnak", "lora-rank"), 1);
    assert_int_equal(distance("kitten", "sitting"), 3);
    assert_int_equal(distance("", "abc"), 3);
    assert_int_equal(distance("TUNING", "tuning"), 0);
    assert_int_equal(distance("gradient", "gradient-checkpointing"), 2); /* a beginning is near */
    char long_word[500];
    memset(long_word, 'a', sizeof long_word - 1);
    long_word[sizeof long_word - 1] = '\0';
    assert_true(distance(long_word, "lr") > 50);
}

/* What a function writes to a terminal without live line. */
static char written[4096];

static void read_back(FILE *file)
{
    rewind(file);
    size_t size = fread(written, 1, sizeof written - 1, file);
    written[size] = '\0';
    fclose(file);
}

static assay_terminal plain_terminal(void)
{
    assay_terminal terminal;
    FILE *file = tmpfile();
    assert_non_null(file);
    assay_terminal_open(&terminal, file);
    assert_false(terminal.live);
    assert_false(terminal.color);
    return terminal;
}

static void notes_and_warnings(void **state)
{
    (void)state;
    assay_terminal terminal = plain_terminal();
    assay_log log = assay_terminal_log(&terminal);
    assay_note(&log, "one %d", 1);
    assay_warn(&log, "two");
    terminal.quiet = true;
    assay_note(&log, "three");
    assay_warn(&log, "four");
    assay_terminal_error(&terminal, "five");
    read_back(terminal.out);
    assert_string_equal(written, "note: one 1\nwarning: two\nwarning: four\nassay: five\n");
}

static void a_note_does_not_tear_the_live_line(void **state)
{
    (void)state;
    assay_terminal terminal = plain_terminal();
    assay_log log = assay_terminal_log(&terminal);
    terminal.live = true;
    terminal.columns = 10;
    assay_terminal_line(&terminal, "0123456789");
    assay_note(&log, "x");
    read_back(terminal.out);
    assert_string_equal(written, "\r0123456\033[K\r\033[Knote: x\n"); /* room for the ^C of a Ctrl-C */
}

static void notes_are_broken_between_words(void **state)
{
    (void)state;
    assay_terminal terminal = plain_terminal();
    assay_log log = assay_terminal_log(&terminal);
    terminal.live = true;
    terminal.columns = 24;
    assay_note(&log, "one two three four five");
    assay_note(&log, "\xe4\xb8\x80\xe4\xba\x8c\xe4\xb8\x89 \xe5\x9b\x9b\xe4\xba\x94\xe5\x85\xad\xe4\xb8\x83 eight");
    assay_note(&log, "/a/path/that/is/longer/than/a/line stays");
    read_back(terminal.out);
    assert_string_equal(
        written,
        "note: one two three four\n  five\n"
        "note: \xe4\xb8\x80\xe4\xba\x8c\xe4\xb8\x89 \xe5\x9b\x9b\xe4\xba\x94\xe5\x85\xad\xe4\xb8\x83\n  eight\n"
        "note: /a/path/that/is/longer/than/a/line\n  stays\n");
}

/* What the last update of a run draws on a terminal of so many columns. */
static const char *drawn(int columns, const assay_progress_sample *sample)
{
    assay_progress progress;
    assay_terminal terminal = plain_terminal();
    terminal.live = true;
    terminal.columns = columns;
    assay_progress_begin(&progress, &terminal, "train", 99999, 1);
    progress.first_seconds = 1;
    assay_progress_update(&progress, sample);
    assay_progress_end(&progress);
    read_back(terminal.out);
    return written;
}

/* A long run's figures at their widest. The line is drawn again at the end: what stands in it, ^C too, is whole. */
static void a_narrow_terminal_keeps_rate_memory_and_time(void **state)
{
    const assay_progress_sample sample = {.step = 12345,
                                          .loss = 0.6931,
                                          .accuracy = 0.75,
                                          .margin = -0.123,
                                          .lr = 1e-4,
                                          .tokens_per_second = 123456,
                                          .memory_bytes = 123ull << 30,
                                          .memory_limit = 200ull << 30};
    const char *text;
    (void)state;
    for (int columns = 60; columns <= 200; columns += 10) {
        text = drawn(columns, &sample);
        const char *end = strchr(text + 1, '\r');
        assert_non_null(end);
        assert_true(end - text <= columns + 2); /* with \r and the erase, and room for ^C */
        assert_memory_equal(end, text, (size_t)(end - text));
        assert_string_equal(end + (end - text), "\n");
        if (columns < 70) continue;
        assert_non_null(strstr(text, "train 12345/99999"));
        assert_non_null(strstr(text, "  tok/s 123456"));
        assert_non_null(strstr(text, "  mem 123.00 GiB"));
        assert_non_null(strstr(text, "  ETA "));
    }
    assert_non_null(strstr(text, "[#...............] train"));
    assert_non_null(strstr(text, "of 200.00 GiB"));
}

static void more_memory_than_the_limit_is_explained(void **state)
{
    const assay_progress_sample sample = {.step = 1,
                                          .loss = NAN,
                                          .accuracy = NAN,
                                          .margin = NAN,
                                          .lr = NAN,
                                          .tokens_per_second = NAN,
                                          .memory_bytes = 13 << 20,
                                          .memory_limit = 5 << 20,
                                          .planned_bytes = 4 << 20};
    (void)state;
    assert_non_null(strstr(drawn(120, &sample), "  mem 13 MiB (plan 4 MiB + program, data)"));
}

static void plain_progress_is_a_line_an_interval(void **state)
{
    (void)state;
    assay_progress progress;
    assay_terminal terminal = plain_terminal();
    assay_progress_begin(&progress, &terminal, "train", 5, 2);
    for (int64_t step = 1; step <= 5; step++) {
        assay_progress_sample sample = {step, 0.6931, 0.5, NAN, 1e-4, NAN, 1536u << 20, 0, 0};
        assay_progress_update(&progress, &sample);
    }
    assay_progress_end(&progress);
    read_back(terminal.out);
    assert_non_null(strstr(written, "train 2/5  loss 0.6931  acc 0.500  lr 1.00e-04  mem 1.50 GiB"));
    assert_non_null(strstr(written, "train 4/5"));
    assert_non_null(strstr(written, "train 5/5"));
    assert_null(strstr(written, "train 3/5"));
    assert_null(strchr(written, '\033'));
}

static void figures(void **state)
{
    static const struct {
        double seconds;
        const char *text;
    } times[] = {{3900, "1h05m"}, {130, "2m10s"},      {7.6, "7.6s"}, {6160, "1h42m"},  {59.97, "1m00s"},
                 {0.9996, "1s"},  {0.01234, "12.3ms"}, {-1, "0s"},    {NAN, "2400h00m"}};
    (void)state;
    char text[32];
    assay_format_bytes(512, text, sizeof text);
    assert_string_equal(text, "512 B");
    assay_format_bytes(6ull << 30, text, sizeof text);
    assert_string_equal(text, "6.00 GiB");
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        assay_format_seconds(times[i].seconds, text, sizeof text);
        assert_string_equal(text, times[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),
        cmocka_unit_test(notes_and_warnings),
        cmocka_unit_test(a_note_does_not_tear_the_live_line),
        cmocka_unit_test(notes_are_broken_between_words),
        cmocka_unit_test(a_narrow_terminal_keeps_rate_memory_and_time),
        cmocka_unit_test(more_memory_than_the_limit_is_explained),
        cmocka_unit_test(plain_progress_is_a_line_an_interval),
        cmocka_unit_test(figures),
    };
    return cmocka_run_group_tests_name("terminal", tests, NULL, NULL);
}
