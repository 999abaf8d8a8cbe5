"""Loss and gradients of a process reward model on answers in labelled steps, by torch's autograd, for tests/test_rows.c.

    python tests/oracle/process_golden.py tests/data/golden/steps_qwen2 tests/data/golden/process_qwen2.safetensors

Three answers of three, one and four steps; one step has no label. The labels stand at the last token of each step and
are -100 elsewhere, as TRL's PRMTrainer has them (trl/trainer/prm_trainer.py, tokenize_row); the loss is torch's cross
entropy of shares, the mean over labelled tokens, once with labels of 0 and 1 and once with soft ones. Printed: how far
float32 is from float64, and the loss that Transformers' own class gives the padded batch, which it forms in float32.
"""
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoModelForTokenClassification

LABELS = [[1, 0, None], [1], [0, 1, 1, 0]]
SOFT = [[0.8, 0.5, None], [1.0], [0.0, 0.3, 1.0, 0.5]]
LENGTHS = [[9, 3, 2], [12], [7, 1, 4, 2]]


def load(folder, dtype):
    model = AutoModelForTokenClassification.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    return model.to(dtype).eval()  # no dropout


def answers(vocabulary):
    random = torch.Generator().manual_seed(29)
    return [[torch.randint(3, vocabulary, (n,), generator=random).tolist() for n in lengths] for lengths in LENGTHS]


def batch(texts, labels):
    width = max(sum(map(len, steps)) for steps in texts)
    ids, mask, marks = [], [], []
    for steps, of_steps in zip(texts, labels):
        row = [i for step in steps for i in step]
        at = [-100] * width
        end = 0
        for step, label in zip(steps, of_steps):
            end += len(step)
            at[end - 1] = -100 if label is None else label
        ids.append(row + [0] * (width - len(row)))
        mask.append([1] * len(row) + [0] * (width - len(row)))
        marks.append(at)
    return torch.tensor(ids), torch.tensor(mask), torch.tensor(marks)


def hard(model, texts):
    ids, mask, marks = batch(texts, LABELS)
    return model(input_ids=ids, attention_mask=mask, labels=marks).loss


def by_shares(model, texts, labels):
    losses = []
    for steps, of_steps in zip(texts, labels):
        logits = model(input_ids=torch.tensor([[i for step in steps for i in step]])).logits[0]
        end = 0
        for step, label in zip(steps, of_steps):
            end += len(step)
            if label is not None:
                shares = torch.tensor([1 - label, label], dtype=logits.dtype)
                losses.append(torch.nn.functional.cross_entropy(logits[end - 1], shares))
    return torch.stack(losses).mean()


def compute(model, texts):
    out = {}
    for name, labels in {"hard": LABELS, "soft": SOFT}.items():
        model.zero_grad(set_to_none=True)
        loss = by_shares(model, texts, labels)
        loss.backward()
        out[f"{name}.loss"] = loss.detach().reshape(1)
        out |= {f"{name}.grad.{n}": p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    return out


def main():
    folder, path = sys.argv[1:]
    exact = load(folder, torch.float64)
    texts = answers(exact.config.vocab_size)
    golden, single = compute(exact, texts), compute(load(folder, torch.float32), texts)
    worst = max(((single[n].double() - golden[n]).norm() / golden[n].norm()).item() for n in golden)
    print(f"float32 is at most {worst:.1e} of a tensor's norm from float64")
    print(f"Transformers' own loss: {hard(exact, texts).item():.15g}, by hand {golden['hard.loss'].item():.15g}")
    golden = {n: value.float().contiguous() for n, value in golden.items()}
    for i, steps in enumerate(texts):
        for k, ids in enumerate(steps):
            golden[f"ids.{i}.{k}"] = torch.tensor(ids, dtype=torch.int32)
    save_file(golden, path)


main()
