/* Renderings against the reference's: Jinja text through jinja2 and tokenizers, ChatGLM's and MedicalGPT's rules in
 * Python (tests/data/tokenizer/templates.jsonl); ChatGLM3's published ids on the real vocabulary; where a template
 * comes from, tools and tool calls, what is written out, errors. */
#include "tokenizer_check.h"

#include "template/chat_template.h"

#include <unistd.h>

static assay_template *open_template(const char *name, const assay_tokenizer *tokenizer, assay_append_eos append_eos)
{
    assay_template *chosen;
    assay_error err = {0};
    must(assay_template_open(&chosen, &(assay_template_request){.name = name, .append_eos = append_eos}, tokenizer,
                             &err),
         &err);
    return chosen;
}

static assay_status render(const assay_template *chosen, const assay_message *messages, size_t count, assay_ids *ids,
                           assay_error *err)
{
    return assay_template_render(chosen, &(assay_conversation){.messages = messages, .count = count}, ids, err);
}

#define MESSAGE(message_role, message_text)                                              \
    {                                                                                    \
        .role = (message_role), .text = (message_text), .size = sizeof(message_text) - 1 \
    }

typedef struct both {
    assay_tokenizer *byte_level, *chatglm;
} both;

static assay_role role_of(const char *name)
{
    return strcmp(name, "system") == 0 ? ASSAY_ROLE_SYSTEM
           : strcmp(name, "user") == 0 ? ASSAY_ROLE_USER
                                       : ASSAY_ROLE_ASSISTANT;
}

static void golden_line(const json_t *line, size_t number, void *context)
{
    const both *open = context;
    const char *name = json_string_value(json_object_get(line, "template")),
               *eos = json_string_value(json_object_get(line, "append_eos"));
    const json_t *list = json_object_get(line, "messages");
    bool chatglm = strcmp(json_string_value(json_object_get(line, "tokenizer")), "chatglm") == 0;
    const assay_tokenizer *tokenizer = chatglm ? open->chatglm : open->byte_level;
    assay_message messages[16];
    assay_error err = {0};
    char what[96];
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *message = json_array_get(list, i), *text = json_object_get(message, "content");
        messages[i] = (assay_message){.role = role_of(json_string_value(json_object_get(message, "role"))),
                                      .text = json_string_value(text),
                                      .size = json_string_length(text)};
    }
    assay_append_eos append = *eos == 'a' ? ASSAY_EOS_AUTO : *eos == 't' ? ASSAY_EOS_YES : ASSAY_EOS_NO;
    snprintf(what, sizeof(what), "templates.jsonl:%zu (%s, %s)", number, name, eos);
    for (int cut = 0; cut < 2;
         cut++) { /* the golden ids of ChatML are those of version 0.1: without the last newline */
        assay_template_request request = {.name = name, .append_eos = append, .cut_behind_turn = cut};
        assay_ids ids = {0};
        assay_template *chosen;
        must(assay_template_open(&chosen, &request, tokenizer, &err), &err);
        must(render(chosen, messages, json_array_size(list), &ids, &err), &err);
        bool newline =
            !cut && ids.count == json_array_size(json_object_get(line, "ids")) + 1 && append != ASSAY_EOS_YES;
        if (newline) assert_int_equal(ids.data[--ids.count], assay_tokenizer_find(tokenizer, "\xc4\x8a"));
        if (cut || append != ASSAY_EOS_YES) ids_check_json(&ids, json_object_get(line, "ids"), what);
        assay_template_close(chosen);
        assay_ids_release(&ids);
    }
}

static void golden_conversations_are_equal(void **state)
{
    (void)state;
    assay_gguf *gguf;
    both open = {open_golden("byte_level", &gguf), open_golden("chatglm", &gguf)};
    assert_true(lines_each(GOLDEN "templates.jsonl", golden_line, &open) > 80);
    assay_tokenizer_close(open.byte_level);
    assay_tokenizer_close(open.chatglm);
}

