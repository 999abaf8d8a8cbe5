"""Golden values of answers with attributes for tests/test_attributes.c: scipy's correlations, Fisher's interval as scipy
has it, R2 as scikit-learn defines it and its interval by numpy from the definition (src/judge/judge_attributes.h).

    python tests/oracle/attribute_golden.py >tests/data/judge/attributes.json
"""
import json
import random

import numpy as np
from scipy.stats import norm, pearsonr, spearmanr

random.seed(31)
LABELS, ANSWERS, Z = 4, 60, float(norm.ppf(0.975))
targets = [[random.randint(0, 4) for _ in range(LABELS)] for _ in range(ANSWERS)]
numbers = [[round(t + random.gauss(0, 0.5 + k), 2) for k, t in enumerate(row)] for row in targets]
for row in targets:
    row[3] = 2  # no variance: neither R2 nor a correlation
    for k in range(3):
        if random.random() < 0.15:
            row[k] = None


def bonett_wright(r, n):
    half = Z * np.sqrt((1 + r * r / 2) / (n - 3))
    return [float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half))]


def of(k):
    rows = [(t[k], z[k]) for t, z in zip(targets, numbers) if t[k] is not None]
    y, z = np.array([r[0] for r in rows], float), np.array([r[1] for r in rows], float)
    n, e, d = len(y), (z - y) ** 2, (y - y.mean()) ** 2
    out = {"answers": n, "mse": float(e.mean())}
    if d.sum() == 0:
        return out
    ratio = e.sum() / d.sum()
    half = Z * np.sqrt(n / (n - 1) * ((e - ratio * d) ** 2).sum()) / d.sum()
    pearson = pearsonr(y, z)
    interval = pearson.confidence_interval(0.95)
    spearman = float(spearmanr(y, z).statistic)
    return out | {"r2": [float(1 - ratio), float(1 - ratio - half), float(min(1 - ratio + half, 1))],
                  "pearson": [float(pearson.statistic), float(interval.low), float(interval.high)],
                  "spearman": [spearman, *bonett_wright(spearman, n)]}


print(json.dumps({"targets": targets, "numbers": numbers, "labels": [of(k) for k in range(LABELS)]}))
