#!/usr/bin/env python3
"""Does stock Transformers + PEFT load what Assay saved and score the same, and the other way round?

    load_back.py check FOLDER IDS.jsonl [SCORES.jsonl] [--limit 1e-5]
        FOLDER: an output of Assay: adapter, full model, merged model, or ChatGLM as Glm classes. Loaded twice, the way
        a user loads it; a base that must be given a head first gets another random one each time, so a head that did
        not travel shows. Fails if anything is newly initialised, missing, unexpected, or the two loads differ.
    load_back.py make BASE OUT [--ids IDS.jsonl] [--options '{"r": 4, "use_rslora": true}']
        OUT: a PEFT adapter on BASE with nothing zero (LoRA on all linear layers, head; SEQ_CLS, but null for ChatGLM),
        and OUT/scores.jsonl for Assay to reproduce. options go to LoraConfig.

A line of IDS.jsonl is {"ids": [...], "score": x} or the bare list; scores then come from SCORES.jsonl ("score" a line).
Printed: max |score difference|, the same relative to the largest score, and what is left if a constant is taken off all
(Glm's classes have no bias in the head; a ChatGLM head's bias is kept in assay.json and added here).
"""
import argparse
import json
import logging
import os
import sys
import warnings

import torch
import transformers

from chatglm_remote import ChatGLMForSequenceClassification, read_tensors
from reference import (HEADS, PeftModel, all_scores, load, random_adapter, read_json, read_lines, save_adapter,
                       write_lines)

BAD = ("newly initialized", "MISSING", "UNEXPECTED", "MISMATCH", "missing adapter keys", "unexpected keys")


class Heard(logging.Handler):
    """Everything Transformers logs and Python warns of, as text."""

    def __init__(self):
        super().__init__()
        self.texts = []
        logging.captureWarnings(True)
        warnings.simplefilter("always")
        for name in ("transformers", "peft", "py.warnings"):
            logging.getLogger(name).addHandler(self)

    def emit(self, record):
        self.texts.append(record.getMessage())

    def take(self):
        texts, self.texts = self.texts, []
        return texts


def load_base(folder):
    """A model, and the names of the weights it had to make up."""
    if read_json(folder, "config.json").get("padded_vocab_size"):
        model = ChatGLMForSequenceClassification.from_folder(folder)
        stored = read_tensors(folder)
        return model, [name for name in model.state_dict() if name not in stored]
    if read_json(folder, "config.json")["model_type"] in ("internlm2", "baichuan", "minicpm", "granite", "cohere"):
        model, stored = load(folder), read_tensors(folder)
        return model, [name for name in model.state_dict() if name not in stored]
    model, info = transformers.AutoModelForSequenceClassification.from_pretrained(
        folder, num_labels=1, dtype=torch.float32, output_loading_info=True)
    return model, sorted(info["missing_keys"])


def load_stock(folder, heard):
    """The model, and what is wrong. An adapter's base may lack the head: the adapter brings it."""
    if not os.path.exists(os.path.join(folder, "adapter_config.json")):
        model, missing = load_base(folder)
        return model.eval(), [f"newly initialized: {name}" for name in missing] + complaints(heard.take())
    model, missing = load_base(read_json(folder, "adapter_config.json")["base_model_name_or_path"])
    missing = [f"newly initialized: {name}" for name in missing if name.split(".")[0] not in HEADS]
    heard.take()
    return PeftModel.from_pretrained(model, folder).eval(), missing + complaints(heard.take())


def complaints(texts):
    """A head that lies beside a base model is unexpected to the base's class, and read by reference.WithHead."""
    beside = [text for text in texts if "LOAD REPORT" in text and "score.weight" in text and "MISSING" not in text]
    return [text for text in texts if any(bad in text for bad in BAD) and text not in beside]


def read_cases(path):
    rows = [row if isinstance(row, dict) else {"ids": row} for row in read_lines(path)]
    return [row["ids"] for row in rows], [row["score"] for row in rows if "score" in row]


def score_offset(folder):
    """What Assay adds to the scores of a ChatGLM written as Glm: the head's bias, kept in assay.json."""
    notes = os.path.join(folder, "assay.json")
    return read_json(notes).get("score_offset", 0) if os.path.exists(notes) else 0


def check(args):
    heard = Heard()
    ids, scores = read_cases(args.ids)
    want = torch.tensor([row["score"] for row in read_lines(args.scores)] if args.scores else scores, dtype=torch.float64)
    if len(want) != len(ids):
        sys.exit(f"{len(ids)} lines of ids, {len(want)} scores")
    loads = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        model, bad = load_stock(args.folder, heard)
        loads.append(all_scores(model, ids).double() + score_offset(args.folder))
    apart, scale = loads[0] - want, want.abs().max()
    print(f"{args.folder}: {type(model).__name__}, {len(ids)} scores, largest {scale:.6g}")
    print(f"  max |difference| {apart.abs().max():.2e}, relative {apart.abs().max() / scale:.1e}, "
          f"up to a constant {(apart - apart.mean()).abs().max() / scale:.1e}")
    for text in bad:
        print("  FAILS:", text)
    if not torch.equal(*loads):
        print("  FAILS: two loads score differently; the head or an adapter weight did not travel")
    return bool(bad) or not torch.equal(*loads) or not apart.abs().max() <= args.limit * scale


def make(args):
    model = random_adapter(load(args.base), spread_head=True, **json.loads(args.options))
    save_adapter(model, args.base, args.out)
    if args.ids:
        ids = read_cases(args.ids)[0]
    else:
        random = torch.Generator().manual_seed(3)
        ids = [torch.randint(3, 60, (length,), generator=random).tolist() for length in (1, 2, 7, 19, 40)]
    write_lines(os.path.join(args.out, "scores.jsonl"),
                [{"ids": row, "score": score} for row, score in zip(ids, all_scores(model, ids).tolist())])
    print(f"{args.out}: {', '.join(sorted(os.listdir(args.out)))}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("check")
    command.set_defaults(run=check)
    command.add_argument("folder")
    command.add_argument("ids")
    command.add_argument("scores", nargs="?")
    command.add_argument("--limit", type=float, default=1e-5)
    command = commands.add_parser("make")
    command.set_defaults(run=make)
    command.add_argument("base")
    command.add_argument("out")
    command.add_argument("--ids")
    command.add_argument("--options", default="{}")
    args = parser.parse_args()
    torch.set_num_threads(1)
    return args.run(args)


if __name__ == "__main__":
    sys.exit(main())
