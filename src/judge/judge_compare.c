#include "judge/judge_compare.h"

#include <math.h>

void assay_comparison_add(assay_comparison *c, bool first_right, bool second_right)
{
    c->pairs++;
    c->both += first_right && second_right;
    c->only_first += first_right && !second_right;
    c->only_second += !first_right && second_right;
    c->neither += !first_right && !second_right;
}

void assay_comparison_finish(assay_comparison *c)
{
    c->difference = ((double)c->only_first - (double)c->only_second) / (double)c->pairs;
    c->p = assay_mcnemar(c->only_first, c->only_second);
}

double assay_mcnemar(size_t a, size_t b)
{
    double n = (double)(a + b), sum = 0;
    size_t least = a < b ? a : b;
    for (size_t k = 0; k <= least; k++)
        sum += exp(lgamma(n + 1) - lgamma((double)k + 1) - lgamma(n - (double)k + 1) - n * log(2));
    return 2 * sum < 1 ? 2 * sum : 1;
}
