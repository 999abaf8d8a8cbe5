#include "text/base64.h"

#include <string.h>

static int letter_value(char letter)
{
    if (letter >= 'A' && letter <= 'Z') return letter - 'A';
    if (letter >= 'a' && letter <= 'z') return letter - 'a' + 26;
    if (letter >= '0' && letter <= '9') return letter - '0' + 52;
    return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

char *assay_base64_decode(const char *text, size_t size, size_t *out_size)
{
    if (size % 4) return NULL;
    size_t padding = size && text[size - 1] == '=' ? 1 + (text[size - 2] == '=') : 0, used = 0;
    char *out = assay_alloc(size / 4 * 3 + 1, 1);
    for (size_t at = 0; out && at < size; at += 4) {
        unsigned bits = 0;
        for (size_t i = 0; i < 4; i++) {
            int value = at + i >= size - padding ? 0 : letter_value(text[at + i]);
            if (value < 0) return assay_free(out), NULL;
            bits = bits << 6 | (unsigned)value;
        }
        for (int shift = 16; shift >= 0; shift -= 8) out[used++] = (char)(bits >> shift & 0xff);
    }
    if (out) out[used -= padding] = 0;
    *out_size = used;
    return out;
}

char *assay_base64_encode(const void *bytes, size_t size)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = bytes;
    size_t used = 0;
    char *out = assay_alloc((size + 2) / 3 + 1, 4);
    for (size_t at = 0; out && at < size; at += 3) {
        unsigned bits = 0;
        for (size_t i = 0; i < 3; i++) bits = bits << 8 | (at + i < size ? in[at + i] : 0u);
        for (int shift = 18; shift >= 0; shift -= 6) out[used++] = letters[bits >> shift & 63];
        if (at + 2 >= size) out[used - 1] = '=';
        if (at + 1 >= size) out[used - 2] = '=';
    }
    return out;
}
