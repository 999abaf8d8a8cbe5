/* The template interpreter against jinja2 in Transformers' environment (tests/data/template, made by
 * tests/oracle/jinja_golden.py): what a template prints, byte by byte, and that it fails where the reference fails.
 * With arguments it is the other half of tests/oracle/jinja_parity.py:
 *
 *     test_jinja render FILE.jsonl      a line {"template" or "file", "variables" or "messages" ..., "date"?} in, a
 * line
 *                                       {"text"} or {"error", "status"} out */
#include "test_support.h"

#include "base/file.h"
#include "base/json_doc.h"
#include "jinja/render_messages.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

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
        if (out.size != json_string_length(wanted) ||
            (out.size && memcmp(out.data, json_string_value(wanted), out.size) != 0))
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

/* The conversations of matrix.jsonl, then its templates one after the other. */
static json_t *conversations;
static int cells, absent;

static char *shared_template(const char *name, size_t *size)
{
    const char *shared_folder = getenv("ASSAY_SHARED");
    char path[512], *text = NULL;
    snprintf(path, sizeof path, "%s/data/templates/%s", shared_folder ? shared_folder : "../shared", name);
    return assay_file_read(path, 1 << 20, &text, size, NULL) == ASSAY_OK ? text : NULL;
}

static void mark_of(const char *text, size_t size, char mark[32])
{
    snprintf(mark, 32, "%08lx:%zu", crc32(crc32(0, NULL, 0), (const unsigned char *)text, (unsigned)size), size);
}

static void check_cell(const char *name, const char *text, size_t size, size_t number, const char *wanted)
{
    json_t *line = json_deep_copy(json_array_get(conversations, number));
    char mark[32] = "";
    assay_buf out;
    assay_error err = {0};
    json_object_set_new(line, "template", json_stringn(text, size));
    assay_buf_init(&out, ASSAY_JINJA_OUTPUT);
    if (render_case(line, &out, &err) == ASSAY_OK) mark_of(out.data ? out.data : "", out.size, mark);
    if (strcmp(mark, wanted) != 0)
        fail_msg("%s, conversation %zu: %s, the reference %s (%s)\n%s", name, number, mark, wanted, err.text,
                 out.data ? out.data : "");
    assay_buf_release(&out);
    json_decref(line);
    cells++;
}

static void check_matrix_line(const json_t *line)
{
    const char *name = json_string_value(json_object_get(line, "name"));
    const json_t *wanted = json_object_get(line, "cells");
    char mark[32];
    size_t size;
    if (!name) {
        json_array_append(conversations, (json_t *)(uintptr_t)line);
        return;
    }
    char *text = shared_template(name, &size);
    absent += !text;
    if (!text) return;
    mark_of(text, size, mark);
    assert_string_equal(mark, json_string_value(json_object_get(line, "template_mark")));
    assert_int_equal(json_array_size(wanted), json_array_size(conversations));
    for (size_t i = 0; i < json_array_size(wanted); i++)
        check_cell(name, text, size, i, json_string_value(json_array_get(wanted, i)));
    assay_free(text);
}

static void real_templates_render_as_in_the_reference(void **state)
{
    (void)state;
    conversations = json_array();
    each_line(GOLDEN "matrix.jsonl", check_matrix_line);
    json_decref(conversations);
    if (!cells) print_message("[  SKIPPED ] the real templates of ../shared are not there\n");
    if (!cells) skip();
    assert_true(absent == 0 && cells > 1500);
}

static assay_status render_text(const char *template, const char *variables, const assay_jinja_options *options,
                                assay_buf *out, assay_error *err)
{
    assay_jinja *jinja;
    json_t *values = json_loads(variables ? variables : "{}", 0, NULL);
    assert_non_null(values);
    assay_buf_init(out, ASSAY_JINJA_OUTPUT);
    assay_status status = assay_jinja_compile(&jinja, template, strlen(template), "t.jinja", err);
    if (status == ASSAY_OK) {
        status = assay_jinja_render(jinja, values, options, out, err);
        assay_jinja_free(jinja);
    }
    json_decref(values);
    return status;
}

