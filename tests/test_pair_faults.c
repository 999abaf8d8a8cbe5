/* Every bad line of a pair file by its sentence, and what is read beside bad lines. */
#include "data/pair_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "pair_scratch.h"

/* name, content, what the sentence must say (all of them) */
static const struct bad_case {
    const char *name, *text;
    size_t size;
    const char *says[3];
    // clang-format off
} bad_cases[] = {
#define BAD(name, text, ...)                         \
    {                                                \
        name, text, sizeof text - 1, { __VA_ARGS__ } \
    }
    BAD("a.jsonl", "{\"prompt\":\"p\",\"chosen\":\"a\"}\n",
        "a.jsonl:1: ", "\"rejected\" of the prompt format is missing"),
    BAD("a.jsonl", "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":null}\n", "a.jsonl:1: ", "\"rejected\""),
    BAD("a.jsonl", "{\"prompt\":7,\"chosen\":\"a\",\"rejected\":\"b\"}\n", "\"prompt\" should be", "is a number"),
    BAD("a.jsonl", "{\"prompt\":\"p\",\"chosen\":1,\"rejected\":\"b\"}\n", "\"chosen\" should be", "is a number"),
    BAD("a.jsonl", "{\"prompt\":\"p\",\"chosen\":[],\"rejected\":\"b\"}\n", "chosen has no message"),
    BAD("a.jsonl", "{\"chosen\":\"a\",\"rejected\":\"b\",\"ask\":\"q\"}\n", "no prompt", "--columns prompt=FIELD",
        "chosen, rejected, ask"),
    BAD("a.jsonl", "{\"a\":1}\n", "not a pair in any known format", "--columns"),
    BAD("a.jsonl", "[1]\n", "a.jsonl:1 (element 1): an object"),
    BAD("a.jsonl", "7\n", "a.jsonl:1: an object"),
    BAD("a.jsonl", "\n\n{\"prompt\":\n", "a.jsonl:3: not valid JSON"),
    BAD("a.jsonl", "{\"prompt\":\"p\",\"chosen\":\"\xC3(\",\"rejected\":\"b\"}\n", "a.jsonl:1: not valid UTF-8",
        "0xC3 at byte 25", "save the file as UTF-8"),
    BAD("a.jsonl", "{\"prompt\":\"p\",\"chosen\":\"\\ud800\",\"rejected\":\"b\"}\n", "a.jsonl:1: \"chosen\" should be",
        "is a text with half a surrogate pair"),
    BAD("a.jsonl", "\xFF\xFE{\0}\0", "is UTF-16 text", "iconv"),
    BAD("a.jsonl", "PAR1\0\0", "a.jsonl: no Parquet file"),
    BAD("a.parquet", "anything", "a.parquet:1: not valid JSON"),
    BAD("a.jsonl", "", "holds no pair: it is empty"),
    BAD("a.json", "[]", "holds no pair: it is empty"),
    BAD("a.json", "[{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}",
        "a.json:1 (element 1): the array is cut off"),
    BAD("a.json", "[{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"},",
        "a.json:1 (element 1): the array is cut off after"),
    BAD("a.json", "[{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"},]", "a comma after the last element"),
    BAD("a.json", "[{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}] x", "text after the end"),
    BAD("a.json", "{\n \"prompt\": \"p\"\n}\n", "a.json:1: the field \"chosen\" of the prompt format is missing"),
    BAD("a.json", "{\n \"prompt\": \"p\n", "a.json:1: not valid JSON"),
    BAD("a.json", "{\"data\": [{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}] x",
        "a comma or a brace is expected"),
    BAD("a.json", "{\"data\": [{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}", "the array is cut off"),
    BAD("a.json", "{\"prompt\":[\"p\",\"q\"],\"chosen\":[\"a\",1],\"rejected\":[\"b\",\"c\"]}",
        "a.json:1 (element 2): \"chosen\""),
    BAD("a.jsonl",
        "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}\n{\"instruction\":\"p\",\"chosen\":\"a\",\"rejected\":"
        "\"b\"}\n",
        "a.jsonl:2: this line is in the alpaca format, but line 1", "prompt format", "two files"),
    BAD("a.jsonl", "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\",\"margin\":\"much\"}\n",
        "\"margin\" should be a number from -1e6 to 1e6"),
    BAD("a.jsonl", "{\"input\":\"p\",\"output_1\":\"a\",\"output_2\":\"b\",\"label\":3}\n",
        "\"label\" should be 1 or 2"),
    BAD("a.jsonl", "{\"conversations\":[{\"from\":\"alien\",\"value\":\"x\"}],\"chosen\":\"a\",\"rejected\":\"b\"}\n",
        "role \"alien\"", "known are"),
    BAD("a.jsonl", "{\"conversations\":[{\"value\":\"x\"}],\"chosen\":\"a\",\"rejected\":\"b\"}\n", "\"conversations\"",
        "has no role"),
    BAD("a.jsonl", "{\"conversations\":[{\"from\":\"human\",\"value\":3}],\"chosen\":\"a\",\"rejected\":\"b\"}\n",
        "content is a number"),
    BAD("a.jsonl",
        "{\"prompt\":\"p\",\"chosen\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"image\"}]}],\"rejected\":\"b\"}"
        "\n",
        "only text can be scored"),
    BAD("a.jsonl",
        "{\"prompt\":\"p\",\"chosen\":[{\"role\":\"assistant\",\"content\":\"x\"},{\"role\":\"user\",\"content\":\"y\"}"
        "],\"rejected\":\"b\"}\n",
        "chosen ends with a user message"),
    BAD("a.jsonl",
        "{\"chosen\":[{\"role\":\"user\",\"content\":\"x\"}],\"rejected\":[{\"role\":\"user\",\"content\":\"y\"}]}\n",
        "different prompts"),
    BAD("a.jsonl", "{\"question\":\"q\",\"history\":[[\"a\"]],\"response_chosen\":\"a\",\"response_rejected\":\"b\"}\n",
        "element 1 of \"history\""),
    BAD("a.csv", "prompt,chosen,rejected\np,a\n", "a.csv:2: 2 cells", "3 columns"),
    BAD("a.csv", "prompt;chosen;rejected\np;a;b\n", "a.csv:1: the header is one column",
        "parted by \";\" and not by \",\"",
        "read_csv(sys.argv[1], sep=';')"),
    BAD("a.tsv", "prompt,chosen,rejected\np,a,b\n", "parted by \",\" and not by \"\\t\"", "sep=','"),
    BAD("a.csv", "Why?,Because.,No.\nWhat?,That.,This.\n", "a.csv:2: not a pair in any known format",
        "where it is data already", "sed -i '1i prompt,chosen,rejected' '"),
    BAD("a.csv", "prompt,chosen,chosen\np,a,b\n", "a.csv:1: the header names \"chosen\" twice"),
    BAD("a.csv", "prompt,,rejected\np,a,b\n", "column 2 of the header"),
    BAD("a.csv", "prompt,chosen,rejected\np,\"a,b\n", "a.csv:2: a quote opened in this row is never closed"),
    BAD("a.csv", "prompt,chosen,rejected\np,\"a\"x,b\n", "text after the closing quote of column 2"),
    BAD("a.jsonl.gz", "\x1F\x8B\x08\0\0\0\0\0\0\3\xAB\x56", "gzip data is broken or cut off"),
