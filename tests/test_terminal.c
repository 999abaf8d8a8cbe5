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
    terminal.columns = 8;
    assay_terminal_line(&terminal, "0123456789");
    assay_note(&log, "x");
    read_back(terminal.out);
    assert_string_equal(written, "\r0123456\033[K\r\033[Knote: x\n");
}

static void plain_progress_is_a_line_an_interval(void **state)
{
    (void)state;
    assay_progress progress;
    assay_terminal terminal = plain_terminal();
    assay_progress_begin(&progress, &terminal, "train", 5, 2);
    for (int64_t step = 1; step <= 5; step++) {
        assay_progress_sample sample = {step, 0.6931, 0.5, NAN, 1e-4, NAN, 1536u << 20, 0};
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
    (void)state;
    char text[32];
    assay_format_bytes(512, text, sizeof text);
    assert_string_equal(text, "512 B");
    assay_format_bytes(6ull << 30, text, sizeof text);
    assert_string_equal(text, "6.00 GiB");
    assay_format_seconds(3900, text, sizeof text);
    assert_string_equal(text, "1h05m");
    assay_format_seconds(130, text, sizeof text);
    assert_string_equal(text, "2m10s");
    assay_format_seconds(7.6, text, sizeof text);
    assert_string_equal(text, "8s");
    assay_format_seconds(NAN, text, sizeof text);
    assert_string_equal(text, "2400h00m");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),
        cmocka_unit_test(notes_and_warnings),
        cmocka_unit_test(a_note_does_not_tear_the_live_line),
        cmocka_unit_test(plain_progress_is_a_line_an_interval),
        cmocka_unit_test(figures),
    };
    return cmocka_run_group_tests_name("terminal", tests, NULL, NULL);
}