static void check_auto(const assay_tokenizer *tokenizer, const char *name, const char *origin)
{
    assay_template *chosen = open_template("auto", tokenizer, ASSAY_EOS_AUTO);
    assert_string_equal(assay_template_name(chosen), name);
    assert_string_equal(assay_template_origin(chosen), origin);
    assay_template_close(chosen);
}

static void auto_is_the_checkpoints_own(void **state)
{
    (void)state;
    assay_gguf *gguf;
    assay_tokenizer *tokenizer = open_golden("byte_level", &gguf);
    check_auto(tokenizer, "checkpoint", "tokenizer_config.json");
    assay_tokenizer_close(tokenizer);
    tokenizer = open_golden("chatglm", &gguf);
    check_auto(tokenizer, "chatglm3", "built in");
    assay_tokenizer_close(tokenizer);
    tokenizer = open_golden("llama", &gguf);
    check_auto(tokenizer, "plain", "built in");
    assay_tokenizer_close(tokenizer);
    tokenizer = open_golden("smollm.gguf", &gguf);
    check_auto(tokenizer, "checkpoint", "tokenizer.chat_template");
    assay_tokenizer_close(tokenizer);
    assay_gguf_close(gguf);
}

/* A folder with the golden byte-level tokenizer and the given files. */
static assay_tokenizer *open_with(char *folder, const char *const *files, assay_error *err)
{
    char path[192];
    assay_tokenizer *tokenizer;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/additional_chat_templates", folder);
    must(assay_make_dirs(path, err), err);
    snprintf(path, sizeof(path), "%s/tokenizer.json", folder);
    must(assay_file_copy(GOLDEN "byte_level/tokenizer.json", path, err), err);
    for (; *files; files += 2) {
        snprintf(path, sizeof(path), "%s/%s", folder, files[0]);
        must(assay_file_write_atomic(path, files[1], strlen(files[1]), err), err);
    }
    must(assay_tokenizer_open(&tokenizer, folder, NULL, err), err);
    return tokenizer;
}

static void check_text(const assay_template *chosen, const assay_conversation *conversation, const char *wanted)
{
    assay_buf text;
    assay_error err = {0};
    assay_buf_init(&text, 1 << 20);
    must(assay_template_text(chosen, conversation, false, &text, &err), &err);
    assert_string_equal(text.size ? text.data : "", wanted);
    assay_buf_release(&text);
}

/* A template file before a config's text, a list's "default", its "tool_use" where tools are given. */
static void templates_are_found_in_their_order(void **state)
{
    (void)state;
    static const char config[] =
        "{\"chat_template\": [{\"name\": \"tool_use\", \"template\": \"T{{ tools | length }}\"}, "
        "{\"name\": \"default\", \"template\": \"D\"}]}";
    static const char older[] = "{\"chat_template\": \"O\"}";
    static const char *const orders[][8] = {
        {"chat_template.jinja", "J", "additional_chat_templates/tool_use.jinja", "U", "tokenizer_config.json", config},
        {"tokenizer_config.json", config, "chat_template.json", older},
        {"chat_template.json", older}};
    static const char *const plain[] = {"J", "D", "O"}, *const with_tools[] = {"U", "T1", NULL};
    const assay_message one = MESSAGE(ASSAY_ROLE_USER, "hi");
    for (size_t i = 0; i < 3; i++) {
        char folder[] = "/tmp/assay-template-XXXXXX";
        assay_error err = {0};
        assay_ids ids = {0};
        assay_tokenizer *tokenizer = open_with(folder, orders[i], &err);
        assay_template *chosen = open_template("auto", tokenizer, ASSAY_EOS_AUTO);
        assay_conversation conversation = {.messages = &one, .count = 1};
        check_text(chosen, &conversation, plain[i]);
        conversation.context = "{\"tools\": [{\"name\": \"f\"}]}";
        if (with_tools[i]) check_text(chosen, &conversation, with_tools[i]);
        else assert_int_equal(assay_template_render(chosen, &conversation, &ids, &err), ASSAY_E_UNSUPPORTED);
        assay_template_close(chosen);
        assay_tokenizer_close(tokenizer);
        assay_ids_release(&ids);
        assay_remove_tree(folder, NULL);
    }
}

