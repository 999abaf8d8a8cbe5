#!/usr/bin/env python3
"""Compare chatglm_remote.py with ChatGLM's own remote code on random weights: check_chatglm_remote.py --code DIR

Prints the largest difference, relative to the largest value: of every hidden state in every batch, of the
logits of all batches together, of every gradient of the pairwise loss; then of the scores of an adapter
trained and saved with PEFT on the one and loaded with PEFT on the other.
Exit code 1 if anything is above 1e-6 (gradients: 1e-5).
"""
import argparse
import os
import shutil
import sys

import torch

import why_reproduce as why
from chatglm_remote import ChatGLMForSequenceClassification


def apart(ours, theirs):
    return ((ours - theirs).abs().max() / theirs.abs().max()).item()


def compare(folder):
    theirs, ours = why.load(folder, head_seed=3).eval(), ChatGLMForSequenceClassification.from_folder(folder).eval()
    ours.classifier_head.load_state_dict(theirs.classifier_head.state_dict())
    worst, logits = {"hidden": 0.0, "hidden, left pad": 0.0, "gradients": 0.0}, {"": [], ", left pad": []}
    for seed in range(20):
        for length in (1, 2, 17, 64):
            plain = why.batch(seed, rows=3, length=length)
            padded = dict(plain, attention_mask=plain["attention_mask"].clone())
            for row in range(3):
                padded["attention_mask"][row, :row * length // 4] = 0
            for inputs, tail in ((plain, ""), (padded, ", left pad")):
                with torch.no_grad():
                    want, final = theirs(**inputs, output_hidden_states=True), theirs.transformer(**inputs)[0]
                    got, states = ours(**inputs, all_hidden_states=True)
                for mine, other in zip(states, [*want.hidden_states, final]):
                    worst["hidden" + tail] = max(worst["hidden" + tail], apart(mine, other.transpose(0, 1)))
                logits[tail].append(torch.stack([got, want.logits]))
    for tail, pairs in logits.items():
        worst["logits" + tail] = apart(*torch.cat(pairs, dim=1))
    why.pair_loss(theirs).backward()
    chosen, rejected = ours(**why.batch(11)), ours(**why.batch(12))
    (-torch.nn.functional.logsigmoid(chosen - rejected).mean()).backward()
    grads = {name: parameter.grad for name, parameter in ours.named_parameters()}
    for name, parameter in theirs.named_parameters():
        if parameter.grad is not None:
            worst["gradients"] = max(worst["gradients"], apart(grads[name], parameter.grad))
    return worst


def adapter_moves(folder):
    """Train on the remote code, save with PEFT, load on ours with PEFT."""
    torch.manual_seed(5)
    model = why.get_peft_model(why.load(folder, head_seed=3), why.lora(None, ["classifier_head"]))
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        why.pair_loss(model).backward()
        optimizer.step()
    out = os.path.join(why.WORK, "moves")
    model.save_pretrained(out)
    ours = why.PeftModel.from_pretrained(ChatGLMForSequenceClassification.from_folder(folder), out).eval()
    with torch.no_grad():
        inputs = why.batch(13, rows=3)
        return apart(ours(**inputs), model.eval()(**inputs)[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--code", required=True)
    folder = os.path.join(why.WORK, "chatglm-tiny")
    torch.set_num_threads(1)
    why.make_checkpoint(parser.parse_args().code, folder)
    if why.report_loading(folder)[-1] != "loads, forward runs":
        raise SystemExit("the remote code does not run here")
    worst = dict(compare(folder), adapter=adapter_moves(folder))
    for name, value in worst.items():
        print(f"{name:20} {value:.2e}")
    return any(value > (1e-5 if name == "gradients" else 1e-6) for name, value in worst.items())


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        shutil.rmtree(why.WORK, ignore_errors=True)
