/* A request's texts to ids. All are encoded in one scratch list, cut, and kept at their exact length: what a text has
 * before it is cut is there once, not for every text. Between two texts it is asked whether anybody still waits. */
#include "serve/http_private.h"

#include <string.h>

typedef struct encoder {
    assay_exchange *exchange;
    const assay_served *model;
    const assay_ask *ask;
    assay_ids scratch;
    assay_message *messages; /* a prompt and an answer, one behind the other */
    size_t message_capacity;
    assay_error *err;
} encoder;

/* Tokens are taken as they are: nothing is added. */
static assay_status take_ids(encoder *e, const json_t *list)
{
    int32_t most = assay_tokenizer_about(assay_template_tokenizer(e->model->chosen))->vocab_size;
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_int_t id = json_integer_value(json_array_get(list, i));
        if (id < 0 || id >= most)
            return assay_error_set(e->err, ASSAY_E_FORMAT, "token %lld is not in the vocabulary (0 to %d)",
                                   (long long)id, (int)most - 1);
        ASSAY_TRY(assay_ids_push(&e->scratch, (int32_t)id, e->err));
    }
    return ASSAY_OK;
}

static assay_status encode_plain(encoder *e, const char *text, size_t size)
{
    e->scratch.count = 0;
    return assay_tokenizer_encode(assay_template_tokenizer(e->model->chosen), text, size, 0, &e->scratch, e->err);
}

static size_t character_start(const char *text, size_t at)
{
    while (at && ((unsigned char)text[at] & 0xc0) == 0x80) at--;
    return at;
}

/* How many bytes of a document are its first max_document tokens. The tokens' own lengths give a first guess, which
 * normalization can make too long: it is shortened until it holds. */
static assay_status document_size(encoder *e, const assay_message *document, size_t *size)
{
    size_t most = (size_t)e->ask->max_document, guess = 0;
    *size = document->size;
    if (document->size <= most) return ASSAY_OK;
    ASSAY_TRY(encode_plain(e, document->text, document->size));
    if (e->scratch.count <= most) return ASSAY_OK;
    for (size_t i = 0; i < most; i++)
        guess += assay_tokenizer_token_bytes(assay_template_tokenizer(e->model->chosen), e->scratch.data[i], NULL, 0);
    if (guess >= document->size) guess = document->size - 1;
    do {
        *size = character_start(document->text, guess);
        ASSAY_TRY(encode_plain(e, document->text, *size));
        guess = *size - *size / 16 - (*size > 0);
    } while (e->scratch.count > most && *size);
    return ASSAY_OK;
}

static assay_status gather(encoder *e, const assay_ask_item *item, size_t *count)
{
    size_t before = item->prompt ? item->prompt->count : 0, capacity = e->message_capacity;
    *count = before + item->turns.count;
    if (*count > capacity) /* grown to the next power of two at most */
        ASSAY_TRY(assay_meter_take(&e->exchange->meter, 2 * *count * sizeof *e->messages, e->err));
    ASSAY_TRY(assay_grow(&e->messages, &e->message_capacity, *count, sizeof *e->messages, e->err));
    if (before) memcpy(e->messages, item->prompt->items, before * sizeof *e->messages);
    if (item->turns.count) memcpy(e->messages + before, item->turns.items, item->turns.count * sizeof *e->messages);
    return ASSAY_OK;
}

/* Texts that come rendered may name turns; a message should not. */
static assay_status look_for_control(encoder *e, size_t count)
{
    assay_server *server = e->exchange->server;
    const char *token = assay_template_forged(e->model->chosen, e->messages, count);
    if (!token) return ASSAY_OK;
    atomic_fetch_add(&server->metrics.control, 1);
    if (!server->options.refuses_control) return ASSAY_OK;
    return assay_error_set(e->err, ASSAY_E_FORMAT,
                           "a message holds the text of the control token \"%.80s\", which this server refuses "
                           "(--refuse-control-tokens): take it out",
                           token);
}

static assay_status encode_conversation(encoder *e, const assay_ask_item *item)
{
    size_t count;
    ASSAY_TRY(gather(e, item, &count));
    ASSAY_TRY(look_for_control(e, count));
    if (e->ask->max_document && item->prompt && count)
        ASSAY_TRY(document_size(e, &e->messages[count - 1], &e->messages[count - 1].size));
    e->scratch.count = 0;
    const assay_renderer *renderer = e->model->renderer;
    const char *context = item->prompt && item->prompt->context ? item->prompt->context : item->turns.context;
    const assay_conversation conversation = {.messages = e->messages, .count = count, .context = context};
    return renderer->render(renderer->context, &conversation, &e->scratch, e->err);
}