/* tests/data/tokenizer/smollm.gguf with one more key, whose bytes are a multiple of the alignment. */
static assay_tokenizer *open_gguf_with(const char *path, const char *key, const char *text, assay_gguf **gguf)
{
    assay_error err = {0};
    assay_tokenizer *tokenizer;
    char *file, entry[256] = {0};
    size_t size;
    must(assay_file_read(GOLDEN "smollm.gguf", (size_t)64 << 20, &file, &size, &err), &err);
    uint64_t key_size = strlen(key), text_size = strlen(text), count;
    uint32_t type = 8;
    memcpy(entry, &key_size, 8);
    memcpy(entry + 8, key, key_size);
    memcpy(entry + 8 + key_size, &type, 4);
    size_t head = 8 + key_size + 4 + 8, whole = (head + text_size + 31) / 32 * 32;
    uint64_t padded = whole - head;
    memcpy(entry + head - 8, &padded, 8);
    memset(entry + head, ' ', padded);
    memcpy(entry + head, text, text_size);
    memcpy(&count, file + 16, 8);
    count++;
    memcpy(file + 16, &count, 8);
    assay_buf out;
    assay_buf_init(&out, (size_t)64 << 20);
    must(assay_buf_append(&out, file, 24, &err), &err);
    must(assay_buf_append(&out, entry, whole, &err), &err);
    must(assay_buf_append(&out, file + 24, size - 24, &err), &err);
    must(assay_file_write_atomic(path, out.data, out.size, &err), &err);
    assay_buf_release(&out);
    assay_free(file);
    must(assay_gguf_open(gguf, path, &err), &err);
    must(assay_tokenizer_open(&tokenizer, NULL, *gguf, &err), &err);
    return tokenizer;
}

static void check_named(const assay_tokenizer *tokenizer, const char *name, const char *wanted, bool hides)
{
    const assay_message one = MESSAGE(ASSAY_ROLE_USER, "hi");
    assay_template *chosen = open_template(name, tokenizer, ASSAY_EOS_AUTO);
    assay_conversation conversation = {.messages = &one, .count = 1};
    check_text(chosen, &conversation, wanted);
    conversation.context = "{\"tools\": [{\"name\": \"f\"}]}"; /* a name is one text, with tools too */
    check_text(chosen, &conversation, wanted);
    assert_string_equal(assay_template_name(chosen), name);
    assert_int_equal(assay_template_hides_built_in(chosen), hides);
    assert_null(assay_template_tool_source(chosen));
    assay_template_close(chosen);
}

#define ANY_TOOLS "{% if tools %}{% endif %}"

/* Files, a list in tokenizer_config.json, keys of a GGUF file: each name is one that --template takes. */
static void a_checkpoints_names_are_templates(void **state)
{
    (void)state;
    static const char *const files[] = {"chat_template.jinja",
                                        "D",
                                        "additional_chat_templates/rag.jinja",
                                        "R" ANY_TOOLS,
                                        "additional_chat_templates/chatml.jinja",
                                        "C" ANY_TOOLS,
                                        "additional_chat_templates/tool_use.jinja",
                                        "U",
                                        "additional_chat_templates/._rag.jinja",
                                        "\xff",
                                        NULL};
    static const char *const listed[] = {"tokenizer_config.json",
                                         "{\"chat_template\": [{\"name\": \"default\", \"template\": \"D\"}, "
                                         "{\"name\": \"rag\", \"template\": \"R" ANY_TOOLS "\"}, "
                                         "{\"name\": \"chatml\", \"template\": \"C" ANY_TOOLS "\"}]}",
                                         NULL};
    const char *const *const forms[] = {files, listed};
    for (size_t i = 0; i < 2; i++) {
        char folder[] = "/tmp/assay-template-XXXXXX";
        assay_error err = {0};
        assay_template *chosen;
        assay_tokenizer *tokenizer = open_with(folder, forms[i], &err);
        check_named(tokenizer, "rag", "R", false);
        check_named(tokenizer, "chatml", "C", true);
        assert_int_equal(assay_template_open(&chosen, &(assay_template_request){.name = "ragg"}, tokenizer, &err),
                         ASSAY_E_USAGE);
        assert_non_null(strstr(err.text, "nearest is rag."));
        assert_non_null(strstr(err.text, "rag"));
        assert_non_null(strstr(err.text, "(the checkpoint's own), "));
        assay_tokenizer_close(tokenizer);
        assay_remove_tree(folder, NULL);
    }
    char path[] = "/tmp/assay-template-XXXXXX";
    close(mkstemp(path));
    assay_gguf *gguf;
    assay_tokenizer *tokenizer = open_gguf_with(path, "tokenizer.chat_template.rag", "R" ANY_TOOLS, &gguf);
    const assay_named_templates *all = assay_tokenizer_about(tokenizer)->templates;
    assert_int_equal(all->count, 2);
    assert_memory_equal(assay_named_templates_find(all, "rag"), "R{% if", 6);
    assert_non_null(assay_named_templates_find(all, "default"));
    assay_tokenizer_close(tokenizer);
    assay_gguf_close(gguf);
    unlink(path);
}

