/* Renderings against the reference's: Jinja text through jinja2 and tokenizers, ChatGLM's and MedicalGPT's rules in
 * Python (tests/data/tokenizer/templates.jsonl); ChatGLM3's published ids on the real vocabulary; recognition, tool
 * calls, errors. */
#include "tokenizer_check.h"

#include "template/chat_template.h"

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
    const assay_template *chosen;
    assay_message messages[16];
    assay_error err = {0};
    assay_ids ids = {0};
    char what[96];
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *message = json_array_get(list, i), *text = json_object_get(message, "content");
        messages[i] = (assay_message){role_of(json_string_value(json_object_get(message, "role"))),
                                      json_string_value(text), json_string_length(text)};
    }
    must(assay_template_find(&chosen, name, tokenizer, &err), &err);
    assay_append_eos append = *eos == 'a' ? ASSAY_EOS_AUTO : *eos == 't' ? ASSAY_EOS_YES : ASSAY_EOS_NO;
    must(assay_template_render(chosen, tokenizer, messages, json_array_size(list), append, &ids, &err), &err);
    snprintf(what, sizeof(what), "templates.jsonl:%zu (%s, %s)", number, name, eos);
    ids_check_json(&ids, json_object_get(line, "ids"), what);
    assay_ids_release(&ids);
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

static const char *auto_name(const assay_tokenizer *tokenizer)
{
    const assay_template *chosen;
    assay_error err = {0};
    must(assay_template_find(&chosen, "auto", tokenizer, &err), &err);
    return assay_template_name(chosen);
}

static void auto_recognises(void **state)
{
    (void)state;
    assay_gguf *gguf;
    assay_tokenizer *tokenizer = open_golden("byte_level", &gguf);
    assert_string_equal(auto_name(tokenizer), "qwen");
    assay_tokenizer_close(tokenizer);
    tokenizer = open_golden("chatglm", &gguf);
    assert_string_equal(auto_name(tokenizer), "chatglm3");
    assay_tokenizer_close(tokenizer);
    tokenizer = open_golden("llama", &gguf);
    assert_string_equal(auto_name(tokenizer), "plain");
    assay_tokenizer_close(tokenizer);
    tokenizer = open_golden("smollm.gguf", &gguf);
    assert_string_equal(auto_name(tokenizer), "smollm2");
    assay_tokenizer_close(tokenizer);
    assay_gguf_close(gguf);
}

static void unknown_jinja_is_refused(void **state)
{
    (void)state;
    char folder[] = "/tmp/assay-template-XXXXXX", path[128];
    static const char jinja[] =
        "{% for m in messages %}<|im_start|>{{ m.role }}<think>{{ m.content }}<|im_end|>{% endfor %}";
    assay_error err = {0};
    assay_tokenizer *tokenizer;
    const assay_template *chosen;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/tokenizer.json", folder);
    must(assay_file_copy(GOLDEN "byte_level/tokenizer.json", path, &err), &err);
    snprintf(path, sizeof(path), "%s/chat_template.jinja", folder);
    must(assay_file_write_atomic(path, jinja, strlen(jinja), &err), &err);
    must(assay_tokenizer_open(&tokenizer, folder, NULL, &err), &err);
    assert_string_equal(assay_tokenizer_about(tokenizer)->chat_template, jinja);
    assert_int_equal(assay_template_find(&chosen, "auto", tokenizer, &err), ASSAY_E_UNSUPPORTED);
    assert_non_null(strstr(err.text, "--template"));
    assert_int_equal(assay_template_find(&chosen, "chatmll", tokenizer, &err), ASSAY_E_USAGE);
    assert_non_null(strstr(err.text, "nearest is chatml."));
    assert_int_equal(assay_template_find(&chosen, "chatglm3", tokenizer, &err), ASSAY_OK);
    assay_ids ids = {0};
    assay_message one = {ASSAY_ROLE_USER, "hi", 2};
    assert_int_equal(assay_template_render(chosen, tokenizer, &one, 1, ASSAY_EOS_AUTO, &ids, &err), ASSAY_E_USAGE);
    assert_int_equal(assay_template_render(chosen, tokenizer, &one, 0, ASSAY_EOS_AUTO, &ids, &err), ASSAY_E_FORMAT);
    must(assay_template_find(&chosen, "llama2", tokenizer, &err), &err);
    assay_message twice[] = {one, one};
    assert_int_equal(assay_template_render(chosen, tokenizer, twice, 2, ASSAY_EOS_AUTO, &ids, &err), ASSAY_E_FORMAT);
    assert_non_null(strstr(err.text, "alternate"));
    assay_ids_release(&ids);
    assay_tokenizer_close(tokenizer);
    assay_remove_tree(folder, NULL);
}

