/* Every pair format from its file, and the real files where they are. Bad lines: test_pair_faults.c. */
#include "base/file.h"
#include "base/text.h"
#include "data/byte_source.h"
#include "data/input_file.h"
#include "data/pair_file.h"
#include "data/pair_formats.h"
#include "data/record_reader.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "pair_scratch.h"

#define FOLDER "tests/data/pairs/"
static const char QUESTION[] = "Why is the sky blue?";
static const char GOOD[] = "Air scatters blue light more than red.";
static const char POOR[] = "Because it likes the sea.";

static void is_turns(const assay_turns *turns, const char *wanted)
{
    char text[512] = "";
    for (size_t i = 0; i < turns->count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s:%.*s", used ? "|" : "", assay_role_name(turns->items[i].role),
                 (int)turns->items[i].size, turns->items[i].text);
    }
    assert_string_equal(text, wanted);
}

static void is_first_pair(const assay_pair *pair)
{
    char text[128];
    snprintf(text, sizeof text, "user:%s", QUESTION);
    is_turns(&pair->prompt, text);
    snprintf(text, sizeof text, "assistant:%s", GOOD);
    is_turns(&pair->chosen, text);
    snprintf(text, sizeof text, "assistant:%s", POOR);
    is_turns(&pair->rejected, text);
}

#define SKY "user:Why is the sky blue?|assistant:Air scatters blue light more than red.|"

/* file, --columns, format, pairs, and the second pair */
static const struct format_case {
    const char *file, *columns, *format;
    size_t count;
    const char *prompt, *chosen, *rejected;
} cases[] = {
    {"prompt_text.jsonl", NULL, "prompt", 2, "user:2+2?", "assistant:4", "assistant:5"},
    {"prompt_messages.jsonl", NULL, "prompt", 2, "system:Be brief.|user:2+2?", "assistant:4", "assistant:5"},
    {"ultrafeedback.jsonl", NULL, "prompt", 2, "user:2+2?", "assistant:4", "assistant:5"},
    {"implicit.jsonl", NULL, "implicit", 2, SKY "user:2+2?", "assistant:4", "assistant:5"},
    {"medicalgpt.jsonl", NULL, "medicalgpt", 2,
     "system:You can look things up.|user:2+2?|tool_call:{\"name\": \"add\", \"arguments\": {\"a\": 2, \"b\": "
     "2}}|tool:{\"sum\": 4}",
     "assistant:4", "assistant:5"},
    {"medicalgpt_legacy.jsonl", NULL, "medicalgpt-legacy", 3, "system:Be brief.|user:Hello|assistant:Hi|user:2+2?",
     "assistant:4", "assistant:5"},
    {"llama_factory.json", NULL, "llama-factory", 2, "system:Be brief.|user:2+2?", "assistant:4", "assistant:5"},
    {"hh.jsonl", NULL, "hh-rlhf", 2, SKY "user:2+2?\n\nIn one digit. Human: no mark", "assistant:4", "assistant:5"},
    {"hh_prompt.jsonl", NULL, "prompt", 2, "user:Hello|assistant:Hi|user:2+2?", "assistant:4", "assistant:5"},
    {"alpaca.json", NULL, "alpaca", 2, "system:Be brief.|user:Hello|assistant:Hi|user:Add.\n2+2?", "assistant:4",
     "assistant:5"},
    {"alpaca_list.json", NULL, "alpaca-list", 2, "user:Add.\n2+2?", "assistant:4", "assistant:5"},
    {"swift.jsonl", NULL, "ms-swift", 2, "user:2+2?", "assistant:4", "assistant:5"},
    {"llmbar.json", NULL, "llmbar", 2, "user:2+2?", "assistant:4", "assistant:5"},
    {"question.jsonl", NULL, "question", 2, "system:Be brief.|user:2+2?", "assistant:4", "assistant:5"},
    {"foreign.jsonl", "prompt=q,chosen=pos,rejected=neg,margin=gap", "prompt", 2, "user:2+2?", "assistant:4",
     "assistant:5"},
    {"quoted.csv", NULL, "prompt", 2, "user:2+2?", "assistant:4 \"four\",\r\nno more", "assistant:5"},
    {"tabs.tsv", NULL, "prompt", 2, "user:2+2?", "assistant:4", "assistant:5"},
    {"packed.jsonl.gz", NULL, "prompt", 2, "user:2+2?", "assistant:4", "assistant:5"},
    {"judgebench.jsonl", NULL, "judgebench", 2, "user:2+2?", "assistant:4", "assistant:5"},
    {"rmb.jsonl", NULL, "rmb", 2, "user:2+2?", "assistant:4", "assistant:5"},
    {"shp.jsonl", NULL, "shp", 2, "user:2+2?", "assistant:4", "assistant:5"},
    {"saferlhf.jsonl", NULL, "pku-saferlhf", 2, "user:2+2?", "assistant:4", "assistant:5"},
    {"llama_factory_parts.jsonl", NULL, "llama-factory", 2, "system:Be brief.|user:2+2?", "assistant:4", "assistant:5"},
    {"helpsteer2.jsonl", NULL, "helpsteer2", 3, "user:2+2?", "assistant:4", "assistant:5"},
    {"helpsteer3.jsonl", NULL, "helpsteer3", 3, "user:2+2?", "assistant:4", "assistant:5"},
    {"arena.jsonl", NULL, "arena", 4, "user:2+2?", "assistant:4", "assistant:5"},
    {"arena_texts.jsonl", NULL, "arena-texts", 2, "user:2+2?", "assistant:4", "assistant:5"},
    {"arena_lists.jsonl", NULL, "arena-texts", 2, "user:2+2?", "assistant:4", "assistant:5"},
    {"ultrafeedback_completions.jsonl", NULL, "ultrafeedback", 3, "user:2+2?", "assistant:4", "assistant:5"},
    {"nectar.jsonl", NULL, "nectar", 2, "user:2+2?", "assistant:4", "assistant:5"},
    {"nemo_rank.jsonl", NULL, "nemo-rank", 2, "user:2+2?", "assistant:4", "assistant:5"},
    {"nemo_aligner.jsonl", NULL, "nemo-aligner", 2, "user:2+2?", "assistant:4", "assistant:5"},
    {"swift_query.jsonl", NULL, "ms-swift", 2, "system:Be brief.|user:Hello|assistant:Hi|user:2+2?", "assistant:4",
     "assistant:5"},
    {"axolotl.jsonl", NULL, "axolotl", 2, "system:Be brief.|user:2+2?", "assistant:4", "assistant:5"},
    {"bom_crlf.jsonl", NULL, "prompt", 2, "user:2+2?", "assistant:4", "assistant:5"},
};

