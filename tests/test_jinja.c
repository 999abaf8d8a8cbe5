/* The template interpreter against jinja2 in Transformers' environment (tests/data/template, made by tests/oracle/jinja_golden.py):
 * what a template prints, byte by byte, and that it fails where the reference fails. With arguments it is the other half of
 * tests/oracle/jinja_parity.py:
 *
 *     test_jinja render FILE.jsonl      a line {"template" or "file", "variables" or "messages" ..., "date"?} in, a line
 *                                       {"text"} or {"error", "status"} out */
#include "test_support.h"

#include "base/file.h"
#include "base/json_doc.h"
#include "template/render_messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN "tests/data/template/"

static json_t *shared; /* the variables of constructs.jsonl, from its first line */

static assay_status render_case(const json_t *line, assay_buf *out, assay_error *err)
{
    const json_t *template = json_object_get(line, "template"), *messages = json_object_get(line, "messages");
    const char *path = json_string_value(json_object_get(line, "file")), *text = json_string_value(template);
    size_t size = json_string_length(template);
    const char *date = json_string_value(json_object_get(line, "date"));
    char *owned = NULL;
    if (path) ASSAY_TRY(assay_file_read(path, 16 << 20, &owned, &size, err));
    assay_rendering rendering = {
        .messages = messages,
        .tools = json_object_get(line, "tools"),
        .documents = json_object_get(line, "documents"),
        .variables = shared ? shared : json_object_get(line, "variables"),
        .special_tokens = json_object_get(line, "special_tokens"),
        .add_generation_prompt = json_is_true(json_object_get(line, "add_generation_prompt")),
        .options.date = date ? date : "2024-07-26", /* DAY of tests/oracle/jinja_reference.py */
    };
    assay_jinja *jinja;
    assay_status status = assay_jinja_compile(&jinja, owned ? owned : text, size, "case", err);
    assay_free(owned);
    ASSAY_TRY(status);
    status = messages ? assay_render_messages(jinja, &rendering, out, err)
                      : assay_jinja_render(jinja, rendering.variables, &rendering.options, out, err);
    assay_jinja_free(jinja);
    return status;
}

static void print_case(const json_t *line)
{
    assay_buf out;
    assay_error err = {0};
    assay_buf_init(&out, ASSAY_JINJA_OUTPUT);
    assay_status status = render_case(line, &out, &err);
    json_t *answer = status == ASSAY_OK ? json_pack("{s:s%}", "text", out.data ? out.data : "", out.size)
                                        : json_pack("{s:s, s:i}", "error", err.text, "status", (int)status);
    char *text = json_dumps(answer, JSON_COMPACT);
    puts(text ? text : "{\"error\": \"the text is no UTF-8\"}");
    free(text);
    json_decref(answer);
    assay_buf_release(&out);
}

/* Calls `take` for every line of a JSONL file; returns how many there were. */
static int each_line(const char *path, void (*take)(const json_t *line))
{
    char *text, *next;
    size_t size;
    int count = 0;
    assay_error err = {0};
    if (assay_file_read(path, 512 << 20, &text, &size, &err) != ASSAY_OK) fail_msg("%s", err.text);
    for (char *at = text; *at; at = next) {
        char *end = strchr(at, '\n');
        size_t length = end ? (size_t)(end - at) : strlen(at);
        json_t *line = json_loadb(at, length, JSON_ALLOW_NUL, NULL);
        next = at + length + (end != NULL);
        if (!line) fail_msg("%s: line %d is no JSON", path, count + 1);
        take(line);
        json_decref(line);
        count++;
    }
    assay_free(text);
    return count;
}

static void check_case(const json_t *line)
{
    if (json_object_get(line, "shared")) {
        shared = json_incref(json_object_get(line, "shared"));
        return;
    }
    const json_t *wanted = json_object_get(line, "text"), *shown = json_object_get(line, "template");
    bool refused = json_is_true(json_object_get(line, "refused"));
    assay_buf out;
    assay_error err = {0};
    assay_buf_init(&out, ASSAY_JINJA_OUTPUT);
    assay_status status = render_case(line, &out, &err);
    const char *template = shown ? json_string_value(shown) : "?";
    if (wanted) {
        if (status != ASSAY_OK) fail_msg("%s\nfailed: %s", template, err.text);
        if (out.size != json_string_length(wanted) || (out.size && memcmp(out.data, json_string_value(wanted), out.size) != 0))
            fail_msg("%s\ngave   \"%s\"\nwanted \"%s\"", template, out.data ? out.data : "", json_string_value(wanted));
    } else {
        if (status == ASSAY_OK) fail_msg("%s\ngave \"%s\", the reference an error", template, out.data ? out.data : "");
        assert_true(out.size == 0 && strlen(err.text) > 10);
        if (refused) assert_int_equal(status, ASSAY_E_UNSUPPORTED);
    }
    assay_buf_release(&out);
}

static void prints_what_the_reference_prints(void **state)
{
    (void)state;
    assert_true(each_line(GOLDEN "constructs.jsonl", check_case) > 1500);
    json_decref(shared);
    shared = NULL;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(prints_what_the_reference_prints)};
    if (argc == 3 && strcmp(argv[1], "render") == 0) return each_line(argv[2], print_case) > 0 ? 0 : 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
