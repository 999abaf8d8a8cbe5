"""Makes tests/data/judge/golden.json: random judged pairs and choices with every statistic of src/score/judge_*.c and reward_scale.c, computed here
another way (whole arrays, exact fractions for McNemar, RewardBench's formulas by its documentation). Needs numpy and the standard library.

    python3 tests/oracle/judge_golden.py > tests/data/judge/golden.json
"""
import json
from fractions import Fraction
from math import comb

import numpy as np

Z = 1.959963984540054  # the 97.5 % point of the normal distribution


def wilson(hits, n):
    p, zz = hits / n, Z * Z / n
    middle, half = (p + zz / 2) / (1 + zz), Z * np.sqrt(p * (1 - p) / n + zz / (4 * n)) / (1 + zz)
    return [middle - half, middle + half]


def wins(a, b):
    return np.where(a > b, 1.0, np.where(a == b, 0.5, 0.0))


def tally(chosen, rejected, long_c, long_r):
    w = wins(chosen, rejected)
    out = {"pairs": len(w), "ties": int((chosen == rejected).sum()), "longer": float(wins(long_c, long_r).sum()), "margin": float((chosen - rejected).sum())}
    if len(w):
        out["accuracy"] = float(w.mean())
        out["low"], out["high"] = map(float, wilson(w.sum(), len(w)))
    return out


def pairs(rng):
    n = 400
    chosen = rng.normal(0.4, 1.5, n).astype(np.float32).astype(float)
    rejected = rng.normal(0, 1.5, n).astype(np.float32).astype(float)
    rejected[::25] = chosen[::25]
    long_c, long_r = rng.integers(1, 400, n).astype(float), rng.integers(1, 400, n).astype(float)
    long_r[::7] = long_c[::7]
    long_r[3::5] = np.round(long_c[3::5] * 1.1)
    names = ["alpacaeval-easy", "mt-bench-hard", "math-prm", "hep-go", "mine", "refusals-offensive", "hep-rust"]
    subset = rng.integers(0, len(names), n)
    counts = {"alpacaeval-easy": ("Chat", 100), "mt-bench-hard": ("Chat Hard", 37), "math-prm": ("Reasoning", 984), "hep-go": ("Reasoning", 164),
              "hep-rust": ("Reasoning", 164), "refusals-offensive": ("Safety", 100)}
    subsets, sections = {}, {}
    for i, name in enumerate(names):
        at = subset == i
        subsets[name] = tally(chosen[at], rejected[at], long_c[at], long_r[at])
        if name in counts:
            section, weight = counts[name]
            sections.setdefault(section, []).append((subsets[name]["accuracy"], weight))
    sections = {name: sum(a * w for a, w in rows) / sum(w for _, w in rows) for name, rows in sections.items()}
    edges = [0, 0.5, 1 / 1.2, 1.2, 2, np.inf]
    place = np.digitize(long_c / long_r, edges) - 1
    bins = [tally(chosen[place == b], rejected[place == b], long_c[place == b], long_r[place == b]) for b in range(5)]
    margin = chosen - rejected
    confidence = 1 / (1 + np.exp(-np.abs(margin)))
    at = np.minimum(((confidence - 0.5) * 20).astype(int), 9)
    w = wins(chosen, rejected)
    ece = sum(abs(w[at == b].mean() - confidence[at == b].mean()) * (at == b).sum() / n for b in range(10) if (at == b).any())
    return {"chosen": chosen.tolist(), "rejected": rejected.tolist(), "chosen_length": long_c.tolist(), "rejected_length": long_r.tolist(),
            "subset": [names[i] for i in subset], "subsets": subsets, "sections": sections, "score": float(np.mean(list(sections.values()))),
            "length_bins": bins, "ece": float(ece), "brier": float(((1 - 1 / (1 + np.exp(-margin))) ** 2).mean()),
            "confidence_pairs": [int((at == b).sum()) for b in range(10)]}


