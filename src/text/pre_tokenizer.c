/* A step either cuts words (its matches decide where; the text stays) or rewrites the text word by word into the second
 * buffer. The two pairs of buffers swap after each step. What happens to a match is the step's behaviour, as in
 * `tokenizers` (normalizer.rs, split). */
#include "text/pre_tokenizer.h"

#include "text/split_pattern.h"
#include "text/unicode.h"

#include <string.h>

typedef enum step_kind { STEP_SPLIT, STEP_CLASS, STEP_BYTES, STEP_PREFIX_SPACE, STEP_METASPACE } step_kind;
typedef enum behaviour { ISOLATED, REMOVED, CONTIGUOUS, MERGED_WITH_PREVIOUS, MERGED_WITH_NEXT } behaviour;
typedef enum prefix_rule { PREFIX_ALWAYS, PREFIX_FIRST, PREFIX_NEVER } prefix_rule;

typedef struct assay_pre_step {
    step_kind kind;
    behaviour on_match;
    bool invert;
    assay_split_pattern *pattern;
    bool (*is_match)(int32_t code); /* STEP_CLASS */
    prefix_rule prefix;             /* STEP_METASPACE */
    char *replacement;
} step;

/* What a step finds in one word: ranges that cover it without gaps, each a match or not. */
typedef struct cut {
    size_t end;
    bool match;
} cut;

void assay_pre_tokenizer_release(assay_pre_tokenizer *pre)
{
    for (size_t i = 0; i < pre->count; i++) {
        assay_split_pattern_free(pre->steps[i].pattern);
        assay_free(pre->steps[i].replacement);
    }
    assay_free(pre->steps);
    *pre = (assay_pre_tokenizer){0};
}

void assay_pre_work_init(assay_pre_work *work, size_t size)
{
    *work = (assay_pre_work){0};
    assay_buf_init(&work->text, assay_normal_ceiling(size));
    assay_buf_init(&work->next_text, assay_normal_ceiling(size));
}

void assay_pre_work_release(assay_pre_work *work)
{
    assay_buf_release(&work->text);
    assay_buf_release(&work->next_text);
    assay_free(work->words.list);
    assay_free(work->next_words.list);
    assay_pre_work_init(work, 0);
}

static assay_status step_add(assay_pre_tokenizer *pre, step_kind kind, step **out, assay_error *err)
{
    ASSAY_TRY(assay_grow(&pre->steps, &pre->capacity, pre->count + 1, sizeof(step), err));
    *out = &pre->steps[pre->count++];
    **out = (step){.kind = kind};
    return ASSAY_OK;
}

static assay_status split_add(assay_pre_tokenizer *pre, const char *regex, const char *where, assay_error *err)
{
    step *added;
    ASSAY_TRY(step_add(pre, STEP_SPLIT, &added, err));
    return assay_split_pattern_regex(&added->pattern, regex, where, err);
}

static assay_status digits_add(assay_pre_tokenizer *pre, assay_error *err)
{
    step *added;
    ASSAY_TRY(step_add(pre, STEP_CLASS, &added, err));
    added->is_match = assay_char_is_numeric;
    return ASSAY_OK;
}

static assay_status bytes_add(assay_pre_tokenizer *pre, assay_error *err)
{
    step *added;
    pre->byte_level = true;
    return step_add(pre, STEP_BYTES, &added, err);
}

static assay_status behaviour_read(behaviour *out, const json_t *node, const char *where, assay_error *err)
{
    static const char *const names[] = {"Isolated", "Removed", "Contiguous", "MergedWithPrevious", "MergedWithNext"};
    const char *name = "Isolated";
    ASSAY_TRY(assay_json_string(node, "behavior", false, &name, where, err));
    for (int i = 0; i < 5; i++)
        if (strcmp(names[i], name) == 0) return *out = (behaviour)i, ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: the pre_tokenizer behavior %s is not supported", where, name);
}

static assay_status split_read(assay_pre_tokenizer *pre, const json_t *node, const char *where, assay_error *err)
{
    step *added;
    ASSAY_TRY(step_add(pre, STEP_SPLIT, &added, err));
    ASSAY_TRY(behaviour_read(&added->on_match, node, where, err));
    ASSAY_TRY(assay_json_bool(node, "invert", false, &added->invert, where, err));
    return assay_split_pattern_read(&added->pattern, json_object_get(node, "pattern"), where, err);
}