static void fails_with(const char *template, const assay_jinja_options *options, assay_status wanted, const char *said)
{
    assay_buf out;
    assay_error err = {0};
    assay_status status = render_text(template, "{\"x\": 3}", options, &out, &err);
    if (status != wanted || !strstr(err.text, said))
        fail_msg("%.60s: status %d, \"%s\"; wanted %d, \"%s\"", template, (int)status, err.text, (int)wanted, said);
    assert_int_equal(out.size, 0);
    assay_buf_release(&out);
}

static void errors_name_template_line_and_remedy(void **state)
{
    assay_jinja_options wrong = {.date = "2024-02-30"};
    (void)state;
    fails_with("a\n{{ x.y.z }}", NULL, ASSAY_E_FORMAT, "t.jinja, line 2: a int has no element 'y'");
    fails_with("a\n\n{% if x %}\n{{ nope.a }}{% endif %}", NULL, ASSAY_E_FORMAT,
               "t.jinja, line 4: 'nope' is undefined");
    fails_with("{% macro m() %}\n{{ 1 }}\n{% endmacro %}\n{{ m() + 1 }}", NULL, ASSAY_E_FORMAT,
               "line 4: '+' is not supported between 'str' and 'int'");
    fails_with("{%- if x %}\n\n{{ x | nope }}{% endif %}", NULL, ASSAY_E_FORMAT,
               "line 3: there is no filter named \"nope\"");
    fails_with("\n{% for a in x %}", NULL, ASSAY_E_FORMAT,
               "line 2: the template ends inside a block; {% endfor %} is missing");
    fails_with("\n\n{{ raise_exception('roles must alternate') }}", NULL, ASSAY_E_FORMAT,
               "line 3: the template refuses this: roles must alternate");
    fails_with("{% include 'x' %}", NULL, ASSAY_E_UNSUPPORTED, "line 1: {% include %} is not supported");
    fails_with("{{ 2 ** 64 }}", NULL, ASSAY_E_UNSUPPORTED, "beyond 64 bits");
    fails_with("\n{{ strftime_now('%Y') }}", NULL, ASSAY_E_USAGE,
               "line 2: the template asks for today's date; give --date YYYY-MM-DD, or --chat-template-kwargs "
               "'{\"date_string\": \"...\"}'");
    fails_with("{{ strftime_now('%Y') }}", &wrong, ASSAY_E_USAGE, "\"2024-02-30\" is no date; write YYYY-MM-DD");
    fails_with("{{ 'a\xff' }}", NULL, ASSAY_E_FORMAT, "no valid UTF-8 at byte 5");
    fails_with("{{ ''.__class__.__mro__ }}", NULL, ASSAY_E_FORMAT, "access to '__class__' of a str is not allowed");
    fails_with("{{ {}.update(x) }}", NULL, ASSAY_E_FORMAT, "access to 'update' of a dict is not allowed");
    fails_with("{{ range(100001) }}", NULL, ASSAY_E_FORMAT, "a range of more than 100000 numbers");
}

