"""Loss and gradients of least squares on answers with attributes, by torch's autograd, for tests/test_rows.c.

    python tests/oracle/regression_golden.py tests/data/golden/labels_qwen2 tests/data/golden/regression_qwen2.safetensors

The head has three numbers. Rows: two answers to one prompt, one answer, one answer; some attributes are not known (NaN).
The loss is the mean over the known ones; with all of them known it is also compared with the loss that Transformers'
class computes itself (problem_type "regression"). Prints how far float32 is from float64.
"""
import sys

import torch
from transformers import AutoModelForSequenceClassification

from golden_rows import print_distance, save_rows

NAN = float("nan")
TARGETS = [[[4, 3, 1.5], [0, NAN, 2]], [[NAN, 1, NAN]], [[2, -1, 3]]]


def load(folder, dtype):
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    model.config.pad_token_id = None  # the pooled token is then the last, whatever its id
    return model.to(dtype).eval()


def rows(vocabulary):
    random = torch.Generator().manual_seed(23)

    def ids(count):
        return torch.randint(3, vocabulary, (count,), generator=random).tolist()

    made = []
    for answers in TARGETS:
        prompt = ids(6)
        made.append([prompt + [3 + i] + ids(2 + 2 * i) for i in range(len(answers))])
    return made


def compute(model, lists):
    model.zero_grad(set_to_none=True)
    logits = [model(input_ids=torch.tensor([ids])).logits[0] for answers in lists for ids in answers]
    targets = torch.tensor([t for answers in TARGETS for t in answers], dtype=logits[0].dtype)
    errors = torch.stack(logits) - targets
    loss = errors[~targets.isnan()].square().mean()
    loss.backward()
    out = {"loss": loss.detach().reshape(1)}
    out |= {f"regression.grad.{name}": p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    return out


def check_transformers(model, lists):
    model.config.problem_type = "regression"
    ids, labels = torch.tensor([lists[2][0]]), torch.tensor([TARGETS[2][0]], dtype=torch.float64)
    theirs = model(input_ids=ids, labels=labels)
    ours = (theirs.logits - labels).square().mean()
    print(f"Transformers' own loss: {theirs.loss.item():.15g}, ours {ours.item():.15g}")


def main():
    folder, path = sys.argv[1:]
    exact = load(folder, torch.float64)
    lists = rows(exact.config.vocab_size)
    check_transformers(exact, lists)
    golden, single = compute(exact, lists), compute(load(folder, torch.float32), lists)
    print_distance(golden, single)
    golden["regression.loss"] = golden.pop("loss")
    save_rows(path, golden, lists, targets=torch.tensor([t for answers in TARGETS for t in answers], dtype=torch.float64))


main()
