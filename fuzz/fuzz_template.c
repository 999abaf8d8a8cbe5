/* A template, a zero byte, and the JSON of its variables (none: a conversation of our own). With "messages" among them
 * it is rendered as a conversation. Bounds are small, so that an input is quick. */
#include "fuzz_file.h"

#include "base/json_doc.h"
#include "jinja/render_messages.h"

#include <stdlib.h>
#include <string.h>

static const char usual[] = "{\"messages\": [{\"role\": \"system\", \"content\": \" Be kind. \"}, {\"role\": \"user\", "
                            "\"content\": \"Hi, 你好 🙂 'q' \\\"d\\\"\", \"name\": null},"
                            " {\"role\": \"assistant\", \"content\": [{\"type\": \"text\", \"text\": \"a\\nb\"}], "
                            "\"reasoning\": \"r\", \"tool_calls\": [{\"function\": {\"name\": \"f\","
                            " \"arguments\": {\"a\": 1, \"b\": [1.5, true, null]}}}]}], \"tools\": [{\"name\": "
                            "\"f\"}], \"variables\": {\"x\": 3, \"f\": 2.5, \"s\": \"Hello World\","
                            " \"l\": [3, 1, 2], \"d\": {\"b\": 1, \"a\": {}}}}";

static void render(const assay_jinja *jinja, const json_t *given)
{
    const assay_jinja_options options = {.date = "2024-07-26", .max_steps = 50000, .max_memory = 4 << 20};
    const assay_rendering rendering = {.messages = json_object_get(given, "messages"),
                                       .tools = json_object_get(given, "tools"),
                                       .variables = json_object_get(given, "variables"),
                                       .add_generation_prompt = true,
                                       .options = options};
    assay_buf out;
    assay_error err;
    assay_buf_init(&out, 1 << 20);
    assay_status status = rendering.messages ? assay_render_messages(jinja, &rendering, &out, &err)
                                             : assay_jinja_render(jinja, given, &options, &out, &err);
    /* Valid UTF-8 in gives valid UTF-8 out. */
    json_t *text = status == ASSAY_OK ? json_stringn(out.data ? out.data : "", out.size) : json_null();
    if (!text) abort();
    json_decref(text);
    assay_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    size_t length = zero ? (size_t)(zero - data) : size;
    json_t *given = NULL;
    assay_jinja *jinja;
    const char *json = zero ? (const char *)zero + 1 : usual;
    if (assay_json_parse(json, zero ? size - length - 1 : sizeof usual - 1, "variables", &given, NULL) != ASSAY_OK)
        return 0;
    if (json_is_object(given) && assay_jinja_compile(&jinja, (const char *)data, length, "fuzz", NULL) == ASSAY_OK) {
        render(jinja, given);
        assay_jinja_free(jinja);
    }
    json_decref(given);
    return 0;
}
