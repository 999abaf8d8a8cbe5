#include "tokenizer/added_tokens.h"

#include "text/unicode.h"
#include "tokenizer/tokenizer_kind.h"

void assay_added_tokens_release(assay_added_tokens *added)
{
    assay_free(added->tokens);
    assay_piece_trie_release(&added->raw);
    assay_piece_trie_release(&added->normal);
    *added = (assay_added_tokens){0};
}

/* `text` is what is sought: the content, or its normalised form for normalized=true. An empty text is ignored. */
static assay_status add_token(assay_added_tokens *added, assay_added_token token, const char *text, size_t size,
                              assay_error *err)
{
    if (!size) return ASSAY_OK;
    ASSAY_TRY(assay_grow(&added->tokens, &added->capacity, added->count + 1, sizeof(token), err));
    added->tokens[added->count] = token;
    ASSAY_TRY(
        assay_piece_trie_add(token.normalized ? &added->normal : &added->raw, text, size, (int32_t)added->count, err));
    added->count++;
    return ASSAY_OK;
}

/* Offset of the character before `at`. */
static size_t step_back(const char *text, size_t at)
{
    do at--;
    while (at && ((unsigned char)text[at] & 0xc0) == 0x80);
    return at;
}

static bool word_before(const assay_added_scan *scan, size_t at)
{
    size_t length;
    return at && assay_char_is_word(assay_utf8_get(scan->text + step_back(scan->text, at), &length));
}

static bool word_after(const assay_added_scan *scan, size_t at)
{
    size_t length;
    return at < scan->size && assay_char_is_word(assay_utf8_get(scan->text + at, &length));
}

static size_t spaces_before(const assay_added_scan *scan, size_t at)
{
    while (at > scan->done) {
        size_t length, before = step_back(scan->text, at);
        if (!assay_char_is_space(assay_utf8_get(scan->text + before, &length))) break;
        at = before;
    }
    return at;
}

static size_t spaces_after(const assay_added_scan *scan, size_t at)
{
    while (at < scan->size) {
        size_t length;
        if (!assay_char_is_space(assay_utf8_get(scan->text + at, &length))) break;
        at += length;
    }
    return at;
}

static bool match_accept(const assay_added_token *token, assay_added_scan *scan, size_t start, size_t end,
                         assay_added_match *match)
{
    if (scan->skip_special && token->special) return false;
    if (token->single_word && (word_before(scan, start) || word_after(scan, end))) return false;
    *match = (assay_added_match){token->id, token->special, start, end};
    if (token->lstrip) match->start = spaces_before(scan, start);
    if (token->rstrip) match->end = spaces_after(scan, end);
    if (match->start < scan->done) match->start = scan->done;
    scan->done = match->end;
    return true;
}

/* The next match in one of the two tries; false at the end of the text. */
static bool next_match(const assay_added_tokens *added, const assay_piece_trie *trie, assay_added_scan *scan,
                       assay_added_match *match)
{
    if (!trie->count) return false;
    while (scan->scanned < scan->size) {
        int32_t index = 0;
        if (!trie->first[(unsigned char)scan->text[scan->scanned]]) {
            scan->scanned++;
            continue;
        }
        size_t length = assay_piece_trie_match(trie, scan->text + scan->scanned, scan->size - scan->scanned, &index);
        size_t start = scan->scanned;
        scan->scanned += length ? length : 1;
        if (length && match_accept(&added->tokens[index], scan, start, start + length, match)) return true;
    }
    return false;
}

assay_status assay_tokenizer_add_token(assay_tokenizer *tokenizer, const char *content, size_t size,
                                       assay_added_token token, const char *sought, size_t sought_size,
                                       assay_error *err)
{
    int32_t known = assay_token_map_find(&tokenizer->vocab, content, size);
    if (known >= 0) token.id = known;
    else ASSAY_TRY(assay_token_map_add(&tokenizer->vocab, content, size, token.id, err));
    tokenizer->vocab.tokens[token.id].added = true;
    return add_token(&tokenizer->added, token, sought, sought_size, err);
}

const char *assay_tokenizer_control_in(const assay_tokenizer *tokenizer, const char *text, size_t size)
{
    const assay_piece_trie *tries[] = {&tokenizer->added.raw, &tokenizer->added.normal};
    for (size_t i = 0; i < 2; i++) {
        assay_added_scan scan = {.text = text, .size = size};
        assay_added_match match;
        while (next_match(&tokenizer->added, tries[i], &scan, &match))
            if (match.special) return tokenizer->vocab.tokens[match.id].text;
    }
    return NULL;
}

assay_status assay_tokenizer_split_added(const assay_tokenizer *tokenizer, const assay_piece_trie *trie,
                                         const char *text, size_t size, bool first, unsigned flags, assay_ids *ids,
                                         assay_piece_sink *piece, void *context, assay_error *err)
{
    assay_added_scan scan = {.text = text, .size = size, .skip_special = !(flags & ASSAY_ENCODE_SPECIAL_TEXT)};
    assay_added_match match;
    size_t done = 0;
    while (next_match(&tokenizer->added, trie, &scan, &match)) {
        if (match.start > done) ASSAY_TRY(piece(context, text + done, match.start - done, first && !done, err));
        ASSAY_TRY(assay_ids_push(ids, match.id, err));
        done = match.end;
    }
    return size > done ? piece(context, text + done, size - done, first && !done, err) : ASSAY_OK;
}