#undef BAD
};
// clang-format on

static void every_fault_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_cases / sizeof *bad_cases; i++) {
        const struct bad_case *one = bad_cases + i;
        assay_error err = {0};
        assay_pair_set *set;
        assert_int_equal(assay_pair_set_new(&set, NULL), ASSAY_OK);
        const char *path = scratch_file(one->name, one->text, one->size);
        assert_int_not_equal(assay_pair_set_read(set, path, NULL, &err), ASSAY_OK);
        for (size_t j = 0; j < 3 && one->says[j]; j++) {
            if (!strstr(err.text, one->says[j]))
                print_error("case %zu: \"%s\" is not in: %s\n", i, one->says[j], err.text);
            assert_non_null(strstr(err.text, one->says[j]));
        }
        assay_pair_set_free(set);
        unlink(path);
    }
}

static void bad_lines_can_be_skipped(void **state)
{
    (void)state;
    static const char text[] =
        "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}\nnonsense\n{\"prompt\":\"\xFF\"}\n{}\n"
        "{\"prompt\":\"p\",\"chosen\":\" "
        "\\n\",\"rejected\":\"b\"}\n{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"\"}\n"
        "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"a\"}\n{\"prompt\":\"p\",\"chosen\":\"c\",\"rejected\":"
        "\"d\"}";
    assay_error err;
    assay_pair_set *set = read_with(scratch_file("s.jsonl", text, sizeof text - 1), NULL, true, ASSAY_OK, &err);
    assert_int_equal(set->count, 2);
    assert_int_equal(set->pairs[1].place.line, 8);
    assert_int_equal(set->bad_count, 3);
    assert_non_null(strstr(set->bad[0], "s.jsonl:2: not valid JSON"));
    assert_non_null(strstr(set->bad[1], "s.jsonl:3: not valid UTF-8"));
    assert_non_null(strstr(set->bad[2], "s.jsonl:4: the field"));
    assert_int_equal(set->drop_count, 3);
    assert_int_equal(set->drops[0].reason, ASSAY_DROP_EMPTY_CHOSEN);
    assert_int_equal(set->drops[1].reason, ASSAY_DROP_EMPTY_REJECTED);
    assert_int_equal(set->drops[2].reason, ASSAY_DROP_IDENTICAL);
    assay_pair_set_free(set);
    set = read_with(scratch_file("s.jsonl", "x\ny\n", 4), NULL, true, ASSAY_E_FORMAT, &err);
    assert_non_null(strstr(err.text, "all its 2 lines are bad; the first: "));
    assay_pair_set_free(set);
}