static void every_format_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct format_case *one = cases + i;
        char path[128];
        assay_error err;
        snprintf(path, sizeof path, FOLDER "%s", one->file);
        assay_pair_set *set = read_with(path, one->columns, false, ASSAY_OK, &err);
        assert_int_equal(set->count, one->count);
        assert_string_equal(assay_pair_format_name(set->pairs[0].format), one->format);
        is_first_pair(set->pairs);
        is_turns(&set->pairs[1].prompt, one->prompt);
        is_turns(&set->pairs[1].chosen, one->chosen);
        is_turns(&set->pairs[1].rejected, one->rejected);
        assay_pair_set_free(set);
    }
}

static void labels_are_read_and_written(void **state)
{
    (void)state;
    static const char *const fields[] = {"",
                                         "\"p\":0.8",
                                         "\"p\":\"0.25\"",
                                         "\"preference\":0.6",
                                         "\"preference\":\"A\"",
                                         "\"tie\":true",
                                         "\"winner_tie\":1",
                                         "\"overall_preference\":0",
                                         "\"tie\":false,\"weight\":2.5",
                                         "\"tie\":\"True\",\"p\":null"};
    static const double shares[] = {NAN, 0.8, 0.25, 0.6, NAN, 0.5, 0.5, 0.5, NAN, 0.5};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        char line[200], path[] = "/tmp/assay-label-XXXXXX.jsonl";
        assay_error err;
        int fd = mkstemps(path, 6);
        int size = snprintf(line, sizeof line, "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"%s%s}\n",
                            *fields[i] ? "," : "", fields[i]);
        assert_true(fd >= 0 && write(fd, line, (size_t)size) == size && close(fd) == 0);
        for (int turn = 0; turn < 2; turn++) { /* what was read, then what was written of it */
            assay_pair_set *set = read_with(path, NULL, false, ASSAY_OK, &err);
            bool same = isnan(shares[i]) ? isnan(set->pairs[0].share) : set->pairs[0].share == shares[i];
            if (!same || set->pairs[0].weight != (i == 8 ? 2.5 : 1)) fail_msg("%s: p %g", line, set->pairs[0].share);
            assert_int_equal(assay_pair_set_write(set, path, &err), ASSAY_OK);
            assay_pair_set_free(set);
        }
        unlink(path);
    }
}