static void render_equal(const assay_tokenizer *tokenizer, const char *name, const assay_message *a,
                         const assay_message *b, size_t count)
{
    const assay_template *chosen;
    assay_error err = {0};
    assay_ids first = {0}, second = {0};
    must(assay_template_find(&chosen, name, tokenizer, &err), &err);
    must(assay_template_render(chosen, tokenizer, a, count, ASSAY_EOS_AUTO, &first, &err), &err);
    must(assay_template_render(chosen, tokenizer, b, count, ASSAY_EOS_AUTO, &second, &err), &err);
    ids_check(&first, second.data, second.count, name);
    assay_ids_release(&first);
    assay_ids_release(&second);
}

#define MESSAGE(role, text)          \
    {                                \
        role, text, sizeof(text) - 1 \
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
    const assay_template *chosen;
    assay_error err = {0};
    assay_ids ids = {0}, wanted = {0};
    must(assay_template_find(&chosen, "chatglm3", tokenizer, &err), &err);
    must(assay_template_render(chosen, tokenizer, calls, 2, ASSAY_EOS_AUTO, &ids, &err), &err);
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
    const assay_template *chosen;
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
    must(assay_template_find(&chosen, "chatglm3", tokenizer, &err), &err);
    must(assay_template_render(chosen, tokenizer, &question, 1, ASSAY_EOS_NO, &ids, &err), &err);
    ids_check(&ids, three, sizeof(three) / sizeof(three[0]), "chatglm3");
    ids.count = 0;
    must(assay_template_find(&chosen, "auto", tokenizer, &err), &err);
    assert_string_equal(assay_template_name(chosen), "chatglm2"); /* all that this folder says */
    must(assay_template_render(chosen, tokenizer, &question, 1, ASSAY_EOS_NO, &ids, &err), &err);
    ids_check(&ids, two, sizeof(two) / sizeof(two[0]), "chatglm2");
    ids.count = 0;
    must(assay_template_encode_text(tokenizer, program, sizeof(program) - 1, ASSAY_EOS_AUTO, &ids, &err), &err);
    ids_check(&ids, code, sizeof(code) / sizeof(code[0]), "code");
    ids.count = 0;
    must(assay_tokenizer_encode(tokenizer, "👋", 4, 0, &ids, &err), &err);
    assert_int_equal(ids.count, 5);
    ids_check(&(assay_ids){.data = ids.data + 1, .count = 4}, wave, 4, "wave");
    assay_ids_release(&ids);
    assay_tokenizer_close(tokenizer);
    assay_remove_tree(folder, NULL);
}

static void every_template_renders(void **state)
{
    (void)state;
    assay_gguf *gguf;
    both open = {open_golden("byte_level", &gguf), open_golden("chatglm", &gguf)};
    const assay_message messages[] = {MESSAGE(ASSAY_ROLE_SYSTEM, "Be kind."), MESSAGE(ASSAY_ROLE_USER, "tea?"),
                                      MESSAGE(ASSAY_ROLE_ASSISTANT, "yes")};
    for (size_t i = 0; i < assay_template_count(); i++) {
        const assay_template *chosen = assay_template_at(i), *found;
        bool chatglm = strcmp(assay_template_name(chosen), "chatglm3") == 0;
        assay_error err = {0};
        assay_ids ids = {0};
        must(assay_template_find(&found, assay_template_name(chosen), open.byte_level, &err), &err);
        assert_ptr_equal(found, chosen);
        must(assay_template_render(chosen, chatglm ? open.chatglm : open.byte_level, messages, 3, ASSAY_EOS_AUTO, &ids,
                                   &err),
             &err);
        assert_true(ids.count > 5);
        assay_ids_release(&ids);
    }
    assert_null(assay_template_at(assay_template_count()));
    assay_tokenizer_close(open.byte_level);
    assay_tokenizer_close(open.chatglm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_conversations_are_equal), cmocka_unit_test(auto_recognises),
        cmocka_unit_test(unknown_jinja_is_refused),       cmocka_unit_test(tool_calls_become_text),
        cmocka_unit_test(chatglm3_places_tool_calls),     cmocka_unit_test(chatglm_published_ids),
        cmocka_unit_test(every_template_renders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
