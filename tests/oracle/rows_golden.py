"""Losses and gradients of lists of answers on a tiny model, by torch's autograd, for tests/test_rows.c.

    python tests/oracle/rows_golden.py tests/data/golden/llama tests/data/golden/rows_llama.safetensors

Formulas: src/objective/objective.h. A step is the mean over its rows. Of all objectives but plackett-luce only some
tensors are kept. Prints how far float32 is from float64, which bounds what a test can ask for.
"""
import sys

import torch
from torch.nn.functional import logsigmoid

from golden_rows import print_distance, save_rows
from reference import float64, load, plain_name, score

KEPT = ("score.weight", "model.norm.weight", "model.layers.0.self_attn.q_proj.weight",
        "model.layers.1.mlp.down_proj.weight")
VALUES = [[4, 3, 2, 1], [2, 2, 1], [1, 1]]  # best first; the last row is a pair that is a tie
THETA = 1.5


def all_pairs(r, v):
    terms = []
    for i in range(len(r)):
        for j in range(i + 1, len(r)):
            d = r[i] - r[j]
            terms.append(-logsigmoid(d) if v[i] > v[j] else -(logsigmoid(d) + logsigmoid(-d)) / 2)
    return sum(terms) / len(terms)


def stage(r, v, k):
    worse = [r[j] for j in range(len(r)) if v[j] < v[k]]
    return torch.logsumexp(torch.stack([r[k]] + worse), 0) - r[k] if worse else r[k] * 0


def plackett_luce(r, v):
    return sum(stage(r, v, k) for k in range(len(r)))


def first_best(r, v):
    best = [k for k in range(len(r)) if v[k] == max(v)]
    return sum(stage(r, v, k) for k in best) / len(best)


def rao_kupper(r, v):  # of the ends
    d, u = r[0] - r[-1], torch.log(torch.tensor(THETA, dtype=r[0].dtype))
    win, lose = -logsigmoid(d - u), -logsigmoid(-d - u)
    return win if v[0] > v[-1] else win + lose - torch.log(torch.tensor(THETA ** 2 - 1, dtype=d.dtype))


# Rankings learn nothing from a tie: it weighs nothing there.
OBJECTIVES = {"all-pairs": (all_pairs, 3), "plackett-luce": (plackett_luce, 2), "first-best": (first_best, 2),
              "rao-kupper": (rao_kupper, 3)}


def rows(vocabulary):
    random = torch.Generator().manual_seed(19)

    def ids(count):
        return torch.randint(3, vocabulary, (count,), generator=random).tolist()

    made = []
    for values in VALUES:
        prompt = ids(6)
        made.append([prompt + [3 + i] + ids(2 + 2 * i) for i in range(len(values))])
    return made


def compute(model, lists):
    out = {}
    for name, (loss_of, used) in OBJECTIVES.items():
        model.zero_grad(set_to_none=True)
        loss = sum(loss_of([score(model, ids).reshape(()) for ids in answers], values)
                   for answers, values in list(zip(lists, VALUES))[:used]) / used
        loss.backward()
        out[f"{name}.loss"] = loss.detach().reshape(1)
        for parameter, tensor in model.named_parameters():
            if tensor.grad is not None and (name == "plackett-luce" or plain_name(parameter) in KEPT):
                out[f"{name}.grad.{plain_name(parameter)}"] = tensor.grad.clone()
    return out


def main():
    folder, path = sys.argv[1:]
    lists = rows(load(folder).config.vocab_size)
    single, exact = compute(load(folder), lists), compute(float64(load(folder)), lists)
    print_distance(exact, single)
    save_rows(path, exact, lists)


main()