/* Each would take for ever, or all memory or stack, if nothing watched. */
static void hostile_templates_end(void **state)
{
    static const char *const bombs[] = {
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        "{% for a in range(100000) %}{% for b in range(100000) %}{{ b }}{% endfor %}{% endfor %}",
        "{{ 'a' * 10 ** 9 }}",
        "{{ ['a'] * 10 ** 9 }}",
        "{{ ('a' * 10 ** 6) * 10 ** 6 }}",
        "{% set ns = namespace(s='abcdefgh') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set ns = namespace(s='abcdefgh') %}{% for i in range(99) %}{% set ns.s = ns.s|replace('a', ns.s) %}{% "
        "endfor %}",
        "{% set ns = namespace(s=['a']) %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% set ns = namespace(s=['a']) %}{% for i in range(99) %}{% set ns.s = [ns.s|join('xxxxxxxx')] * 9 %}{% "
        "endfor %}",
        "{% set ns = namespace(s=[]) %}{% for i in range(1000) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s }}",
        "{% set ns = namespace(s=[]) %}{% for i in range(1000) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s|tojson }}",
        "{% set ns = namespace(s=[]) %}{% set ns.s = [ns, 1] %}{{ ns }}",
        "{% set a = namespace(s=[]) %}{% set b = namespace(s=[]) %}{% for i in range(1000) %}{% set a.s = [a.s] %}{% "
        "set b.s = [b.s] %}{% endfor %}{{ a.s == b.s }}",
        "{% set ns = namespace(s=()) %}{% for i in range(1000) %}{% set ns.s = (ns.s,) %}{% endfor %}{{ {ns.s: 1} }}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}",
        "{% set a = namespace(s=[1]) %}{% set b = namespace(s=[1]) %}{% for i in range(60) %}{% set a.s = [a.s, a.s] "
        "%}{% set b.s = [b.s, b.s] %}{% endfor %}{{ a.s == b.s }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(a) %}{% if a %}{{ m(a - 1) }}{{ m(a - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
        "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{% for i in [1] %}{% call(x) c() %}{{ a() }}{% endcall "
        "%}{% endfor %}{% endmacro %}{% macro c() %}{{ caller(1) }}{% endmacro %}{{ a() }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% for x in [1, 2] recursive %}{{ loop([1, 2]) }}{% endfor %}",
        "{{ range(10 ** 12)|list }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '%.1000000000f' % 1.5 }}",
        "{{ '{:>1000000000}'.format('a') }}",
        "{{ 'a'.ljust(10 ** 12) }}{{ 'a'|center(10 ** 12) }}",
        "{% for i in range(100000) %}{{ 'a'.ljust(1000000) }}{% endfor %}",
        "{% for i in range(100000) %}{{ '%1000000s' % 'a' }}{% endfor %}",
        "{{ 'a'|indent(10 ** 12) }}",
        "{{ 7 ** 9223372036854775807 }}",
        "{{ 1.5 ** 1e300 }}",
        "{{ 'a\tb'.expandtabs(10 ** 15) }}",
        "{{ [1]|batch(10 ** 12, 'x')|list }}{{ [1]|slice(10 ** 12)|list }}",
        "{% set ns = namespace(s='ab' * 100000) %}{% for i in range(100000) %}{{ ns.s.rfind('b' * 5000) }}{% endfor %}",
        "{% set s = 'ab' * 1000000 %}{% for i in range(100000) %}{{ s|upper|length }}{{ s|trim('ab')|length }}{% "
        "endfor %}",
        "{% set s = '\xe4\xbd\xa0' * 1000000 %}{% for i in range(100000) %}{{ s[i] }}{{ s|length }}{% endfor %}",
        "{% for i in range(9999) %}{{ ('a' * 1000000).rfind('a' * 500000 ~ 'b') }}{{ ('a' * 1000000).rsplit('a' * 99 ~ "
        "'b')|length }}{% endfor %}",
        "{% set s = '\xe4\xbd\xa0' * 300000 %}{% for i in range(9999) %}{{ s.strip('\xc3\xa9' * 300000 ~ s[0]) }}{% "
        "endfor %}",
        "{% for i in range(9999) %}{{ ('a' * 1000000).strip('b' * 1000000 ~ 'a') }}{% endfor %}",
        "{% set s = ' ' * 1000000 %}{% for i in range(100000) %}{{ s|trim }}{{ s.split()|length }}{% endfor %}",
        "{% set l = range(100000)|list %}{% for i in range(100000) %}{{ l|sort|length }}{{ l|unique|list|length }}{% "
        "endfor %}",
        "{% set l = range(100000)|list %}{% for i in l %}{% if -1 in l %}{% endif %}{% endfor %}",
        "{% set l = range(100000)|list %}{% for i in l %}{{ l[1:]|length }}{% endfor %}",
        "{% for i in range(100000) %}{% set a %}{{ 'x' * 1000000 }}{% endset %}{% endfor %}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
        assay_buf out;
        assay_error err = {0};
        assay_status status = render_text(bombs[i], NULL, NULL, &out, &err);
        if (status == ASSAY_OK) fail_msg("%s\nended well with %zu bytes", bombs[i], out.size);
        if (!strstr(err.text, "t.jinja, line 1: ")) fail_msg("%s\nsaid \"%s\"", bombs[i], err.text);
        assay_buf_release(&out);
    }
}

