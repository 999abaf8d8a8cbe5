/* GPT-2's alphabet: printable bytes stand for themselves, the other 68 for U+0100 and up, in order. */
#include "text/pre_tokenizer.h"

static bool is_printable(int byte)
{
    return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

int assay_byte_from_char(int32_t code)
{
    if (code < 0) return -1;
    if (code < 256) return is_printable((int)code) ? (int)code : -1;
    if (code <= 0x120) return (int)code - 256;         /* bytes 0..32 */
    if (code <= 0x142) return (int)code - 0x121 + 127; /* 127..160 */
    return code == 0x143 ? 173 : -1;
}

const char *assay_byte_char(unsigned char byte)
{
    static const char letters[256][3] = {
        "\xc4\x80", "\xc4\x81", "\xc4\x82", "\xc4\x83", "\xc4\x84", "\xc4\x85", "\xc4\x86", "\xc4\x87", "\xc4\x88",
        "\xc4\x89", "\xc4\x8a", "\xc4\x8b", "\xc4\x8c", "\xc4\x8d", "\xc4\x8e", "\xc4\x8f", "\xc4\x90", "\xc4\x91",
        "\xc4\x92", "\xc4\x93", "\xc4\x94", "\xc4\x95", "\xc4\x96", "\xc4\x97", "\xc4\x98", "\xc4\x99", "\xc4\x9a",
        "\xc4\x9b", "\xc4\x9c", "\xc4\x9d", "\xc4\x9e", "\xc4\x9f", "\xc4\xa0", "!",        "\"",       "#",
        "$",        "%",        "&",        "'",        "(",        ")",        "*",        "+",        ",",
        "-",        ".",        "/",        "0",        "1",        "2",        "3",        "4",        "5",
        "6",        "7",        "8",        "9",        ":",        ";",        "<",        "=",        ">",
        "?",        "@",        "A",        "B",        "C",        "D",        "E",        "F",        "G",
        "H",        "I",        "J",        "K",        "L",        "M",        "N",        "O",        "P",
        "Q",        "R",        "S",        "T",        "U",        "V",        "W",        "X",        "Y",
        "Z",        "[",        "\\",       "]",        "^",        "_",        "`",        "a",        "b",
        "c",        "d",        "e",        "f",        "g",        "h",        "i",        "j",        "k",
        "l",        "m",        "n",        "o",        "p",        "q",        "r",        "s",        "t",
        "u",        "v",        "w",        "x",        "y",        "z",        "{",        "|",        "}",
        "~",        "\xc4\xa1", "\xc4\xa2", "\xc4\xa3", "\xc4\xa4", "\xc4\xa5", "\xc4\xa6", "\xc4\xa7", "\xc4\xa8",
        "\xc4\xa9", "\xc4\xaa", "\xc4\xab", "\xc4\xac", "\xc4\xad", "\xc4\xae", "\xc4\xaf", "\xc4\xb0", "\xc4\xb1",
        "\xc4\xb2", "\xc4\xb3", "\xc4\xb4", "\xc4\xb5", "\xc4\xb6", "\xc4\xb7", "\xc4\xb8", "\xc4\xb9", "\xc4\xba",
        "\xc4\xbb", "\xc4\xbc", "\xc4\xbd", "\xc4\xbe", "\xc4\xbf", "\xc5\x80", "\xc5\x81", "\xc5\x82", "\xc2\xa1",
        "\xc2\xa2", "\xc2\xa3", "\xc2\xa4", "\xc2\xa5", "\xc2\xa6", "\xc2\xa7", "\xc2\xa8", "\xc2\xa9", "\xc2\xaa",
        "\xc2\xab", "\xc2\xac", "\xc5\x83", "\xc2\xae", "\xc2\xaf", "\xc2\xb0", "\xc2\xb1", "\xc2\xb2", "\xc2\xb3",
        "\xc2\xb4", "\xc2\xb5", "\xc2\xb6", "\xc2\xb7", "\xc2\xb8", "\xc2\xb9", "\xc2\xba", "\xc2\xbb", "\xc2\xbc",
        "\xc2\xbd", "\xc2\xbe", "\xc2\xbf", "\xc3\x80", "\xc3\x81", "\xc3\x82", "\xc3\x83", "\xc3\x84", "\xc3\x85",
        "\xc3\x86", "\xc3\x87", "\xc3\x88", "\xc3\x89", "\xc3\x8a", "\xc3\x8b", "\xc3\x8c", "\xc3\x8d", "\xc3\x8e",
        "\xc3\x8f", "\xc3\x90", "\xc3\x91", "\xc3\x92", "\xc3\x93", "\xc3\x94", "\xc3\x95", "\xc3\x96", "\xc3\x97",
        "\xc3\x98", "\xc3\x99", "\xc3\x9a", "\xc3\x9b", "\xc3\x9c", "\xc3\x9d", "\xc3\x9e", "\xc3\x9f", "\xc3\xa0",
        "\xc3\xa1", "\xc3\xa2", "\xc3\xa3", "\xc3\xa4", "\xc3\xa5", "\xc3\xa6", "\xc3\xa7", "\xc3\xa8", "\xc3\xa9",
        "\xc3\xaa", "\xc3\xab", "\xc3\xac", "\xc3\xad", "\xc3\xae", "\xc3\xaf", "\xc3\xb0", "\xc3\xb1", "\xc3\xb2",
        "\xc3\xb3", "\xc3\xb4", "\xc3\xb5", "\xc3\xb6", "\xc3\xb7", "\xc3\xb8", "\xc3\xb9", "\xc3\xba", "\xc3\xbb",
        "\xc3\xbc", "\xc3\xbd", "\xc3\xbe", "\xc3\xbf",
    };
    return letters[byte];
}