def mcnemar(a, b):
    n = a + b
    tail = sum(Fraction(comb(n, k), 2 ** n) for k in range(min(a, b) + 1))
    return float(min(Fraction(1), 2 * tail))


def ties(choices):
    stats = {}
    for c in choices:
        right, wrong = c["rewards"][:c["correct"]], c["rewards"][c["correct"]:]
        kind, number = c["id"].split(":")
        stats[kind, number] = (min(right) > max(wrong), max(right) - min(right), min(right) - max(wrong))
    kinds = {kind: np.mean([s[0] for (k, _), s in stats.items() if k == kind]) for kind in ("ref", "tied")}
    both = [number for kind, number in stats if kind == "tied" and ("ref", number) in stats]
    spread = np.array([stats["tied", n][1] for n in both])
    gap = np.array([stats["tied", n][2] for n in both])
    least = np.minimum(gap, [stats["ref", n][2] for n in both])
    terms = {"tied_accuracy": kinds["tied"], "ref_accuracy": kinds["ref"], "preferred": np.mean(gap > spread), "preferred_hard": np.mean(least > spread),
             "margin_score": np.mean(np.tanh(least / spread - 1))}
    score = 0.3 * terms["tied_accuracy"] + 0.3 * terms["ref_accuracy"] + 0.2 * terms["preferred"] + 0.2 * terms["preferred_hard"] + 0.01 * terms["margin_score"]
    return {name: float(value) for name, value in terms.items()}, float(score)


def choices(rng):
    rows = []
    for subset in ("Factuality", "Math"):
        for i in range(30):
            rewards = rng.normal(0, 1, 4)
            rewards[0] += 0.7
            if i % 10 == 0:
                rewards[1] = rewards[0] = 5  # two share the first place
            rows.append({"subset": subset, "id": str(i), "correct": 1, "rewards": rewards.tolist()})
    pairs_of_two = []
    for i in range(25):
        right = 2 + i % 5
        tied = np.concatenate([rng.normal(3, 0.4, right), rng.normal(1, 0.8, 6)])
        ref = np.concatenate([rng.normal(3, 0.4, 1), rng.normal(1, 0.8, 6)])
        pairs_of_two.append({"subset": "Ties", "id": f"tied:{i}", "correct": right, "rewards": tied.tolist()})
        pairs_of_two.append({"subset": "Ties", "id": f"ref:{i}", "correct": 1, "rewards": ref.tolist()})
    credit = {}
    for row in rows:
        rewards = np.array(row["rewards"])
        first = rewards == rewards.max()
        credit.setdefault(row["subset"], []).append(first[0] / first.sum())
    accuracy = {name: float(np.mean(c)) for name, c in credit.items()}
    terms, accuracy["Ties"] = ties(pairs_of_two)
    return {"rows": rows + pairs_of_two, "accuracy": accuracy, "ties": terms, "score": float(np.mean(list(accuracy.values())))}


def scale(rng):
    rewards = rng.normal(-1.5, 2.2, 333).astype(np.float32).astype(float)
    quantiles = np.quantile(rewards, np.arange(101) / 100)
    probes = [-20.0, -4.25, -1.5, 0.0, 2.5, 30.0]
    return {"rewards": rewards.tolist(), "mean": float(rewards.mean()), "deviation": float(rewards.std(ddof=1)), "quantiles": quantiles.tolist(), "probes": probes,
            "percentiles": [float(np.interp(x, quantiles, np.arange(101))) for x in probes],
            "better": [float(np.trapezoid(1 / (1 + np.exp(quantiles - x)), dx=0.01)) for x in probes]}


rng = np.random.default_rng(20261124)
splits = [(0, 0), (1, 0), (3, 3), (9, 2), (2, 9), (40, 61), (700, 801), (5000, 5300)]
golden = {"pairs": pairs(rng), "mcnemar": [[a, b, mcnemar(a, b)] for a, b in splits], "choices": choices(rng), "scale": scale(rng)}
print(json.dumps(golden))