/* A text made of a beginning, something many times, and an end. */
static assay_status render_long(const char *before, const char *piece, size_t times, const char *behind,
                                assay_error *err)
{
    assay_buf text, out;
    assay_buf_init(&text, 64 << 20);
    assert_int_equal(assay_buf_text(&text, before, NULL), ASSAY_OK);
    for (size_t i = 0; i < times; i++) assert_int_equal(assay_buf_text(&text, piece, NULL), ASSAY_OK);
    assert_int_equal(assay_buf_text(&text, behind, NULL), ASSAY_OK);
    assay_status status = render_text(text.data, NULL, NULL, &out, err);
    assay_buf_release(&out);
    assay_buf_release(&text);
    return status;
}

static void deep_and_long_templates_end(void **state)
{
    static const struct {
        const char *before, *piece, *behind;
        size_t times;
    } cases[] = {
        {"{{ ", "[", "", 100000},
        {"{{ ", "(", "", 100000},
        {"{{ ", "{1:", "", 100000},
        {"{{ ", "-", "1 }}", 100000},
        {"{{ ", "not ", "1 }}", 100000},
        {"{{ 1", " + 1", " }}", 100000},
        {"{{ x", ".a", " }}", 100000},
        {"{{ x", "|e", " }}", 100000},
        {"{{ 1", " if 1 else 1", " }}", 80000},
        {"", "{% if 1 %}", "", 100000},
        {"", "{% for a in b %}", "", 60000},
        {"", "{% if 1 %}{% else %}", "", 50000},
        {"", "{% macro m() %}", "", 60000},
        {"", "{% set a %}", "", 90000},
        {"{{ x", "()", " }}", 100000},
        {"{{ x", "[0]", " }}", 100000},
        {"{{ f", "(f", "", 100000},
        {"{{ 1", " ** 1", " }}", 100000},
        {"{{ x", " is none", " }}", 100000},
        {"{{ a", " and a", " }}", 100000},
        {"", "a", "", 10 << 20},
        {"", "{{ 1 }}", "", 2 << 20},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assay_error err = {0};
        assay_status status = render_long(cases[i].before, cases[i].piece, cases[i].times, cases[i].behind, &err);
        if (status == ASSAY_OK || !strstr(err.text, "t.jinja"))
            fail_msg("%s%s...: status %d \"%s\"", cases[i].before, cases[i].piece, (int)status, err.text);
    }
}