/* As the reference: template files are all that counts where there are any, and no default is an error. */
static void without_a_default_a_name_is_asked_for(void **state)
{
    (void)state;
    char folder[] = "/tmp/assay-template-XXXXXX";
    static const char *const files[] = {"additional_chat_templates/rag.jinja", "R" ANY_TOOLS, "tokenizer_config.json",
                                        "{\"chat_template\": \"D\"}", NULL};
    assay_error err = {0};
    assay_template *chosen;
    assay_tokenizer *tokenizer = open_with(folder, files, &err);
    assert_int_equal(assay_template_open(&chosen, &(assay_template_request){.name = "auto"}, tokenizer, &err),
                     ASSAY_E_USAGE);
    assert_non_null(strstr(err.text, "--template NAME. There are: rag"));
    check_named(tokenizer, "rag", "R", false);
    assay_tokenizer_close(tokenizer);
    assay_remove_tree(folder, NULL);
}

/* What assay.json keeps counts: a name that the folder has no longer, and a built-in's text under a name that a
 * checkpoint has too. */
static void a_kept_text_counts_for_its_name(void **state)
{
    (void)state;
    char folder[] = "/tmp/assay-template-XXXXXX";
    static const char *const files[] = {"chat_template.jinja", "D", "additional_chat_templates/chatml.jinja", "C",
                                        NULL};
    const struct {
        assay_template_request request;
        const char *text;
    } cases[] = {{{.name = "rag", .kept = "K"}, "K"},
                 {{.name = "chatml", .kept = "K"}, "K"},
                 {{.name = "chatml", .kept = "C"}, "C"},
                 {{.name = "chatml", .cut_behind_turn = true}, "<|im_start|>user\nhi<|im_end|>"}};
    const assay_message one = MESSAGE(ASSAY_ROLE_USER, "hi");
    const assay_conversation conversation = {.messages = &one, .count = 1};
    assay_error err = {0};
    assay_tokenizer *tokenizer = open_with(folder, files, &err);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assay_template *chosen;
        must(assay_template_open(&chosen, &cases[i].request, tokenizer, &err), &err);
        check_text(chosen, &conversation, cases[i].text);
        assert_string_equal(assay_template_name(chosen), cases[i].request.name);
        assert_int_equal(assay_template_hides_built_in(chosen), i == 2);
        assay_template_close(chosen);
    }
    assay_tokenizer_close(tokenizer);
    assay_remove_tree(folder, NULL);
}

/* A name that cannot be a file's is refused when it is read, not when a trained model is saved. */
static void names_that_cannot_be_files_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"", "../x", "a\\b", ".x", "a\nb", "\xff"};
    assay_named_templates list = {0};
    assay_error err = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(assay_named_templates_set(&list, names[i], "T", "x.json", &err), ASSAY_E_UNSUPPORTED);
    assert_non_null(strstr(err.text, "x.json: "));
    assert_int_equal(list.count, 0);
    must(assay_named_templates_set(&list, "a b", "T", "x.json", &err), &err);
    must(assay_named_templates_set(&list, "a b", "U", "x.json", &err), &err);
    assert_string_equal(assay_named_templates_find(&list, "a b"), "U");
    assert_int_equal(list.count, 1);
    assay_named_templates_release(&list);
}

