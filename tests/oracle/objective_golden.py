"""Golden losses of rows of answers for tests/test_objective.c, from the formulas of src/objective/objective.h with 40 digits.

    python tests/oracle/objective_golden.py >tests/data/golden/objective_rows.inc
    python tests/oracle/objective_golden.py regression >tests/data/golden/objective_regression.inc
"""
import sys

from mpmath import mp, mpf, exp, log

mp.dps = 40
ROWS = {
    "three": ["1.2", "0.3", "-0.4"],
    "five": ["0.5", "1.5", "-0.25", "0.75", "-2"],
}
VALUES = {"ranked": [3, 2, 1], "tied": [9, 9, 4, 4, 1], "one_best": [1, 0, 0]}


def win(x):
    return log(1 + exp(-x))


def all_pairs(r, v, ties, margin, e):
    terms = []
    for i in range(len(r)):
        for j in range(i + 1, len(r)):
            if v[i] == v[j]:
                if ties:
                    terms.append((win(r[i] - r[j]) + win(r[j] - r[i])) / 2)
            else:
                x = r[i] - r[j] - margin
                terms.append((1 - e) * win(x) + e * win(-x))
    return sum(terms) / len(terms)


def stage(r, v, k, margin):
    own = r[k] - margin
    worse = [r[j] for j in range(len(r)) if v[j] < v[k]]
    return log(exp(own) + sum(exp(x) for x in worse)) - own if worse else mpf(0)


def plackett_luce(r, v, ties, margin, e):
    return sum(stage(r, v, k, margin) for k in range(len(r)))


def first_best(r, v, ties, margin, e):
    best = [k for k in range(len(r)) if v[k] == max(v)]
    return sum(stage(r, v, k, margin) for k in best) / len(best)


OBJECTIVES = {"all-pairs": all_pairs, "plackett-luce": plackett_luce, "first-best": first_best}


def line(name, rewards, values, ties=True, margin=None, smoothing="0"):
    r = [mpf(x) for x in ROWS[rewards]]
    loss = OBJECTIVES[name](r, VALUES[values], ties, mpf(margin or "0"), mpf(smoothing))
    print(f'{{"{name}", {smoothing}, {rewards}, {values}, {len(r)}, {str(ties).lower()}, {margin or "NAN"}, '
          f'{mp.nstr(loss, 20)}}},')


def compared():
    for name in OBJECTIVES:
        line(name, "three", "ranked")
        line(name, "three", "one_best", ties=False)
        line(name, "three", "ranked", margin="0.5")
        line(name, "five", "tied")
        line(name, "five", "tied", ties=False)
    line("all-pairs", "three", "one_best")
    line("all-pairs", "five", "tied", smoothing="0.1")


def regression(count, outputs, rewards, targets, weight):
    """The mean of squares over what is known, times the weight; NAN in C."""
    r, y = [mpf(x) for x in rewards], [None if x is None else mpf(x) for x in targets]
    known = [(z - t) ** 2 for z, t in zip(r, y) if t is not None]
    loss = mpf(weight) * sum(known) / len(known) if known else mpf(0)
    values = ["NAN" if x is None else x for x in targets]
    print(f'{{{count}, {outputs}, {{{", ".join(rewards)}}}, {{{", ".join(values)}}}, {weight}, {mp.nstr(loss, 20)}}},')


def attributes():
    regression(1, 1, ["0.7"], ["4"], "1")
    regression(1, 3, ["0.7", "-1.3", "2.25"], ["4", "0", "1.5"], "1")
    regression(1, 3, ["0.7", "-1.3", "2.25"], ["4", None, "1.5"], "3")
    regression(2, 3, ["0.7", "-1.3", "2.25", "1e3", "0.1", "-0.3"], ["4", "0", None, None, "0.2", "-5"], "0.5")
    regression(2, 2, ["0.7", "-1.3", "2.25", "1"], [None] * 4, "1")


attributes() if sys.argv[1:] == ["regression"] else compared()
