/* From what the user, assay.json and the checkpoint say to one template: whose text it is, what stands in front of it
 * and behind it, and whether Transformers would make the same ids of it. */
#include "template/chat_template.h"

#include "base/alloc.h"
#include "base/file.h"
#include "template/template_kind.h"

#include <string.h>

enum { PROBE_IDS = 64 };

static assay_status keep(char **out, const char *text, assay_error *err)
{
    assay_free(*out);
    *out = assay_strdup(text);
    ASSAY_TRY_ALLOC(*out, "a chat template", err);
    return ASSAY_OK;
}

static bool ends_with_line(const char *text, const char *line, size_t *without)
{
    size_t length = strlen(text), last = strlen(line);
    while (length && text[length - 1] == '\n') length--;
    *without = length - (length >= last ? last : length);
    return length >= last && !memcmp(text + length - last, line, last);
}

static bool contains(const char *text, const char *word) { return text && strstr(text, word); }

/* A conversation of one question and one answer: what its rendering ends with tells how the template ends. */
static assay_status probe_text(const assay_template *t, assay_buf *out, assay_error *err)
{
    const assay_message messages[] = {{.role = ASSAY_ROLE_USER, .text = "a", .size = 1},
                                      {.role = ASSAY_ROLE_ASSISTANT, .text = "b", .size = 1}};
    const assay_conversation conversation = {.messages = messages, .count = 2};
    return assay_template_text(t, &conversation, false, out, err);
}

static assay_status compile(assay_template *t, assay_error *err)
{
    assay_jinja_free(t->jinja);
    t->jinja = NULL;
    return assay_jinja_compile(&t->jinja, t->source, strlen(t->source), t->origin, err);
}

/* --append-eos true: EOS behind a text that does not end with it. What a template refuses, the probe too, keeps as it
 * is: the first conversation will say so. */
static assay_status add_eos(assay_template *t, assay_error *err)
{
    const char *eos = assay_tokenizer_token(t->tokenizer, assay_tokenizer_about(t->tokenizer)->eos);
    assay_buf text;
    assay_buf_init(&text, 1 << 20);
    bool probed = eos && probe_text(t, &text, NULL) == ASSAY_OK && text.size;
    size_t length = eos ? strlen(eos) : 0;
    bool ends = probed && text.size >= length && !memcmp(text.data + text.size - length, eos, length);
    assay_buf_release(&text);
    if (!probed || ends) return ASSAY_OK;
    char *longer = assay_strfmt("%s{{- eos_token }}", t->source);
    ASSAY_TRY_ALLOC(longer, "a chat template", err);
    assay_free(t->source);
    t->source = longer;
    return compile(t, err);
}

/* What the tokenizer puts in front of a text, as text: only then can a template say it. False: it puts something behind
 * it too, or a token without text. */
static bool special_text(const assay_tokenizer *tokenizer, assay_buf *out)
{
    assay_ids around = {0}, inside = {0};
    bool good = assay_tokenizer_encode(tokenizer, "", 0, ASSAY_ENCODE_ADD_SPECIAL, &around, NULL) == ASSAY_OK &&
                around.count <= PROBE_IDS;
    for (size_t i = 0; good && i < around.count; i++) {
        const char *text = assay_tokenizer_token(tokenizer, around.data[i]);
        good = text && assay_buf_text(out, text, NULL) == ASSAY_OK;
    }
    good = good && assay_tokenizer_encode(tokenizer, "a", 1, ASSAY_ENCODE_ADD_SPECIAL, &inside, NULL) == ASSAY_OK &&
           inside.count > around.count;
    for (size_t i = 0; good && i < around.count; i++) good = inside.data[i] == around.data[i];
    assay_ids_release(&around);
    assay_ids_release(&inside);
    return good;
}

static bool same_ids(const assay_template *t, const assay_template *other)
{
    const assay_message messages[] = {{.role = ASSAY_ROLE_SYSTEM, .text = "s 1", .size = 3},
                                      {.role = ASSAY_ROLE_USER, .text = "a b", .size = 3},
                                      {.role = ASSAY_ROLE_ASSISTANT, .text = " c", .size = 2}};
    const assay_conversation conversations[] = {{.messages = messages, .count = 3},
                                                {.messages = messages + 1, .count = 2}};
    bool same = true;
    for (size_t i = 0; same && i < 2; i++) {
        assay_ids a = {0}, b = {0};
        same = assay_template_render(t, &conversations[i], &a, NULL) == ASSAY_OK &&
               assay_template_render(other, &conversations[i], &b, NULL) == ASSAY_OK && a.count == b.count;
        for (size_t k = 0; same && k < a.count; k++) same = a.data[k] == b.data[k];
        assay_ids_release(&a);
        assay_ids_release(&b);
    }
    return same;
}