static void margins_ids_and_places(void **state)
{
    (void)state;
    assay_error err;
    assay_pair_set *set = read_with(FOLDER "prompt_text.jsonl", NULL, false, ASSAY_OK, &err);
    assert_true(set->pairs[0].margin == 1.5 && isnan(set->pairs[1].margin));
    assert_string_equal(set->pairs[0].id, "\"q1\"");
    assert_string_equal(set->pairs[1].id, "7");
    assert_int_equal(set->pairs[1].place.line, 2);
    assay_pair_set_free(set);
    set = read_with(FOLDER "quoted.csv", NULL, false, ASSAY_OK, &err);
    assert_true(set->pairs[0].margin == 1.5 && isnan(set->pairs[1].margin));
    assert_int_equal(set->pairs[1].place.line, 3);
    assay_pair_set_free(set);
    set = read_with(FOLDER "tabs.tsv", NULL, false, ASSAY_OK, &err);
    assert_string_equal(set->pairs[0].id, "\"q1\"");
    assert_null(set->pairs[1].id);
    assay_pair_set_free(set);
    set = read_with(FOLDER "llama_factory.json", NULL, false, ASSAY_OK, &err);
    assert_int_equal(set->pairs[1].place.element, 2);
    char *place = assay_pair_set_place(set, set->pairs[1].place);
    assert_string_equal(place, FOLDER "llama_factory.json:18 (element 2)");
    assay_free(place);
    assay_pair_set_free(set);
    set = read_with(FOLDER "foreign.jsonl", "prompt=q,chosen=pos,rejected=neg,margin=gap", false, ASSAY_OK, &err);
    assert_true(set->pairs[0].margin == 0.5 && isnan(set->pairs[1].margin));
    assay_pair_set_free(set);
}

static void folders_are_read_in_order(void **state)
{
    (void)state;
    assay_error err;
    char folder[96];
    snprintf(folder, sizeof folder, "%s/sub/deeper", scratch);
    assert_int_equal(assay_make_dirs(folder, NULL), ASSAY_OK);
    static const char line[] = "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}\n";
    scratch_file("sub/deeper/z.JSONL", line, sizeof line - 1);
    scratch_file("sub/b.json", line, sizeof line - 1);
    scratch_file("sub/a.jsonl", "\n", 1);
    scratch_file("sub/dataset_info.json", "{}", 2);
    scratch_file("sub/.hidden.jsonl", "{}", 2);
    scratch_file("sub/notes.txt", "x", 1);
    snprintf(folder, sizeof folder, "%s/sub", scratch);
    assay_pair_set *set = read_with(folder, NULL, false, ASSAY_OK, &err);
    assert_int_equal(set->count, 2);
    assert_int_equal(set->file_count, 3);
    assert_string_equal(assay_path_base(set->files[0]), "a.jsonl");
    assert_string_equal(assay_path_base(set->files[2]), "z.JSONL");
    assay_pair_set_free(set);
}

