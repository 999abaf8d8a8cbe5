#!/usr/bin/env python3
"""Does stock Transformers (and PEFT) load a head of several labels that Assay trained, with its names, and give its numbers?

    labels_back.py ASSAY FOLDER TEXTS.jsonl [--limit 1e-5]

FOLDER: what `assay train --objective regression` wrote (all weights, or an adapter), or merge. TEXTS.jsonl: lines as `assay score` takes
them. ids come from `assay tokenize`, the numbers from `assay score`; printed: the largest difference, relative to the largest number.
"""
import argparse
import json
import os
import subprocess
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForSequenceClassification

from reference import read_json


def lines_of(command, text):
    out = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def load(folder):
    notes = read_json(folder, "assay.json")
    if not os.path.exists(os.path.join(folder, "adapter_config.json")):
        model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32)
        assert [model.config.id2label[i] for i in range(model.config.num_labels)] == notes["labels"]
        assert model.config.problem_type == "regression"
        return model, notes["labels"]
    base = read_json(folder, "adapter_config.json")["base_model_name_or_path"]
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=len(notes["labels"]), dtype=torch.float32)
    return PeftModel.from_pretrained(model, folder), notes["labels"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("assay"), parser.add_argument("folder"), parser.add_argument("texts")
    parser.add_argument("--limit", type=float, default=1e-5)
    options = parser.parse_args()
    text = open(options.texts).read()
    model, names = load(options.folder)
    scores = lines_of([options.assay, "score", "--model", options.folder], text)
    ids = [line["ids"] for line in lines_of([options.assay, "tokenize", "--model", options.folder], text)]
    worst = largest = 0.0
    for line, one in zip(scores, ids, strict=True):
        one = one[0] if isinstance(one[0], list) else one
        with torch.no_grad():
            logits = model.eval()(input_ids=torch.tensor([one])).logits[0].tolist()
        assert list(line["labels"]) == names
        for theirs, ours in zip(logits, line["labels"].values(), strict=True):
            worst, largest = max(worst, abs(theirs - ours)), max(largest, abs(theirs))
    print(f"{len(scores)} texts, {len(names)} labels: {worst / largest:.1e} of the largest number")
    sys.exit(worst > options.limit * largest)


main()