static void errors_name_what_to_do(void **state)
{
    (void)state;
    char folder[] = "/tmp/assay-template-XXXXXX";
    static const char *const files[] = {"chat_template.jinja", "{% for m in messages %}{{ m.content }}", NULL};
    assay_error err = {0};
    assay_template *chosen;
    assay_tokenizer *tokenizer = open_with(folder, files, &err);
    const assay_message one = MESSAGE(ASSAY_ROLE_USER, "hi"), twice[] = {one, one};
    assay_ids ids = {0};
    assert_int_equal(assay_template_open(&chosen, &(assay_template_request){0}, tokenizer, &err), ASSAY_E_FORMAT);
    assert_non_null(strstr(err.text, "chat_template.jinja"));
    assert_int_equal(assay_template_open(&chosen, &(assay_template_request){.name = "chatmll"}, tokenizer, &err),
                     ASSAY_E_USAGE);
    assert_non_null(strstr(err.text, "nearest is chatml."));
    assert_int_equal(
        assay_template_open(&chosen, &(assay_template_request){.name = "chatml", .date = "today"}, tokenizer, &err),
        ASSAY_E_USAGE);
    assert_int_equal(
        assay_template_open(&chosen, &(assay_template_request){.name = "chatml", .kwargs = "[1]"}, tokenizer, &err),
        ASSAY_E_USAGE);
    chosen = open_template("chatglm3", tokenizer, ASSAY_EOS_AUTO);
    assert_int_equal(render(chosen, &one, 1, &ids, &err), ASSAY_E_USAGE);
    assert_int_equal(render(chosen, &one, 0, &ids, &err), ASSAY_E_FORMAT);
    assay_template_close(chosen);
    chosen = open_template("llama2", tokenizer, ASSAY_EOS_AUTO);
    assert_int_equal(render(chosen, twice, 2, &ids, &err), ASSAY_E_FORMAT);
    assert_non_null(strstr(err.text, "alternate"));
    assay_template_close(chosen);
    assay_ids_release(&ids);
    assay_tokenizer_close(tokenizer);
    assay_remove_tree(folder, NULL);
}

/* A template that reads tool calls gets them; one that does not refuses them by name, or writes them as told. */
static void tool_calls_are_never_dropped(void **state)
{
    (void)state;
    char folder[] = "/tmp/assay-template-XXXXXX";
    static const char *const files[] = {"chat_template.jinja", "{% for m in messages %}{{ m.content }}|{% endfor %}",
                                        NULL};
    static const char reads[] = "{% for m in messages %}{{ m.content }}{% for c in m.tool_calls %}"
                                "<{{ c.function.name }} {{ c.function.arguments }}>{% endfor %}|{% endfor %}";
    static const char whole[] = "{\"role\": \"assistant\", \"content\": \"I look.\", \"tool_calls\": [{\"type\": "
                                "\"function\", \"function\": {\"name\": \"f\", \"arguments\": \"{}\"}}]}";
    const assay_message messages[] = {
        MESSAGE(ASSAY_ROLE_USER, "hi"),
        {.role = ASSAY_ROLE_ASSISTANT, .text = "I look.", .size = 7, .whole = whole, .calls = true}};
    const assay_conversation conversation = {.messages = messages, .count = 2};
    assay_error err = {0};
    assay_ids ids = {0};
    assay_tokenizer *tokenizer = open_with(folder, files, &err);
    assay_template *chosen = open_template("auto", tokenizer, ASSAY_EOS_AUTO);
    assert_int_equal(assay_template_render(chosen, &conversation, &ids, &err), ASSAY_E_UNSUPPORTED);
    assert_non_null(strstr(err.text, "--tool-format"));
    assay_template_close(chosen);
    must(assay_template_open(&chosen, &(assay_template_request){.tool_format = "qwen"}, tokenizer, &err), &err);
    check_text(chosen, &conversation,
               "hi|I look.\n<tool_call>\n{\"name\": \"f\", \"arguments\": \"{}\"}\n</tool_call>|");
    assay_template_close(chosen);
    must(assay_template_open(&chosen, &(assay_template_request){.kept = reads}, tokenizer, &err), &err);
    check_text(chosen, &conversation, "hi|I look.<f {}>|");
    assay_template_close(chosen);
    assay_tokenizer_close(tokenizer);
    assay_remove_tree(folder, NULL);
}