static void tool_calls_are_kept_whole(void **state)
{
    (void)state;
    static const char text[] = "{\"prompt\":[{\"role\":\"user\",\"content\":\"2+2?\"},{\"role\":\"assistant\","
                               "\"content\":null,\"tool_calls\":[{\"type\":"
                               "\"function\",\"function\":{\"name\":\"add\",\"arguments\":\"{}\"}}]},{\"role\":"
                               "\"tool\",\"content\":\"4\"}],\"chosen\":\"4\","
                               "\"rejected\":\"\\u0000\"}\n";
    assay_error err;
    assay_pair_set *set = read_with(scratch_file("t.jsonl", text, sizeof text - 1), NULL, false, ASSAY_OK, &err);
    const assay_message *items = set->pairs[0].prompt.items;
    is_turns(&set->pairs[0].prompt, "user:2+2?|assistant:|tool:4");
    assert_null(items[0].whole);
    assert_true(items[1].calls && strstr(items[1].whole, "\"name\":\"add\""));
    assert_true(!items[2].calls && strstr(items[2].whole, "\"role\":\"tool\""));
    assert_int_equal(set->pairs[0].rejected.items[0].size, 1); /* a zero byte is a character like any other */
    assay_pair_set_free(set);
}

/* What stands beside the messages counts: tools as a list or as text, a template's variables; pictures are refused. */
static void a_record_keeps_its_context(void **state)
{
    (void)state;
    static const char text[] =
        "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\",\"tools\":\"[{\\\"name\\\":\\\"f\\\"}]\"}\n"
        "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\",\"tools\":[],\"images\":null}\n"
        "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\",\"chat_template_kwargs\":{\"x\":true}}\n"
        "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\",\"images\":[\"a.png\"]}\n"
        "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\",\"tools\":\"{}\"}\n";
    assay_error err;
    assay_pair_set *set = read_with(scratch_file("c.jsonl", text, sizeof text - 1), NULL, true, ASSAY_OK, &err);
    assert_int_equal(set->count, 3);
    assert_int_equal(set->bad_count, 2);
    assert_string_equal(set->pairs[0].prompt.context, "{\"tools\":[{\"name\":\"f\"}]}");
    assert_null(set->pairs[1].prompt.context);
    assert_string_equal(set->pairs[2].prompt.context, "{\"chat_template_kwargs\":{\"x\":true}}");
    assay_pair_set_free(set);
}

static void column_mappings_are_checked(void **state)
{
    (void)state;
    static const char *const wrong[] = {"chosen", "=x", "chosen=", "choosen=x", "chosen=a,chosen=b"};
    assay_columns columns;
    assay_error err;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(assay_columns_parse(&columns, wrong[i], &err), ASSAY_E_USAGE);
        assert_non_null(strstr(err.text, "--columns"));
    }
    assay_pair_set *set =
        read_with(FOLDER "foreign.jsonl", "prompt=q,chosen=pos,rejected=bad", false, ASSAY_E_FORMAT, &err);
    assert_non_null(strstr(err.text, "\"bad\" (--columns rejected=bad) is missing"));
    assay_pair_set_free(set);
}

static bool same_double(double a, double b) { return (isnan(a) && isnan(b)) || a == b; }

static void written_pairs_read_back(void **state)
{
    (void)state;
    assay_error err;
    char path[128];
    snprintf(path, sizeof path, "%s/converted.jsonl", scratch);
    assay_pair_set *set = read_with(FOLDER, NULL, true, ASSAY_OK, &err);
    assert_true(set->count > 30);
    assert_int_equal(assay_pair_set_write(set, path, &err), ASSAY_OK);
    assay_pair_set *again = read_with(path, NULL, false, ASSAY_OK, &err);
    assert_int_equal(again->count, set->count);
    for (size_t i = 0; i < set->count; i++) {
        const assay_pair *a = set->pairs + i, *b = again->pairs + i;
        assert_true(assay_turns_equal(&a->prompt, &b->prompt));
        assert_true(assay_turns_equal(&a->chosen, &b->chosen) && assay_turns_equal(&a->rejected, &b->rejected));
        assert_true(same_double(a->margin, b->margin) && same_double(a->share, b->share));
        assert_true(a->answer_count == b->answer_count && a->equal_is_tie == b->equal_is_tie);
        for (size_t k = 0; k < a->answer_count; k++)
            assert_true(assay_turns_equal(&a->answers[k].turns, &b->answers[k].turns) &&
                        a->answers[k].value == b->answers[k].value);
        assert_true(!a->id == !b->id && (!a->id || !strcmp(a->id, b->id)));
    }
    assay_pair_set_free(again);
    assay_pair_set_free(set);
}