/* Of a list, an empty answer in the middle teaches no more than one at an end. */
static void empty_answers_of_lists_are_dropped(void **state)
{
    static const char text[] = "{\"prompt\":\"p\",\"responses\":[\"a\",\" \",\"c\"],\"scores\":[3,2,1]}\n"
                               "{\"prompt\":\"p\",\"responses\":[\"a\",\"b\",\"c\"],\"scores\":[3,2,1]}\n"
                               "{\"prompt\":\"p\",\"responses\":[\"a\",\"b\",\"\"],\"scores\":[3,2,1]}\n";
    (void)state;
    assay_error err;
    assay_pair_set *set = read_with(scratch_file("l.jsonl", text, sizeof text - 1), NULL, false, ASSAY_OK, &err);
    assert_true(set->count == 1 && set->drop_count == 2);
    assert_int_equal(set->drops[0].reason, ASSAY_DROP_EMPTY_ANSWER);
    assert_int_equal(set->drops[1].reason, ASSAY_DROP_EMPTY_REJECTED);
    assay_pair_set_free(set);
}

/* A line of 40 MiB is over the limit of 32; the line behind it is read all the same. Nesting 100,000 deep is refused by
 * the parser. */
static void oversized_and_deep_lines(void **state)
{
    (void)state;
    assay_error err;
    assay_buf text;
    assay_buf_init(&text, 64 << 20);
    static const char good[] = "\n{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}\n";
    for (size_t i = 0; i < 40; i++) {
        static char piece[1 << 20];
        memset(piece, 'x', sizeof piece);
        assert_int_equal(assay_buf_append(&text, piece, sizeof piece, NULL), ASSAY_OK);
    }
    assert_int_equal(assay_buf_text(&text, good, NULL), ASSAY_OK);
    for (size_t i = 0; i < 100000; i++) assay_buf_text(&text, "{\"a\":[", NULL);
    assert_int_equal(assay_buf_text(&text, good, NULL), ASSAY_OK);
    assay_pair_set *set = read_with(scratch_file("big.jsonl", text.data, text.size), NULL, true, ASSAY_OK, &err);
    assert_int_equal(set->count, 2);
    assert_int_equal(set->bad_count, 2);
    assert_non_null(strstr(set->bad[0], "big.jsonl:1: longer than the 32 MiB"));
    assert_non_null(strstr(set->bad[1], "big.jsonl:3: not valid JSON"));
    assay_pair_set_free(set);
    assay_buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_is_named),
        cmocka_unit_test(bad_lines_can_be_skipped),
        cmocka_unit_test(empty_answers_of_lists_are_dropped),
        cmocka_unit_test(oversized_and_deep_lines),
    };
    return cmocka_run_group_tests(tests, make_scratch, drop_scratch);
}