static assay_status byte_level_read(assay_pre_tokenizer *pre, const json_t *node, const char *where, assay_error *err)
{
    bool prefix = true, use_regex = true;
    step *added;
    ASSAY_TRY(assay_json_bool(node, "add_prefix_space", false, &prefix, where, err));
    ASSAY_TRY(assay_json_bool(node, "use_regex", false, &use_regex, where, err));
    if (prefix) ASSAY_TRY(step_add(pre, STEP_PREFIX_SPACE, &added, err));
    if (use_regex) ASSAY_TRY(split_add(pre, assay_pattern_gpt2, where, err));
    return bytes_add(pre, err);
}

static assay_status digits_read(assay_pre_tokenizer *pre, const json_t *node, const char *where, assay_error *err)
{
    bool individual = false;
    ASSAY_TRY(assay_json_bool(node, "individual_digits", false, &individual, where, err));
    ASSAY_TRY(digits_add(pre, err));
    pre->steps[pre->count - 1].on_match = individual ? ISOLATED : CONTIGUOUS;
    return ASSAY_OK;
}

static assay_status prefix_rule_read(prefix_rule *out, const json_t *node, const char *where, assay_error *err)
{
    static const char *const names[] = {"always", "first", "never"};
    const char *name = NULL;
    bool legacy = true;
    ASSAY_TRY(assay_json_bool(node, "add_prefix_space", false, &legacy, where, err));
    *out = legacy ? PREFIX_ALWAYS : PREFIX_NEVER;
    ASSAY_TRY(assay_json_string(node, "prepend_scheme", false, &name, where, err));
    if (!name) return ASSAY_OK;
    for (int i = 0; i < 3; i++)
        if (strcmp(names[i], name) == 0) return *out = (prefix_rule)i, ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: the prepend_scheme %s is not supported", where, name);
}

static assay_status metaspace_read(assay_pre_tokenizer *pre, const json_t *node, const char *where, assay_error *err)
{
    const char *replacement = "\xe2\x96\x81";
    bool split = true;
    step *added;
    ASSAY_TRY(assay_json_string(node, "replacement", false, &replacement, where, err));
    ASSAY_TRY(assay_json_bool(node, "split", false, &split, where, err));
    ASSAY_TRY(step_add(pre, STEP_METASPACE, &added, err));
    added->replacement = assay_strdup(replacement);
    ASSAY_TRY_ALLOC(added->replacement, where, err);
    ASSAY_TRY(prefix_rule_read(&added->prefix, node, where, err));
    if (!split) return ASSAY_OK;
    json_t *literal = json_pack("{s:s}", "String", replacement);
    ASSAY_TRY_ALLOC(literal, where, err);
    assay_status status = step_add(pre, STEP_SPLIT, &added, err);
    if (status == ASSAY_OK) {
        added->on_match = MERGED_WITH_NEXT;
        status = assay_split_pattern_read(&added->pattern, literal, where, err);
    }
    json_decref(literal);
    return status;
}

static assay_status class_read(assay_pre_tokenizer *pre, bool (*is_match)(int32_t), behaviour on_match,
                               assay_error *err)
{
    step *added;
    ASSAY_TRY(step_add(pre, STEP_CLASS, &added, err));
    added->is_match = is_match;
    added->on_match = on_match;
    return ASSAY_OK;
}

static assay_status punctuation_read(assay_pre_tokenizer *pre, const json_t *node, const char *where, assay_error *err)
{
    behaviour on_match = ISOLATED;
    ASSAY_TRY(behaviour_read(&on_match, node, where, err));
    return class_read(pre, assay_char_is_punctuation, on_match, err);
}

static assay_status whitespace_split_read(assay_pre_tokenizer *pre, const json_t *node, const char *where,
                                          assay_error *err)
{
    (void)node, (void)where;
    return class_read(pre, assay_char_is_space, REMOVED, err);
}

static assay_status bert_read(assay_pre_tokenizer *pre, const json_t *node, const char *where, assay_error *err)
{
    (void)node, (void)where;
    ASSAY_TRY(class_read(pre, assay_char_is_space, REMOVED, err));
    return class_read(pre, assay_char_is_punctuation, ISOLATED, err);
}

/* \w+|[^\w\s]+ : white space goes, then runs of word characters and runs of others stand apart. */
static assay_status whitespace_read(assay_pre_tokenizer *pre, const json_t *node, const char *where, assay_error *err)
{
    (void)node, (void)where;
    ASSAY_TRY(class_read(pre, assay_char_is_space, REMOVED, err));
    return class_read(pre, assay_char_is_word, CONTIGUOUS, err);
}

