#!/usr/bin/env python3
"""Does stock Transformers (and PEFT) load a process reward model that Assay trained, and give the same steps the same shares?

    steps_back.py ASSAY FOLDER STEPS.jsonl [--limit 1e-5]

FOLDER: what `assay train --objective process` wrote (all weights, or an adapter), or merge. STEPS.jsonl: TRL's stepwise records. The
texts become ids by the rule of TRL's PRMTrainer (tokenize_row) and the folder's own tokenizer; the shares of class 1 at the last token
of each separator are compared with `assay score`. Printed: the largest difference of log-odds, relative to the largest.
"""
import argparse
import json
import math
import os
import subprocess
import sys

import torch
from peft import AutoPeftModelForTokenClassification
from transformers import AutoModelForTokenClassification, AutoTokenizer

from reference import read_json


def load(folder):
    kind = AutoModelForTokenClassification
    if os.path.exists(os.path.join(folder, "adapter_config.json")):
        kind = AutoPeftModelForTokenClassification
    return kind.from_pretrained(folder, dtype=torch.float32).eval()


def tokenize_row(tokenizer, row, separator):
    def encode(text):
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    ids, ends = encode(row["prompt"]), []
    if tokenizer.bos_token_id is not None:
        ids = [tokenizer.bos_token_id] + ids
    for step in row["completions"]:
        ids += encode(step) + encode(separator)
        ends.append(len(ids) - 1)
    return ids, ends


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("assay"), parser.add_argument("folder"), parser.add_argument("steps")
    parser.add_argument("--limit", type=float, default=1e-5)
    options = parser.parse_args()
    model, tokenizer = load(options.folder), AutoTokenizer.from_pretrained(options.folder)
    separator = read_json(options.folder, "assay.json")["step_separator"]
    command = [options.assay, "score", "--model", options.folder, "--input", options.steps, "--quiet"]
    scores = [json.loads(line) for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()]
    worst = largest = 0.0
    count = 0
    for line, row in zip(scores, map(json.loads, open(options.steps)), strict=True):
        ids, ends = tokenize_row(tokenizer, row, separator)
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([ids])).logits[0].double()
        for end, share in zip(ends, line["steps"], strict=True):
            theirs, ours = (logits[end, 1] - logits[end, 0]).item(), math.log(share / (1 - share))
            worst, largest, count = max(worst, abs(theirs - ours)), max(largest, abs(theirs)), count + 1
    print(f"{type(model).__name__}, {len(scores)} answers, {count} steps: {worst / largest:.1e} of the largest log-odds")
    sys.exit(worst > options.limit * largest)


main()
