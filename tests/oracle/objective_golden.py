"""Golden losses of rows of answers for tests/test_objective.c, from the formulas of src/objective/objective.h with 40 digits.

    python tests/oracle/objective_golden.py >tests/data/golden/objective_rows.inc
    python tests/oracle/objective_golden.py regression >tests/data/golden/objective_regression.inc
    python tests/oracle/objective_golden.py process >tests/data/golden/objective_process.inc
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


def process(logits, labels, weight, smoothing="0"):
    """Cross entropy of the softmax over (wrong, right), the mean over labelled steps, times the weight, and its slopes."""
    z, e = [mpf(x) for x in logits], mpf(smoothing)
    known = sum(1 for y in labels if y is not None)
    loss, slopes = mpf(0), []
    for i, y in enumerate(labels):
        wrong, right = z[2 * i], z[2 * i + 1]
        share = exp(right) / (exp(wrong) + exp(right))
        if y is None:
            slopes += [mpf(0), mpf(0)]
            continue
        p = mpf(y)
        if p != mpf("0.5"):
            p = (1 - e) * p + e * (1 - p)
        loss -= mpf(weight) / known * (p * log(share) + (1 - p) * log(1 - share))
        slope = mpf(weight) / known * (share - p)
        slopes += [-slope, slope]
    values = ["NAN" if y is None else y for y in labels]
    numbers = [", ".join(x) for x in (logits, values, [mp.nstr(s, 20) for s in slopes])]
    print(f'{{{len(labels)}, {smoothing}, {{{numbers[0]}}}, {{{numbers[1]}}}, {weight}, {mp.nstr(loss, 20)}, {{{numbers[2]}}}}},')


def steps():
    process(["0.3", "-0.4"], ["1"], "1")
    process(["0.3", "-0.4"], ["0"], "1")
    process(["0.3", "-0.4", "2.5", "1.25", "-1", "4"], ["1", "0", None], "2")
    process(["0.3", "-0.4", "2.5", "1.25", "-1", "4"], ["0.8", "0.5", "0.1"], "3")
    process(["0.3", "-0.4", "2.5", "1.25", "-1", "4"], ["1", "0.5", "0"], "1.5", "0.1")
    process(["60", "-60", "-30", "30"], ["1", "1"], "1")


if sys.argv[1:] == ["process"]:
    steps()
else:
    attributes() if sys.argv[1:] == ["regression"] else compared()
