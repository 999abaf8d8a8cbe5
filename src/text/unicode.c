#include "text/unicode.h"

#include "text/unicode_range.h"

#include <utf8proc.h>

typedef assay_char_range range;

/* Letters and numbers of Unicode 15.1 and 16, which Oniguruma knows and utf8proc 2.8 does not. */
// clang-format off
static const range newer_letters[] = {
    {0x1c89, 0x1c8a}, {0xa7cb, 0xa7cd}, {0xa7da, 0xa7dc}, {0x105c0, 0x105f3}, {0x10d4a, 0x10d65}, {0x10d6f, 0x10d85},
    {0x10ec2, 0x10ec4}, {0x11380, 0x11389}, {0x1138b, 0x1138b}, {0x1138e, 0x1138e}, {0x11390, 0x113b5},
     {0x113b7, 0x113b7},
    {0x113d1, 0x113d1}, {0x113d3, 0x113d3}, {0x11bc0, 0x11be0}, {0x13460, 0x143fa}, {0x16100, 0x1611d},
     {0x16d40, 0x16d6c},
    {0x18cff, 0x18cff}, {0x1e5d0, 0x1e5ed}, {0x1e5f0, 0x1e5f0}, {0x2ebf0, 0x2ee5d},
};
// clang-format on
static const range newer_numbers[] = {
    {0x10d40, 0x10d49}, {0x116d0, 0x116e3}, {0x11bf0, 0x11bf9}, {0x16130, 0x16139},
    {0x16d70, 0x16d79}, {0x1ccf0, 0x1ccf9}, {0x1e5f1, 0x1e5fa},
};
/* Unicode 17, which only char::is_numeric knows. */
static const range newest_numbers[] = {{0x11de0, 0x11de9}, {0x16ff4, 0x16ff6}};

/* Marks, compositions and (second table) compatibility forms younger than the reference's normaliser. */
// clang-format off
static const range inert[] = {
    {0x7fd, 0x7fd},     {0x898, 0x89f},     {0x8ca, 0x8d3},     {0x9fe, 0x9fe},     {0xc3c, 0xc3c},     {0xd3b, 0xd3c},
    {0xeba, 0xeba}, {0x1715, 0x1715}, {0x1abf, 0x1ace}, {0x1df6, 0x1dfa}, {0xa82c, 0xa82c}, {0x10d24, 0x10d27},
    {0x10eab, 0x10eac}, {0x10efd, 0x10eff}, {0x10f46, 0x10f50}, {0x10f82, 0x10f85}, {0x11070, 0x11070},
     {0x1133b, 0x1133b},
    {0x1145e, 0x1145e}, {0x11839, 0x1183a}, {0x11930, 0x11930}, {0x11938, 0x11938}, {0x1193d, 0x1193e},
     {0x11943, 0x11943},
    {0x119e0, 0x119e0}, {0x11a34, 0x11a34}, {0x11a47, 0x11a47}, {0x11a99, 0x11a99}, {0x11d42, 0x11d42},
     {0x11d44, 0x11d45},
    {0x11d97, 0x11d97}, {0x11f41, 0x11f42}, {0x16ff0, 0x16ff1}, {0x1e08f, 0x1e08f}, {0x1e130, 0x1e136},
     {0x1e2ae, 0x1e2ae},
    {0x1e2ec, 0x1e2ef}, {0x1e4ec, 0x1e4ef},
};
// clang-format on
static const range inert_compatibility[] = {
    {0x32ff, 0x32ff},   {0xa7f2, 0xa7f4},   {0xab69, 0xab69},   {0x10781, 0x10785}, {0x10787, 0x107b0},
    {0x107b2, 0x107ba}, {0x1e030, 0x1e06d}, {0x1f16c, 0x1f16c}, {0x1fbf0, 0x1fbf9},
};

/* Small letters of Unicode 16 and 17. */
static const struct {
    range codes;
    int32_t shift;
    // clang-format off
} newer_lower[] = {
    {{0x1c89, 0x1c89}, 1},    {{0xa7cb, 0xa7cb}, -42343}, {{0xa7cc, 0xa7cc}, 1}, {{0xa7ce, 0xa7ce}, 1},
    {{0xa7d2, 0xa7d2}, 1},    {{0xa7d4, 0xa7d4}, 1},      {{0xa7da, 0xa7da}, 1}, {{0xa7dc, 0xa7dc}, -42561},
    {{0x10d50, 0x10d65}, 32}, {{0x16ea0, 0x16eb8}, 27},
};
// clang-format on

size_t assay_utf8_put(char *out, int32_t code) { return (size_t)utf8proc_encode_char(code, (utf8proc_uint8_t *)out); }

bool assay_char_is_space(int32_t code)
{
    if (code < 0x80) return code == ' ' || (code >= 9 && code <= 13);
    return code == 0x85 || code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
           code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

static assay_char_class classify_ascii(int32_t code)
{
    if ((code | 32) >= 'a' && (code | 32) <= 'z') return ASSAY_CHAR_LETTER;
    if (code >= '0' && code <= '9') return ASSAY_CHAR_NUMBER;
    return code == ' ' || (code >= 9 && code <= 13) ? ASSAY_CHAR_SPACE : ASSAY_CHAR_OTHER;
}

static bool category_is_number(utf8proc_category_t category)
{
    return category == UTF8PROC_CATEGORY_ND || category == UTF8PROC_CATEGORY_NL || category == UTF8PROC_CATEGORY_NO;
}

assay_char_class assay_char_classify(int32_t code)
{
    if (code < 0x80) return classify_ascii(code);
    utf8proc_category_t category = utf8proc_category(code);
    if (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) return ASSAY_CHAR_LETTER;
    if (category_is_number(category)) return ASSAY_CHAR_NUMBER;
    if (assay_char_is_space(code)) return ASSAY_CHAR_SPACE;
    if (category != UTF8PROC_CATEGORY_CN) return ASSAY_CHAR_OTHER;
    if (ASSAY_IN_RANGES(newer_letters, code)) return ASSAY_CHAR_LETTER;
    return ASSAY_IN_RANGES(newer_numbers, code) ? ASSAY_CHAR_NUMBER : ASSAY_CHAR_OTHER;
}

bool assay_char_is_numeric(int32_t code)
{
    return assay_char_classify(code) == ASSAY_CHAR_NUMBER || ASSAY_IN_RANGES(newest_numbers, code);
}

int32_t assay_char_lower(int32_t code)
{
    int32_t lower = utf8proc_tolower(code);
    if (lower != code || code < newer_lower[0].codes.first) return lower;
    for (size_t i = 0; i < sizeof(newer_lower) / sizeof(newer_lower[0]); i++)
        if (code >= newer_lower[i].codes.first && code <= newer_lower[i].codes.last) return code + newer_lower[i].shift;
    return code;
}

bool assay_char_is_inert(int32_t code, bool compatibility)
{
    if (ASSAY_IN_RANGES(inert, code)) return true;
    return compatibility && ASSAY_IN_RANGES(inert_compatibility, code);
}

size_t assay_normal_ceiling(size_t size)
{
    const size_t most = INT32_MAX, room = 64 << 10;
    return size > (most - room) / 64 ? most : 64 * size + room;
}