static void render_equal(const assay_tokenizer *tokenizer, const char *name, const assay_message *a,
                         const assay_message *b, size_t count)
{
    assay_template *chosen = open_template(name, tokenizer, ASSAY_EOS_AUTO);
    assay_error err = {0};
    assay_ids first = {0}, second = {0};
    must(render(chosen, a, count, &first, &err), &err);
    must(render(chosen, b, count, &second, &err), &err);
    ids_check(&first, second.data, second.count, name);
    assay_template_close(chosen);
    assay_ids_release(&first);
    assay_ids_release(&second);
}

static void tool_calls_become_text(void **state)
{
    (void)state;
    assay_gguf *gguf;
    assay_tokenizer *tokenizer = open_golden("byte_level", &gguf);
    const assay_message calls[] = {
        MESSAGE(ASSAY_ROLE_USER, "warm?"),
        MESSAGE(ASSAY_ROLE_TOOL_CALL, "{\"name\": \"weather\", \"arguments\": {\"city\": \"\\u5317\", \"n\": 1}}"),
        MESSAGE(ASSAY_ROLE_OBSERVATION, "{\"t\": 20}"), MESSAGE(ASSAY_ROLE_TOOL_CALL, "not json")};
    const assay_message texts[] = {
        MESSAGE(ASSAY_ROLE_USER, "warm?"),
        MESSAGE(ASSAY_ROLE_ASSISTANT, "Action: weather\nAction Input: {\"city\": \"北\", \"n\": 1}"),
        MESSAGE(ASSAY_ROLE_USER, "Observation: {\"t\": 20}"), MESSAGE(ASSAY_ROLE_ASSISTANT, "not json")};
    render_equal(tokenizer, "chatml", calls, texts, 4);
    render_equal(tokenizer, "medicalgpt:qwen", calls, texts, 4);
    assay_tokenizer_close(tokenizer);
}

static void chatglm3_places_tool_calls(void **state)
{
    (void)state;
    assay_gguf *gguf;
    assay_tokenizer *tokenizer = open_golden("chatglm", &gguf);
    const assay_message calls[] = {
        MESSAGE(ASSAY_ROLE_TOOL_CALL, "{\"name\": \"weather\", \"arguments\": {\"city\": \"it's\", \"n\": 1}}"),
        MESSAGE(ASSAY_ROLE_OBSERVATION, "20")};
    static const char block[] = "```python\ntool_call(city='it\\'s', n=1)\n```";
    assay_template *chosen = open_template("chatglm3", tokenizer, ASSAY_EOS_AUTO);
    assay_error err = {0};
    assay_ids ids = {0}, wanted = {0};
    must(render(chosen, calls, 2, &ids, &err), &err);
    assay_template_close(chosen);
    must(assay_tokenizer_encode(tokenizer, "", 0, ASSAY_ENCODE_ADD_SPECIAL, &wanted, &err), &err);
    must(assay_ids_push(&wanted, assay_tokenizer_find(tokenizer, "<|assistant|>"), &err), &err);
    must(assay_tokenizer_encode(tokenizer, "weather\n", 8, 0, &wanted, &err), &err);
    must(assay_tokenizer_encode(tokenizer, block, sizeof(block) - 1, 0, &wanted, &err), &err);
    must(assay_ids_push(&wanted, assay_tokenizer_find(tokenizer, "<|observation|>"), &err), &err);
    must(assay_tokenizer_encode(tokenizer, "\n", 1, 0, &wanted, &err), &err);
    must(assay_tokenizer_encode(tokenizer, "20", 2, 0, &wanted, &err), &err);
    must(assay_ids_push(&wanted, 2, &err), &err);
    ids_check(&ids, wanted.data, wanted.count, "chatglm3 tool call");
    assay_ids_release(&ids);
    assay_ids_release(&wanted);
    assay_tokenizer_close(tokenizer);
}