/* The text with the special tokens written out takes the place of special_first where it gives the same ids. */
static assay_status write_out_special(assay_template *t, assay_error *err)
{
    assay_buf front;
    assay_template plain = *t;
    assay_buf_init(&front, 1 << 16);
    bool good = special_text(t->tokenizer, &front) && !contains(front.data, "{") && !contains(front.data, "'");
    plain.special_first = false;
    plain.jinja = NULL;
    plain.source = good ? assay_strfmt("{{- '%s' }}%s", front.data ? front.data : "", t->source) : NULL;
    assay_buf_release(&front);
    if (!good) return ASSAY_OK;
    ASSAY_TRY_ALLOC(plain.source, "a chat template", err);
    assay_status status = compile(&plain, err);
    if (status == ASSAY_OK && same_ids(t, &plain)) {
        assay_jinja_free(t->jinja);
        assay_free(t->source);
        *t = plain;
        return ASSAY_OK;
    }
    assay_jinja_free(plain.jinja);
    assay_free(plain.source);
    return status;
}

/* The marks that a body of the project's own may have (template_kind.h) are taken at their word. */
static assay_status take_body(assay_template *t, const char *body, assay_error *err)
{
    size_t first = strlen(ASSAY_TEMPLATE_SPECIAL_FIRST), without = 0;
    t->special_first = !strncmp(body, ASSAY_TEMPLATE_SPECIAL_FIRST, first);
    if (t->special_first) body += first + (body[first] == '\n');
    ASSAY_TRY(keep(&t->source, body, err));
    if (t->append_eos == ASSAY_EOS_NO && ends_with_line(t->source, ASSAY_TEMPLATE_EOS_LAST, &without))
        t->source[without] = '\0';
    ASSAY_TRY(compile(t, err));
    return t->special_first ? write_out_special(t, err) : ASSAY_OK;
}

static assay_status take_turns(assay_template *t, const assay_question_turns *turns, assay_error *err)
{
    assay_buf body;
    bool stop = turns->stop && assay_tokenizer_find(t->tokenizer, turns->stop) >= 0;
    assay_buf_init(&body, 1 << 20);
    assay_status status = assay_question_turns_body(turns,
                                                    t->append_eos == ASSAY_EOS_NO ? ""
                                                    : stop                        ? turns->stop
                                                                                  : NULL,
                                                    &body, err);
    if (status == ASSAY_OK) status = take_body(t, body.data, err);
    assay_buf_release(&body);
    return status;
}

static assay_status open_kind(assay_template *t, const char *name, assay_error *err)
{
    ASSAY_TRY(assay_template_kind_find(&t->kind, name, assay_tokenizer_about(t->tokenizer)->templates, err));
    ASSAY_TRY(keep(&t->name, t->kind.name, err));
    ASSAY_TRY(keep(&t->origin, "built in", err));
    if (t->kind.turns) return take_turns(t, t->kind.turns, err);
    return t->kind.body ? take_body(t, t->kind.body, err) : ASSAY_OK;
}

/* A built-in text may have changed since a model was trained on it: the kept one counts. */
static assay_status take_kept(assay_template *t, const char *kept, assay_error *err)
{
    if (!kept || !t->source || !strcmp(kept, t->source)) return ASSAY_OK;
    ASSAY_TRY(keep(&t->source, kept, err));
    ASSAY_TRY(keep(&t->origin, "assay.json", err));
    t->special_first = false;
    return compile(t, err);
}

static assay_status open_text(assay_template *t, const char *name, const char *origin, const char *text,
                              const char *tool_text, assay_error *err)
{
    ASSAY_TRY(keep(&t->name, name, err));
    ASSAY_TRY(keep(&t->origin, origin, err));
    ASSAY_TRY(keep(&t->source, text, err));
    ASSAY_TRY(compile(t, err));
    if (tool_text) ASSAY_TRY(assay_jinja_compile(&t->with_tools, tool_text, strlen(tool_text), "tool_use", err));
    t->reads_tools = contains(text, "tools") || tool_text;
    t->reads_calls = contains(text, "tool_calls") || contains(tool_text, "tool_calls");
    return ASSAY_OK;
}

static assay_status open_file(assay_template *t, const char *path, assay_error *err)
{
    char *text = NULL;
    size_t size = 0;
    ASSAY_TRY(assay_file_read(path, ASSAY_JINJA_SOURCE, &text, &size, err));
    assay_status status = strlen(text) == size ? open_text(t, "file", path, text, NULL, err)
                                               : assay_error_set(err, ASSAY_E_FORMAT,
                                                                 "%s: holds a zero byte, so it is no template", path);
    assay_free(text);
    return status;
}

/* The reference raises likewise: no text is the one that goes by itself. */
static assay_status refuse_choice(const assay_tokenizer_info *info, assay_error *err)
{
    assay_buf names;
    assay_buf_init(&names, 1 << 16);
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < info->templates->count && status == ASSAY_OK; i++)
        status = assay_buf_printf(&names, err, "%s%s", i ? ", " : "", info->templates->items[i].name);
    if (status == ASSAY_OK)
        status = assay_error_set(err, ASSAY_E_USAGE,
                                 "the checkpoint has chat templates and none of them is its default: choose one with "
                                 "--template NAME. There are: %s",
                                 names.data);
    assay_buf_release(&names);
    return status;
}