static assay_status encode_text(encoder *e, const assay_message *text)
{
    assay_ids *ids = &e->scratch;
    ASSAY_TRY(assay_template_encode_text(e->model->chosen, text->text, text->size, ids, e->err));
    int32_t bos = assay_tokenizer_about(assay_template_tokenizer(e->model->chosen))->bos;
    if (e->ask->single_bos && ids->count > 1 && bos >= 0 && ids->data[0] == bos && ids->data[1] == bos)
        memmove(ids->data, ids->data + 1, --ids->count * sizeof *ids->data);
    return ASSAY_OK;
}

static assay_status encode(encoder *e, const assay_ask_item *item)
{
    e->scratch.count = 0;
    if (item->ids) return take_ids(e, item->ids);
    return item->is_text ? encode_text(e, &item->turns.items[0]) : encode_conversation(e, item);
}

static assay_status fit(encoder *e, size_t index)
{
    const assay_ask *ask = e->ask;
    assay_ids *ids = &e->scratch;
    assay_ask_cut cut = ask->cut == ASSAY_ASK_CUT_SERVERS ? e->exchange->server->options.cut : ask->cut;
    size_t most = e->model->max_length;
    if (ask->max_length > 0 && (size_t)ask->max_length < most) most = (size_t)ask->max_length;
    if (ids->count == 0)
        return assay_error_set(e->err, ASSAY_E_FORMAT, "text %zu: an empty text cannot be scored", index);
    const assay_prefix_rule *prefix = e->model->renderer->prefix;
    if (ids->count <= most) return assay_prefix_check(prefix, ids->data, ids->count, e->err);
    if (cut != ASSAY_ASK_CUT_LEFT && cut != ASSAY_ASK_CUT_RIGHT)
        return assay_error_set(
            e->err, ASSAY_E_NO_FIT,
            "text %zu: %zu tokens, --max-length allows %zu; raise it, or send \"truncate\": true, or "
            "serve with --truncate",
            index, ids->count, most);
    if (cut == ASSAY_ASK_CUT_LEFT) assay_renderer_cut_left(e->model->renderer, &e->scratch, most);
    else ids->count = most;
    return assay_prefix_check(prefix, ids->data, ids->count, e->err);
}

static assay_status keep(encoder *e, assay_ids *out)
{
    size_t bytes = e->scratch.count * sizeof *out->data;
    ASSAY_TRY(assay_meter_take(&e->exchange->meter, bytes, e->err));
    out->data = assay_alloc(e->scratch.count, sizeof *out->data);
    ASSAY_TRY_ALLOC(out->data, "a text's tokens", e->err);
    memcpy(out->data, e->scratch.data, bytes);
    out->count = out->capacity = e->scratch.count;
    return ASSAY_OK;
}

static assay_status encode_all(encoder *e)
{
    assay_job *job = &e->exchange->job;
    size_t most = e->exchange->server->options.max_tokens;
    for (size_t i = 0; i < e->ask->count; i++) {
        ASSAY_TRY(assay_http_still_wanted(e->exchange, e->err));
        assay_status status = encode(e, &e->ask->items[i]);
        if (status != ASSAY_OK) return assay_error_prefix(e->err, status, "text %zu: ", i);
        ASSAY_TRY(fit(e, i));
        ASSAY_TRY(keep(e, &job->texts[i]));
        job->tokens += job->texts[i].count;
        if (job->tokens > most)
            return assay_error_set(e->err, ASSAY_E_NO_FIT,
                                   "more than %zu tokens in one request; send fewer texts at a time", most);
    }
    return ASSAY_OK;
}

assay_status assay_http_texts(assay_exchange *exchange, assay_error *err)
{
    assay_job *job = &exchange->job;
    encoder e = {.exchange = exchange,
                 .model = job->model,
                 .ask = &exchange->ask,
                 .scratch = {.meter = &exchange->meter},
                 .err = err};
    job->count = e.ask->count;
    ASSAY_TRY(assay_meter_take(&exchange->meter, job->count * (sizeof *job->texts + sizeof *job->lot.scores), err));
    job->texts = assay_alloc(job->count, sizeof *job->texts);
    ASSAY_TRY_ALLOC(job->texts, "a request", err);
    assay_status status = encode_all(&e);
    assay_ids_release(&e.scratch);
    assay_free(e.messages);
    return assay_meter_verdict(&exchange->meter, status, err);
}
