/* What replies of several dialects share. */
#include "base/text.h"
#include "serve/dialect.h"

#include <string.h>

double assay_nine_digits(double value)
{
    char text[32];
    assay_text_format(text, sizeof text, "%.9g", value);
    return assay_text_real(text, NULL);
}

static void put_group(char *out, const unsigned char *bytes, size_t count)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned group = (unsigned)bytes[0] << 16 | (count > 1 ? (unsigned)bytes[1] << 8 : 0) | (count > 2 ? bytes[2] : 0);
    for (size_t i = 0; i < 4; i++) out[i] = i <= count ? letters[group >> (18 - 6 * i) & 63] : '=';
}

json_t *assay_reply_base64(const double *values, size_t count)
{
    size_t size = count * sizeof(float);
    unsigned char *bytes = assay_alloc(size, 1);
    char *text = assay_alloc((size + 2) / 3, 4);
    for (size_t i = 0; bytes && i < count; i++) {
        float value = (float)values[i];
        memcpy(bytes + i * sizeof value, &value, sizeof value);
    }
    for (size_t at = 0; bytes && text && at < size; at += 3)
        put_group(text + at / 3 * 4, bytes + at, size - at < 3 ? size - at : 3);
    json_t *result = bytes && text ? json_stringn(text, (size + 2) / 3 * 4) : NULL;
    assay_free(bytes);
    assay_free(text);
    return result;
}

json_t *assay_reply_usage(const assay_reply *reply)
{
    return json_pack("{s:I, s:I, s:i, s:n}", "prompt_tokens", (json_int_t)reply->tokens, "total_tokens",
                     (json_int_t)reply->tokens, "completion_tokens", 0, "prompt_tokens_details");
}

/* Merge sort: stable, and n log n on the few thousand texts a request may hold. */
static void sort_run(size_t *order, size_t *spare, size_t count, const double *scores)
{
    if (count < 2) return;
    size_t half = count / 2, a = 0, b = half;
    sort_run(order, spare, half, scores);
    sort_run(order + half, spare, count - half, scores);
    for (size_t i = 0; i < count; i++)
        spare[i] = b >= count || (a < half && scores[order[a]] >= scores[order[b]]) ? order[a++] : order[b++];
    memcpy(order, spare, count * sizeof *order);
}

size_t *assay_reply_order(const assay_reply *reply, size_t count)
{
    size_t *order = assay_alloc(count, sizeof *order), *spare = assay_alloc(count, sizeof *spare);
    for (size_t i = 0; order && spare && i < count; i++) order[i] = i;
    if (order && spare) sort_run(order, spare, count, reply->scores);
    assay_free(spare);
    return order;
}