static assay_status open_own(assay_template *t, const assay_template_request *request, assay_error *err)
{
    const assay_tokenizer_info *info = assay_tokenizer_about(t->tokenizer);
    if (t->separator && t->step_token < 0) return open_kind(t, "plain", err);
    if (request->kept) return open_text(t, "checkpoint", "assay.json", request->kept, request->kept_tools, err);
    if (info->family) return open_kind(t, info->family, err);
    if (!info->chat_template && info->templates->count) return refuse_choice(info, err);
    if (!info->chat_template) return open_kind(t, "plain", err);
    return open_text(t, "checkpoint", info->template_origin ? info->template_origin : "the checkpoint",
                     info->chat_template, info->tool_template, err);
}

/* The checkpoint's text of that name where it has one. A name that is built in too may be kept as the built-in's text,
 * and is the built-in's in version 0.1, which knew no others. */
static const char *find_named(const assay_template *t, const assay_template_request *request)
{
    const char *own = assay_named_templates_find(assay_tokenizer_about(t->tokenizer)->templates, request->name);
    bool other = request->cut_behind_turn || (request->kept && own && strcmp(request->kept, own) != 0);
    return other && assay_template_is_built_in(request->name) ? NULL : own;
}

/* Of the reference's chat_template=NAME: one text, for conversations with tools too. A kept text counts even where its
 * name is known no longer. */
static assay_status open_named(assay_template *t, const assay_template_request *request, assay_error *err)
{
    const char *name = request->name, *own = find_named(t, request);
    bool built_in = assay_template_is_built_in(name);
    if (!own && (built_in || !request->kept)) {
        ASSAY_TRY(open_kind(t, name, err));
        return take_kept(t, request->kept, err);
    }
    const char *origin = assay_tokenizer_about(t->tokenizer)->template_origin;
    t->hides_built_in = own && built_in;
    return request->kept ? open_text(t, name, "assay.json", request->kept, NULL, err)
                         : open_text(t, name, origin ? origin : "the checkpoint", own, NULL, err);
}

static assay_status read_kwargs(assay_template *t, const char *text, assay_error *err)
{
    if (!text) return ASSAY_OK;
    ASSAY_TRY(assay_json_parse(text, strlen(text), "--chat-template-kwargs", &t->kwargs, err));
    if (json_is_object(t->kwargs)) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE,
                           "--chat-template-kwargs should be a JSON object such as '{\"enable_thinking\": false}'");
}

static bool is_date(const char *text)
{
    static const char shape[] = "0000-00-00";
    for (size_t i = 0; i < sizeof shape; i++)
        if (shape[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i]) return false;
    return true;
}

static assay_status take_request(assay_template *t, const assay_template_request *r, assay_error *err)
{
    const char *format = r->tool_format ? r->tool_format : "auto";
    t->append_eos = r->append_eos;
    t->cut_behind_turn = r->cut_behind_turn;
    t->pad = r->pad;
    t->end = r->end > 0 && r->end <= INT32_MAX ? (int32_t)r->end : -1;
    t->skips_pad = r->skips_pad;
    t->stops_at_pad = r->stops_at_pad;
    t->generation_prompt = r->generation_prompt;
    t->drops_tools = !strcmp(format, "none") || !strcmp(format, "None"); /* MedicalGPT's lines say None */
    if (!t->drops_tools && strcmp(format, "auto") != 0) ASSAY_TRY(assay_tool_format_find(&t->tool_format, format, err));
    if (r->date && !is_date(r->date))
        return assay_error_set(err, ASSAY_E_USAGE, "--date %.40s: a day is written YYYY-MM-DD", r->date);
    if (r->date) ASSAY_TRY(keep(&t->date, r->date, err));
    ASSAY_TRY(read_kwargs(t, r->kwargs, err));
    if (r->separator) ASSAY_TRY(assay_template_steps_open(t, r->separator, err));
    bool by_name = r->name && strcmp(r->name, "auto") != 0 && strcmp(r->name, "checkpoint") != 0;
    ASSAY_TRY(r->file ? open_file(t, r->file, err) : by_name ? open_named(t, r, err) : open_own(t, r, err));
    ASSAY_TRY(assay_template_steps_check(t, err));
    if (t->generation_prompt && !t->jinja && strcmp(t->name, "plain") != 0)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "the template %s has no prompt for an answer, behind which a word could be judged: give "
                               "the whole text with --template plain, or a template with --chat-template FILE",
                               t->name);
    bool adds = t->jinja && t->append_eos == ASSAY_EOS_YES && !t->cut_behind_turn;
    return adds ? add_eos(t, err) : ASSAY_OK;
}

assay_status assay_template_open(assay_template **out, const assay_template_request *request,
                                 const assay_tokenizer *tokenizer, assay_error *err)
{
    assay_template *t = assay_alloc(1, sizeof *t);
    *out = NULL;
    ASSAY_TRY_ALLOC(t, "a chat template", err);
    t->tokenizer = tokenizer;
    assay_status status = take_request(t, request, err);
    if (status != ASSAY_OK) {
        assay_template_close(t);
        return status;
    }
    *out = t;
    return ASSAY_OK;
}