/* Long, but nothing is wrong with them. */
static void long_templates_render(void **state)
{
    static const struct {
        const char *before, *piece, *behind;
        size_t times;
    } cases[] = {
        {"", "{% if 0 %}{% endif %}", "", 40000},
        {"", "{% set a = 1 %}", "", 60000},
        {"{{ [", "1, ", "] | length }}", 300000},
        {"{{ 1", " ~ 1", " }}", 200000},
        {"{% if 0 %}", "{% elif 0 %}", "{% endif %}", 80000},
        {"{# ", "{% {{ ", " #}", 100000},
        {"{{ '", "\\n", "' }}", 400000},
        {"{{ ", "'a' ", "}}", 200000},
        {"", "{ ", "", 400000},
        {"", "{%- set a = 1 -%} \n ", "", 40000},
        {"{{ 1", " < 2", " }}", 200000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assay_error err = {0};
        if (render_long(cases[i].before, cases[i].piece, cases[i].times, cases[i].behind, &err) != ASSAY_OK)
            fail_msg("%s%s...: \"%s\"", cases[i].before, cases[i].piece, err.text);
    }
}

static void bounds_can_be_set(void **state)
{
    assay_jinja_options few = {.max_steps = 1000}, small = {.max_memory = 1 << 20};
    assay_buf out;
    assay_error err = {0};
    assay_jinja *jinja;
    static const char text[] = "{% for i in range(100) %}0123456789{% endfor %}";
    (void)state;
    fails_with("{% for i in range(1000) %}{% endfor %}", &few, ASSAY_E_FORMAT, "stopped after 1000 steps");
    fails_with("{{ 'a' * 2000000 }}", &small, ASSAY_E_FORMAT, "more than the allowed 1048576 bytes");
    assert_int_equal(assay_jinja_compile(&jinja, text, sizeof text - 1, "t.jinja", NULL), ASSAY_OK);
    assay_buf_init(&out, 900);
    assert_int_equal(assay_buf_text(&out, "before", NULL), ASSAY_OK);
    assert_int_equal(assay_jinja_render(jinja, NULL, NULL, &out, &err), ASSAY_E_FORMAT);
    assert_string_equal(out.data, "before");
    assert_non_null(strstr(err.text, "prints more than the allowed 900 bytes"));
    assay_buf_release(&out);
    assay_jinja_free(jinja);
}

static void messages_are_refused(void **state)
{
    static const struct {
        const char *line, *said;
    } cases[] = {
        {"{\"messages\": []}", "a conversation is a list of at least one message"},
        {"{\"messages\": {}}", "a conversation is a list"},
        {"{\"messages\": [\"hi\"]}", "a message is an object"},
        {"{\"messages\": [{}], \"tools\": [1]}", "tools are a list of JSON schemas"},
        {"{\"messages\": [{}], \"documents\": {}}", "documents are a list of objects"},
        {"{\"messages\": [{}], \"variables\": {\"tools\": []}}", "may not set messages, tools"},
        {"{\"messages\": [{}], \"variables\": []}", "are a JSON object"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *line = json_loads(cases[i].line, 0, NULL);
        assay_buf out;
        assay_error err = {0};
        json_object_set_new(line, "template", json_string("x"));
        assay_buf_init(&out, 100);
        assert_int_equal(render_case(line, &out, &err), ASSAY_E_FORMAT);
        if (!strstr(err.text, cases[i].said)) fail_msg("%s said \"%s\"", cases[i].line, err.text);
        json_decref(line);
    }
}

/* One compiled template, many renderings; the source is kept as it was. */
static void a_template_is_constant(void **state)
{
    static const char text[] = "{% set ns = namespace(n=x) %}{% set ns.n = ns.n + 1 %}{{ ns.n }}\r\n";
    assay_jinja *jinja;
    size_t size;
    (void)state;
    assert_int_equal(assay_jinja_compile(&jinja, text, sizeof text - 1, "t.jinja", NULL), ASSAY_OK);
    assert_string_equal(assay_jinja_source(jinja, &size), text);
    assert_int_equal(size, sizeof text - 1);
    for (int i = 0; i < 3; i++) {
        json_t *variables = json_pack("{s:i}", "x", i);
        char wanted[16];
        assay_buf out;
        assay_buf_init(&out, 100);
        snprintf(wanted, sizeof wanted, "%d", i + 1);
        assert_int_equal(assay_jinja_render(jinja, variables, NULL, &out, NULL), ASSAY_OK);
        assert_string_equal(out.data, wanted);
        assay_buf_release(&out);
        json_decref(variables);
    }
    assay_jinja_free(jinja);
    assay_jinja_free(NULL);
}

/* Numbers are written with a point wherever the host program lives. */
static void locale_has_no_say(void **state)
{
    assay_buf out;
    (void)state;
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "fr_FR.UTF-8")) skip();
    assay_status status =
        render_text("{{ 1.5 }} {{ '2.25'|float }} {{ '%.2f' % 3.5 }} {{ 1e-7|tojson }}", NULL, NULL, &out, NULL);
    setlocale(LC_NUMERIC, "C");
    assert_int_equal(status, ASSAY_OK);
    assert_string_equal(out.data, "1.5 2.25 3.50 1e-07");
    assay_buf_release(&out);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_what_the_reference_prints),
        cmocka_unit_test(real_templates_render_as_in_the_reference),
        cmocka_unit_test(errors_name_template_line_and_remedy),
        cmocka_unit_test(hostile_templates_end),
        cmocka_unit_test(deep_and_long_templates_end),
        cmocka_unit_test(long_templates_render),
        cmocka_unit_test(bounds_can_be_set),
        cmocka_unit_test(messages_are_refused),
        cmocka_unit_test(a_template_is_constant),
        cmocka_unit_test(locale_has_no_say),
    };
    if (argc == 3 && strcmp(argv[1], "render") == 0) return each_line(argv[2], print_case) > 0 ? 0 : 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
