/* The reference's JSON reader (serde_json) does not round a number once: it takes the digits as one whole number,
 * rounds that to a double, and divides by a power of ten. Scores with more than 15 digits therefore differ in their
 * last bit, and sums of scores that would be equal are not: which of two cuts of "====" wins hangs on it. Digits are
 * those of the shortest text that stands for the double, which is what writers of tokenizer.json print. */
#include "tokenizer/tokenizer_json.h"

#include "base/text.h"

#include <stdlib.h>

enum { DIGITS = 17, POWERS = 22 };

static double power_of_ten(int exponent)
{
    static const double powers[POWERS + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                              1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    return powers[exponent];
}

static double twice_rounded(double score)
{
    char text[40];
    uint64_t whole = 0;
    int digits = 0, exponent;
    for (int more = 15; more <= DIGITS; more++) {
        assay_text_format(text, sizeof(text), "%.*e", more - 1, score);
        if (assay_text_real(text, NULL) == score) break;
    }
    const char *at = text;
    for (; *at && *at != 'e'; at++) {
        if (*at < '0' || *at > '9') continue;
        whole = whole * 10 + (uint64_t)(*at - '0');
        digits++;
    }
    exponent = *at ? (int)strtol(at + 1, NULL, 10) - (digits - 1) : 0;
    for (; whole && whole % 10 == 0 && exponent < 0; exponent++) whole /= 10;
    if (exponent < -POWERS || exponent > 0) return score;
    double value = (double)whole / power_of_ten(-exponent);
    return score < 0 ? -value : value;
}

void assay_json_scores_round(const json_t *root)
{
    json_t *piece;
    size_t index;
    json_array_foreach(json_object_get(json_object_get(root, "model"), "vocab"), index, piece)
    {
        json_t *score = json_array_get(piece, 1);
        if (json_is_real(score)) json_real_set(score, twice_rounded(json_real_value(score)));
    }
}
