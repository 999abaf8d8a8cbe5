/* Manual pages and the three completion scripts have every command and every option of the table, and no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/manual.h"
#include "options/option_table.h"

#include <stdio.h>
#include <string.h>

static bool is_shown(const assay_option_row *row, unsigned command)
{
    return (row->commands & command) && !(row->flags & ASSAY_OPTION_HIDDEN);
}

static size_t count_of(const char *text, const char *piece)
{
    size_t count = 0;
    for (; (text = strstr(text, piece)); text += strlen(piece)) count++;
    return count;
}

static assay_buf script_of(const char *shell)
{
    assay_buf script;
    assay_error err;
    assay_buf_init(&script, 1 << 22);
    assert_int_equal(assay_completion_script(&script, assay_commands(), shell, &err), ASSAY_OK);
    return script;
}

/* As many as the table has, and each of them: then there is no other. */
static void each_option(const assay_command *command, const char *part, const char *mark, const char *form)
{
    char wanted[128];
    size_t shown = 0;
    for (size_t i = 0; i < assay_option_count(); i++) {
        const assay_option_row *row = assay_option_at(i);
        if (!is_shown(row, command->takes)) continue;
        shown++;
        snprintf(wanted, sizeof wanted, form, row->name);
        if (!strstr(part, wanted)) fail_msg("%s of %s is missing (%s)", row->name, command->name, wanted);
    }
    assert_int_equal(count_of(part, mark), shown);
}

/* The text from `begin` on up to the next `end`, in `space`. */
static const char *part_of(const char *text, const char *begin, const char *end, char *space, size_t size)
{
    const char *from = strstr(text, begin);
    if (!from) fail_msg("there is no \"%s\"", begin);
    from += strlen(begin);
    snprintf(space, size, "%.*s ", (int)(strstr(from, end) - from), from);
    return space;
}

static void bash_has_all(void **state)
{
    static char part[1 << 16];
    char begin[80];
    assay_buf script = script_of("bash");
    (void)state;
    for (size_t i = 0; i < assay_commands().count; i++) {
        const assay_command *command = assay_commands().items[i];
        snprintf(begin, sizeof begin, "\n        %s) options='", command->name);
        each_option(command, part_of(script.data, begin, "'", part, sizeof part), "--", "--%s ");
    }
    assay_buf_release(&script);
}

static void zsh_has_all(void **state)
{
    static char part[1 << 17];
    char begin[80];
    assay_buf script = script_of("zsh");
    (void)state;
    for (size_t i = 0; i < assay_commands().count; i++) {
        const assay_command *command = assay_commands().items[i];
        snprintf(begin, sizeof begin, "\n        %s)\n            _arguments ", command->name);
        each_option(command, part_of(script.data, begin, " ;;\n", part, sizeof part), " \\\n", "--%s");
        snprintf(begin, sizeof begin, "\n        '%s:", command->name);
        assert_int_equal(count_of(script.data, begin), 1);
    }
    assay_buf_release(&script);
}

static void fish_has_all(void **state)
{
    char line[160];
    assay_buf script = script_of("fish");
    (void)state;
    for (size_t i = 0; i < assay_commands().count; i++) {
        const assay_command *command = assay_commands().items[i];
        size_t shown = 0;
        snprintf(line, sizeof line, "-n __fish_use_subcommand -a %s -d ", command->name);
        assert_int_equal(count_of(script.data, line), 1);
        for (size_t o = 0; o < assay_option_count(); o++) {
            const assay_option_row *row = assay_option_at(o);
            if (!is_shown(row, command->takes)) continue;
            shown++;
            snprintf(line, sizeof line, "'__fish_seen_subcommand_from %s' -l %s ", command->name, row->name);
            if (count_of(script.data, line) != 1) fail_msg("%s of %s is missing", row->name, command->name);
        }
        snprintf(line, sizeof line, "'__fish_seen_subcommand_from %s' -l ", command->name);
        assert_int_equal(count_of(script.data, line), shown);
    }
    assay_buf_release(&script);
}

/* roff writes a hyphen as \-. */
static void pages_have_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < assay_commands().count; i++) {
        const assay_command *command = assay_commands().items[i];
        assay_buf page, plain;
        assay_error err;
        assay_buf_init(&page, 1 << 20);
        assay_buf_init(&plain, 1 << 20);
        assert_int_equal(assay_manual_page(&page, assay_commands(), command, &err), ASSAY_OK);
        for (const char *at = page.data; *at; at++)
            if (*at != '\\' || at[1] != '-') assert_int_equal(assay_buf_byte(&plain, *at, &err), ASSAY_OK);
        each_option(command, plain.data, ".TP\n\\fB--", ".TP\n\\fB--%s\\fR");
        assay_buf_release(&page);
        assay_buf_release(&plain);
    }
}

/* Words that are known beforehand: commands behind help, verbs behind data. */
static void fixed_words_are_offered(void **state)
{
    static const char *const shells[] = {"bash", "zsh", "fish"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assay_buf script = script_of(shells[i]);
        assert_non_null(strstr(script.data, "check convert"));
        assert_true(count_of(script.data, "train plan preview verify") >= 1); /* behind help */
        assert_non_null(strstr(script.data, "rao-kupper"));
        assert_non_null(strstr(script.data, "q4_k"));
        assay_buf_release(&script);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bash_has_all),
        cmocka_unit_test(zsh_has_all),
        cmocka_unit_test(fish_has_all),
        cmocka_unit_test(pages_have_all),
        cmocka_unit_test(fixed_words_are_offered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