static void utf8_rules(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t valid;
    } texts[] = {{"plain ascii text", 16},
                 {"h\xC3\xA9", 3},
                 {"\xE4\xB8\xAD", 3},
                 {"\xF0\x9F\x98\x80", 4},
                 {"a\x80", 1},
                 {"\xC0\xAF", 0},
                 {"\xE0\x80\x80", 0},
                 {"\xED\xA0\x80", 0},
                 {"\xF4\x90\x80\x80", 0},
                 {"\xF5", 0},
                 {"abcdefgh\xE4\xB8", 8},
                 {"\xF4\x8F\xBF\xBF", 4},
                 {"\xF0\x8F\xBF\xBF", 0},
                 {"\xED\x9F\xBF", 3},
                 {"\xE4(\xAD", 0}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(assay_text_valid(texts[i].text, strlen(texts[i].text)), texts[i].valid);
    assert_int_equal(assay_text_characters("h\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80", 10), 4);
}

static void inputs_to_score(void **state)
{
    (void)state;
    static const char text[] =
        "{\"prompt\":\"p\",\"response\":\"r\",\"id\":\"x\"}\n{\"messages\":[{\"role\":\"user\","
        "\"content\":\"u\"},{\"role\":\"assistant\","
        "\"content\":\"a\"}]}\n\n{\"text\":\"as it "
        "stands\",\"id\":4}\n{\"prompt\":\"p\",\"responses\":[\"a\",\"\",\"c\"]}\n"
        "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"a\"}\n{\"foo\":1}\n{"
        "\"conversations\":[{\"from\":\"human\",\"value\":\"h\"}]}\n"
        "{\"prompt\":\"p\",\"responses\":[]}\n{\"prompt\":\"p\",\"answers\":[{\"answer\":\"x\",\"rank\":2},"
        "{\"answer\":\"y\",\"rank\":1},{\"answer\":\"z\",\"rank\":1}]}\n";
    static const struct {
        size_t count;
        bool is_text, is_pair;
        const char *id, *last;
    } wanted[] = {{1, false, false, "\"x\"", "user:p|assistant:r"},
                  {1, false, false, NULL, "user:u|assistant:a"},
                  {1, true, false, "4", "user:as it stands"},
                  {3, false, false, NULL, "user:p|assistant:c"},
                  {2, false, true, NULL, "user:p|assistant:a"},
                  {0, false, false, NULL, ":6: or 7"},
                  {1, false, false, NULL, "user:h"},
                  {0, false, false, NULL, ""},
                  {3, false, false, NULL, "user:p|assistant:z"}};
    assay_inputs *inputs;
    const assay_input *input;
    assay_error err = {0};
    assert_int_equal(assay_inputs_open(&inputs, scratch_file("in.jsonl", text, sizeof text - 1), NULL, &err), ASSAY_OK);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        assay_status status = assay_inputs_next(inputs, &input, &err);
        assert_int_equal(status, wanted[i].count ? ASSAY_OK : ASSAY_E_FORMAT);
        if (!wanted[i].count) {
            assert_false(assay_inputs_broken(inputs));
            continue;
        }
        assert_int_equal(input->index, i);
        assert_int_equal(input->count, wanted[i].count);
        assert_true(input->is_text == wanted[i].is_text && input->is_pair == wanted[i].is_pair);
        assert_true(!input->id == !wanted[i].id);
        if (input->id) assert_string_equal(input->id, wanted[i].id);
        is_turns(input->items + input->count - 1, wanted[i].last);
    }
    assert_non_null(strstr(err.text, "in.jsonl:9: a list of 0 answers"));
    assert_int_equal(assay_inputs_next(inputs, &input, &err), ASSAY_OK);
    assert_null(input);
    assay_inputs_close(inputs);
}