static assay_status sequence_read(assay_pre_tokenizer *pre, const json_t *node, const char *where, assay_error *err)
{
    const json_t *list = json_object_get(node, "pretokenizers");
    if (!json_is_array(list))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: a Sequence without \"pretokenizers\"", where);
    for (size_t i = 0; i < json_array_size(list); i++)
        ASSAY_TRY(assay_pre_tokenizer_read(pre, json_array_get(list, i), where, err));
    return ASSAY_OK;
}

assay_status assay_pre_tokenizer_read(assay_pre_tokenizer *pre, const json_t *node, const char *where, assay_error *err)
{
    static const struct {
        const char *name;
        assay_status (*read)(assay_pre_tokenizer *, const json_t *, const char *, assay_error *);
    } known[] = {
        {"Sequence", sequence_read},       {"ByteLevel", byte_level_read},  {"Split", split_read},
        {"Digits", digits_read},           {"Metaspace", metaspace_read},   {"WhitespaceSplit", whitespace_split_read},
        {"Punctuation", punctuation_read}, {"BertPreTokenizer", bert_read}, {"Whitespace", whitespace_read}};
    const char *type = NULL;
    if (!node || json_is_null(node)) return ASSAY_OK;
    ASSAY_TRY(assay_json_string(node, "type", true, &type, where, err));
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(known[i].name, type) == 0) return known[i].read(pre, node, where, err);
    return assay_error_set(
        err, ASSAY_E_UNSUPPORTED,
        "%s: the pre_tokenizer type %s is not supported (there are Sequence, ByteLevel, Split, Digits, Metaspace, "
        "WhitespaceSplit, Whitespace, Punctuation, BertPreTokenizer)",
        where, type);
}

static assay_status word_add(assay_words *words, size_t start, size_t end, bool first, assay_error *err)
{
    if (start == end) return ASSAY_OK;
    ASSAY_TRY(assay_grow(&words->list, &words->capacity, words->count + 1, sizeof(assay_word), err));
    words->list[words->count++] = (assay_word){start, end, first};
    return ASSAY_OK;
}

/* Collects cuts into words under the step's behaviour. */
typedef struct cutter {
    const step *rule;
    assay_words *words;
    assay_word whole;
    assay_effort *effort;
    size_t start, at; /* the word being gathered is [start, at) */
    bool any, last_match;
} cutter;

static assay_status cutter_flush(cutter *this, assay_error *err)
{
    size_t start = this->start;
    this->start = this->at;
    return word_add(this->words, start, this->at, this->whole.first && start == this->whole.start, err);
}

static assay_status cutter_take(cutter *this, cut next, assay_error *err)
{
    bool match = next.match != this->rule->invert, joins = false;
    switch (this->rule->on_match) {
    case ISOLATED:
        break;
    case REMOVED:
        break;
    case CONTIGUOUS:
        joins = match == this->last_match;
        break;
    case MERGED_WITH_PREVIOUS:
        joins = match && !this->last_match;
        break;
    case MERGED_WITH_NEXT:
        joins = this->last_match && !match;
        break;
    }
    if (this->any && !joins) ASSAY_TRY(cutter_flush(this, err));
    this->at = next.end;
    if (match && this->rule->on_match == REMOVED) this->start = this->at;
    this->any = true;
    this->last_match = match;
    return ASSAY_OK;
}

static assay_status word_cut_pattern(cutter *this, const char *text, assay_error *err)
{
    size_t base = this->whole.start, start = 0, end = 0, done = 0;
    assay_split_scan scan = {.text = text + base, .size = this->whole.end - base, .effort = this->effort};
    assay_status status = ASSAY_OK;
    for (bool found = true; status == ASSAY_OK;) {
        status = assay_split_pattern_next(this->rule->pattern, &scan, &found, &start, &end, err);
        if (status != ASSAY_OK || !found) break;
        if (start > done) status = cutter_take(this, (cut){base + start, false}, err);
        if (status == ASSAY_OK) status = cutter_take(this, (cut){base + end, true}, err);
        done = end;
    }
    if (status == ASSAY_OK && done < scan.size) status = cutter_take(this, (cut){base + scan.size, false}, err);
    assay_split_scan_end(&scan);
    return status;
}

/* Every matching character is a match of its own; characters between matches are one gap. */
static assay_status word_cut_class(cutter *this, const char *text, assay_error *err)
{
    size_t length, gap = this->whole.start;
    for (size_t at = this->whole.start; at < this->whole.end; at += length) {
        if (!this->rule->is_match(assay_utf8_get(text + at, &length))) continue;
        if (at > gap) ASSAY_TRY(cutter_take(this, (cut){at, false}, err));
        ASSAY_TRY(cutter_take(this, (cut){at + length, true}, err));
        gap = at + length;
    }
    return gap < this->whole.end ? cutter_take(this, (cut){this->whole.end, false}, err) : ASSAY_OK;
}