/* Ids published with the models (chatglm.cpp's tests, ChatGLM2-6B issues). */
static void chatglm_published_ids(void **state)
{
    (void)state;
    static const int32_t three[] = {64790, 64792, 64795, 30910, 13, 36474, 54591};
    static const int32_t two[] = {64790, 64792, 790,   30951, 517, 30910, 30939, 30996, 13,
                                  13,    54761, 31211, 39701, 13,  13,    55437, 31211};
    static const int32_t code[] = {64790, 64792, 884,   1301, 9427, 13, 296,   4466,
                                   2029,  15616, 30914, 993,  3387, 12, 31010, 30174};
    static const int32_t wave[] = {243, 162, 148, 142};
    static const char program[] = "def main():\n    print('hello world')\t# greeting";
    char folder[] = "/tmp/assay-chatglm-XXXXXX", path[512], from[512];
    assay_error err = {0};
    assay_tokenizer *tokenizer;
    assay_ids ids = {0};
    if (!assay_path_exists(shared_path(from, sizeof(from), "chatglm3.tokenizer.model"))) skip();
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/tokenizer.model", folder);
    must(assay_file_copy(from, path, &err), &err);
    snprintf(path, sizeof(path), "%s/tokenizer_config.json", folder);
    must(assay_file_copy(shared_path(from, sizeof(from), "chatglm3.tokenizer_config.json"), path, &err), &err);
    must(assay_tokenizer_open(&tokenizer, folder, NULL, &err), &err);
    assert_int_equal(assay_tokenizer_about(tokenizer)->vocab_size, 64798);
    assert_int_equal(assay_tokenizer_find(tokenizer, "sop"), 64792);
    const assay_message question = MESSAGE(ASSAY_ROLE_USER, "你好");
    assay_template *chosen = open_template("chatglm3", tokenizer, ASSAY_EOS_NO);
    must(render(chosen, &question, 1, &ids, &err), &err);
    assay_template_close(chosen);
    ids_check(&ids, three, sizeof(three) / sizeof(three[0]), "chatglm3");
    ids.count = 0;
    chosen = open_template("auto", tokenizer, ASSAY_EOS_NO);
    assert_string_equal(assay_template_name(chosen), "chatglm2"); /* all that this folder says */
    must(render(chosen, &question, 1, &ids, &err), &err);
    assay_template_close(chosen);
    ids_check(&ids, two, sizeof(two) / sizeof(two[0]), "chatglm2");
    ids.count = 0;
    must(assay_tokenizer_encode_text(tokenizer, ASSAY_EOS_AUTO, program, sizeof(program) - 1, &ids, &err), &err);
    ids_check(&ids, code, sizeof(code) / sizeof(code[0]), "code");
    ids.count = 0;
    must(assay_tokenizer_encode(tokenizer, "👋", 4, 0, &ids, &err), &err);
    assert_int_equal(ids.count, 5);
    ids_check(&(assay_ids){.data = ids.data + 1, .count = 4}, wave, 4, "wave");
    assay_ids_release(&ids);
    assay_tokenizer_close(tokenizer);
    assay_remove_tree(folder, NULL);
}

static assay_tokenizer *open_ice(void)
{
    assay_tokenizer *tokenizer;
    assay_error err = {0};
    must(assay_tokenizer_open(&tokenizer, "tests/data/tokenizer/kinds/ice", NULL, &err), &err);
    return tokenizer;
}

static void ids_append(const assay_tokenizer *tokenizer, const char *text, assay_ids *ids)
{
    assay_error err = {0};
    must(assay_tokenizer_encode(tokenizer, text, strlen(text), 0, ids, &err), &err);
}