static void real_files(void **state)
{
    (void)state;
    static const struct {
        const char *name, *format;
        size_t count, longer, multi_message;
    } files[] = {{"medicalgpt_zh_500.jsonl", "medicalgpt", 500, 289, 84},
                 {"medicalgpt_toolcall_zh.jsonl", "medicalgpt", 11, 10, 4},
                 {"llamafactory_dpo_en_300.json", "llama-factory", 300, 131, 186},
                 {"llmbar_natural_100.json", "llmbar", 100, 56, 0}};
    const char *shared = getenv("ASSAY_SHARED");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[512];
        assay_error err;
        snprintf(path, sizeof path, "%s/data/pairs/%s", shared ? shared : "../shared", files[i].name);
        if (!assay_path_exists(path)) {
            print_message("%s is not there: skipped\n", path);
            skip();
        }
        assay_pair_set *set = read_with(path, NULL, false, ASSAY_OK, &err);
        size_t longer = 0, multi = 0;
        for (size_t j = 0; j < set->count; j++) {
            longer += assay_turns_length(&set->pairs[j].chosen) > assay_turns_length(&set->pairs[j].rejected);
            multi += set->pairs[j].prompt.count > 1;
        }
        assert_int_equal(set->count, files[i].count);
        assert_string_equal(assay_pair_format_name(set->pairs[0].format), files[i].format);
        assert_int_equal(longer, files[i].longer);
        assert_int_equal(multi, files[i].multi_message);
        assay_pair_set_free(set);
    }
}

enum { FED = 400000 };

static bool feed(int fd, const char *bytes, size_t size)
{
    for (ssize_t put = 0; size > 0; bytes += put, size -= (size_t)put)
        if ((put = write(fd, bytes, size)) <= 0) return false;
    return true;
}

/* A byte-order mark in two parts, the second together with more than any one read takes. */
static void *feed_slowly(void *path)
{
    static char text[1 + FED];
    int fd = open(path, O_WRONLY);
    memset(text, 'x', sizeof text);
    text[0] = '\xBF';
    fcntl(fd, F_SETPIPE_SZ, 1 << 20);
    bool fed = feed(fd, "\xEF\xBB", 2) && usleep(50000) == 0 && feed(fd, text, sizeof text);
    close(fd);
    return fed ? path : NULL;
}

static void a_mark_that_comes_in_parts(void **state)
{
    char path[160];
    void *fed;
    size_t size = 0;
    pthread_t thread;
    assay_byte_source source;
    (void)state;
    snprintf(path, sizeof path, "%s/fed", scratch);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(pthread_create(&thread, NULL, feed_slowly, path), 0);
    assert_int_equal(assay_byte_source_open(&source, path, NULL), ASSAY_OK);
    while (assay_byte_source_more(&source)) {
        for (const char *at = source.at; at < source.end; at++) assert_int_equal(*at, 'x');
        size += (size_t)(source.end - source.at);
        assay_byte_source_skip(&source, (size_t)(source.end - source.at));
    }
    assert_int_equal(assay_byte_source_status(&source, NULL), ASSAY_OK);
    assay_byte_source_close(&source);
    pthread_join(thread, &fed);
    assert_non_null(fed);
    assert_int_equal(size, FED);
}

/* The list in the header is what a user of the reader goes by: no format is missing there. */
static void the_header_lists_every_format(void **state)
{
    char *header, entry[64];
    size_t size;
    (void)state;
    assert_int_equal(assay_file_read("src/data/pair_formats.h", 1 << 20, &header, &size, NULL), ASSAY_OK);
    for (uint32_t i = 0; i < assay_pair_format_count(); i++) {
        snprintf(entry, sizeof entry, " *     %s ", assay_pair_format_name(i));
        if (!strstr(header, entry)) fail_msg("src/data/pair_formats.h does not list %s", assay_pair_format_name(i));
    }
    assay_free(header);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_is_read),
        cmocka_unit_test(the_header_lists_every_format),
        cmocka_unit_test(margins_ids_and_places),
        cmocka_unit_test(labels_are_read_and_written),
        cmocka_unit_test(folders_are_read_in_order),
        cmocka_unit_test(tool_calls_are_kept_whole),
        cmocka_unit_test(a_record_keeps_its_context),
        cmocka_unit_test(column_mappings_are_checked),
        cmocka_unit_test(written_pairs_read_back),
        cmocka_unit_test(utf8_rules),
        cmocka_unit_test(inputs_to_score),
        cmocka_unit_test(a_mark_that_comes_in_parts),
        cmocka_unit_test(real_files),
    };
    return cmocka_run_group_tests(tests, make_scratch, drop_scratch);
}