static assay_status step_cut(const step *rule, assay_pre_work *work, assay_effort *effort, assay_error *err)
{
    work->next_words.count = 0;
    for (size_t i = 0; i < work->words.count; i++) {
        assay_word whole = work->words.list[i];
        cutter this = {.rule = rule,
                       .effort = effort,
                       .words = &work->next_words,
                       .whole = whole,
                       .start = whole.start,
                       .at = whole.start};
        ASSAY_TRY(rule->kind == STEP_SPLIT ? word_cut_pattern(&this, work->text.data, err)
                                           : word_cut_class(&this, work->text.data, err));
        ASSAY_TRY(cutter_flush(&this, err));
    }
    assay_words swapped = work->words;
    work->words = work->next_words;
    work->next_words = swapped;
    return ASSAY_OK;
}

static assay_status bytes_write(const char *text, size_t size, assay_buf *out, assay_error *err)
{
    char letters[512];
    for (size_t at = 0; at < size;) {
        size_t used = 0;
        for (; at < size && used < sizeof(letters) - 2; at++) {
            const char *letter = assay_byte_char((unsigned char)text[at]);
            letters[used++] = letter[0];
            if (letter[1]) letters[used++] = letter[1];
        }
        ASSAY_TRY(assay_buf_append(out, letters, used, err));
    }
    return ASSAY_OK;
}

static assay_status metaspace_write(const step *rule, const char *text, size_t size, bool first, assay_buf *out,
                                    assay_error *err)
{
    size_t length = strlen(rule->replacement);
    bool begun = (size && text[0] == ' ') || (size >= length && memcmp(text, rule->replacement, length) == 0);
    bool prefix = rule->prefix == PREFIX_ALWAYS || (rule->prefix == PREFIX_FIRST && first);
    if (prefix && !begun) ASSAY_TRY(assay_buf_text(out, rule->replacement, err));
    while (size) {
        const char *space = memchr(text, ' ', size);
        size_t plain = space ? (size_t)(space - text) : size;
        ASSAY_TRY(assay_buf_append(out, text, plain, err));
        if (!space) break;
        ASSAY_TRY(assay_buf_text(out, rule->replacement, err));
        text += plain + 1;
        size -= plain + 1;
    }
    return ASSAY_OK;
}

static assay_status word_write(const step *rule, const char *text, assay_word word, assay_buf *out, assay_error *err)
{
    const char *start = text + word.start;
    size_t size = word.end - word.start;
    if (rule->kind == STEP_BYTES) return bytes_write(start, size, out, err);
    if (rule->kind == STEP_METASPACE) return metaspace_write(rule, start, size, word.first, out, err);
    if (start[0] != ' ') ASSAY_TRY(assay_buf_byte(out, ' ', err));
    return assay_buf_append(out, start, size, err);
}

static assay_status step_rewrite(const step *rule, assay_pre_work *work, assay_error *err)
{
    assay_buf_reset(&work->next_text);
    for (size_t i = 0; i < work->words.count; i++) {
        assay_word *word = &work->words.list[i];
        size_t start = work->next_text.size;
        ASSAY_TRY(word_write(rule, work->text.data, *word, &work->next_text, err));
        *word = (assay_word){start, work->next_text.size, word->first};
    }
    assay_buf swapped = work->text;
    work->text = work->next_text;
    work->next_text = swapped;
    return ASSAY_OK;
}

assay_status assay_pre_tokenizer_run(const assay_pre_tokenizer *pre, const char *text, size_t size, bool first,
                                     assay_pre_work *work, assay_error *err)
{
    assay_buf_reset(&work->text);
    work->words.count = 0;
    ASSAY_TRY(assay_buf_append(&work->text, text, size, err));
    ASSAY_TRY(word_add(&work->words, 0, size, first, err));
    assay_effort effort = assay_effort_for(size);
    for (size_t i = 0; i < pre->count; i++) {
        const step *rule = &pre->steps[i];
        if (!assay_effort_spend(&effort, work->text.size + 1))
            return assay_error_set(
                err, ASSAY_E_UNSUPPORTED,
                "the pre_tokenizer's %zu steps need too much on this text (more than %d steps a byte)", pre->count,
                ASSAY_EFFORT_PER_BYTE);
        bool cuts = rule->kind == STEP_SPLIT || rule->kind == STEP_CLASS;
        ASSAY_TRY(cuts ? step_cut(rule, work, &effort, err) : step_rewrite(rule, work, err));
    }
    return ASSAY_OK;
}