/* ChatGLM-6B: the prompt as its own code builds it, [gMASK] and <sop>, the answer, <eop>; chosen by its files alone. */
static void chatglm_6b_answers_behind_its_prefix(void **state)
{
    assay_tokenizer *tokenizer = open_ice();
    assay_template *chosen = open_template("auto", tokenizer, ASSAY_EOS_AUTO);
    const assay_message turns[] = {MESSAGE(ASSAY_ROLE_USER, "tea?"), MESSAGE(ASSAY_ROLE_ASSISTANT, "yes"),
                                   MESSAGE(ASSAY_ROLE_USER, "now?"), MESSAGE(ASSAY_ROLE_ASSISTANT, "no")};
    static const char *const prompts[] = {"tea?", "[Round 0]\n问：tea?\n答：yes\n[Round 1]\n问：now?\n答："};
    (void)state;
    assert_string_equal(assay_template_name(chosen), "chatglm");
    for (size_t rounds = 1; rounds <= 2; rounds++) {
        assay_ids ids = {0}, wanted = {0};
        assay_error err = {0};
        must(render(chosen, turns, 2 * rounds, &ids, &err), &err);
        ids_append(tokenizer, prompts[rounds - 1], &wanted);
        must(assay_ids_push(&wanted, assay_tokenizer_find(tokenizer, "[gMASK]"), &err), &err);
        must(assay_ids_push(&wanted, assay_tokenizer_find(tokenizer, "<sop>"), &err), &err);
        ids_append(tokenizer, turns[2 * rounds - 1].text, &wanted);
        must(assay_ids_push(&wanted, assay_tokenizer_find(tokenizer, "<eop>"), &err), &err);
        ids_check(&ids, wanted.data, wanted.count, prompts[rounds - 1]);
        assay_ids_release(&ids);
        assay_ids_release(&wanted);
    }
    assay_template_close(chosen);
    assay_tokenizer_close(tokenizer);
}

static void every_template_renders(void **state)
{
    (void)state;
    assay_gguf *gguf;
    both open = {open_golden("byte_level", &gguf), open_golden("chatglm", &gguf)};
    assay_tokenizer *ice = open_ice();
    const assay_message messages[] = {MESSAGE(ASSAY_ROLE_SYSTEM, "Be kind."), MESSAGE(ASSAY_ROLE_USER, "tea?"),
                                      MESSAGE(ASSAY_ROLE_ASSISTANT, "yes")};
    for (size_t i = 0; i < assay_template_count(); i++) {
        const char *name = assay_template_name_at(i);
        const assay_tokenizer *tokenizer = strcmp(name, "chatglm3") == 0  ? open.chatglm
                                           : strcmp(name, "chatglm") == 0 ? ice
                                                                          : open.byte_level;
        assay_template *chosen = open_template(name, tokenizer, ASSAY_EOS_AUTO);
        assay_error err = {0};
        assay_ids ids = {0};
        must(render(chosen, messages, 3, &ids, &err), &err);
        assert_true(ids.count > 5);
        assay_ids_release(&ids);
        assay_template_close(chosen);
    }
    assert_null(assay_template_name_at(assay_template_count()));
    assay_tokenizer_close(ice);
    assay_tokenizer_close(open.byte_level);
    assay_tokenizer_close(open.chatglm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_conversations_are_equal),
        cmocka_unit_test(auto_is_the_checkpoints_own),
        cmocka_unit_test(templates_are_found_in_their_order),
        cmocka_unit_test(a_checkpoints_names_are_templates),
        cmocka_unit_test(without_a_default_a_name_is_asked_for),
        cmocka_unit_test(a_kept_text_counts_for_its_name),
        cmocka_unit_test(names_that_cannot_be_files_are_refused),
        cmocka_unit_test(tool_calls_are_never_dropped),
        cmocka_unit_test(errors_name_what_to_do),
        cmocka_unit_test(tool_calls_become_text),
        cmocka_unit_test(chatglm3_places_tool_calls),
        cmocka_unit_test(chatglm_published_ids),
        cmocka_unit_test(every_template_renders),
        cmocka_unit_test(chatglm_6b_answers_behind_its_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
