"""Golden values of lists of answers for tests/test_judge.c: scipy's Kendall tau-b, and the rest counted couple by couple.

    python tests/oracle/list_golden.py >tests/data/judge/lists.json
"""
import itertools
import json
import math
import random

from scipy.stats import kendalltau

random.seed(19)
lists = []
for n in range(40):
    count = random.choice([3, 4, 4, 5, 7])
    values = sorted((random.choice([1, 2, 3, 4, 5]) for _ in range(count)), reverse=True)
    if values[0] == values[-1]:
        values[0] += 1
    # halves, so that equal rewards happen
    rewards = [round(2 * (v + random.gauss(0, 1.5))) / 2 for v in values]
    lists.append({"values": values, "rewards": rewards})
lists[0]["rewards"] = [1.0] * len(lists[0]["values"])  # a judge without a word

compared = ties = 0
right, tie_gap, decided_gap, tops, taus, per_list = 0.0, 0.0, 0.0, 0.0, [], []
for one in lists:
    x = n = 0
    for (v, r), (w, s) in itertools.combinations(zip(one["values"], one["rewards"]), 2):
        if v == w:
            ties += 1
            tie_gap += abs(r - s)
        else:
            n += 1
            x += 1 if r > s else 0.5 if r == s else 0
            decided_gap += abs(r - s)
    compared, right = compared + n, right + x
    per_list.append((x, n))
    most = max(one["rewards"])
    at_most = [v for v, r in zip(one["values"], one["rewards"]) if r == most]
    tops += sum(v == one["values"][0] for v in at_most) / len(at_most)
    tau = kendalltau(one["values"], one["rewards"], variant="b").statistic
    taus.append(0.0 if math.isnan(tau) else float(tau))

z, n = 1.959963984540054, len(lists)
p = right / compared
half = z * math.sqrt(n / (n - 1) * sum((x - p * m) ** 2 for x, m in per_list)) / compared
mean = sum(taus) / n
tau_half = z * math.sqrt(sum((t - mean) ** 2 for t in taus) / (n - 1) / n)
print(json.dumps({"lists": lists, "compared": compared, "ties": ties, "accuracy": p, "accuracy_low": p - half,
                  "accuracy_high": p + half, "top": tops / n, "tau": mean, "tau_low": mean - tau_half,
                  "tau_high": mean + tau_half, "tie_gap": tie_gap / ties, "decided_gap": decided_gap / compared}))
