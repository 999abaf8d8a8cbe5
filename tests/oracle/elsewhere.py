#!/usr/bin/env python3
"""The code of docs/elsewhere.md, run out of the page itself, against `assay score`.

    elsewhere.py ASSAY [--openrlhf CLONE] [--only NAME]

A block of the page is fenced by ```python NAME. Each gets what its sys.argv wants: a merged folder, or the address of
`assay serve`. What is not installed is skipped by name: torch and transformers; trl and datasets. OpenRLHF is taken from
a clone of its repository; what its model file imports and does not need here (deepspeed, ring attention) is stood in
for, and it computes in f32, so that its numbers can be compared. Exit code 1: a score differs, or a block fails.
"""
import argparse
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LINES = [{"prompt": "How much water?", "response": "Enough."}, {"prompt": "2+2?", "response": "Four, or 4."}]
# f32 sums in another order: a few units in the last of seven digits of values near 1
LIMIT = 1e-4

STAND_INS = '''
import sys, types
import torch

def module(name, **values):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__dict__.update(values)
    return sys.modules[name]

import logging
import peft, transformers  # they look for deepspeed, and are to find none
from transformers import AutoModel
from transformers.integrations.deepspeed import HfDeepSpeedConfig
module("deepspeed")
module("openrlhf").__path__ = []
module("openrlhf.utils").__path__ = []
module("openrlhf.utils.logging_utils", init_logger=logging.getLogger)
module("openrlhf.utils.utils", convert_to_torch_dtype=lambda name: torch.float32)
module("openrlhf.models").__path__ = [%(models)r]
module("openrlhf.models.ring_attn_utils", gather_and_pad_tensor=None, unpad_and_slice_tensor=None)
module("openrlhf.models.utils", set_z3_leaf_modules=lambda model, **_: None)
from openrlhf.models.model import get_llm_for_sequence_regression
sys.modules["openrlhf.models"].get_llm_for_sequence_regression = get_llm_for_sequence_regression
'''

# What the trainer asks its reward model, and what it is answered.
WATCH_TRL = '''
import trl.trainer.grpo_trainer as watched
seen, whole = [], watched.GRPOTrainer._calculate_rewards
def calculate(self, inputs, prompts, completions, ids):
    rewards = whole(self, inputs, prompts, completions, ids)
    seen.extend(zip(prompts, completions, rewards[:, 0].tolist()))
    return rewards
watched.GRPOTrainer._calculate_rewards = calculate
'''
TELL_TRL = '''
import json
for prompt, completion, reward in seen:
    print("TRL " + json.dumps({"messages": prompt + completion, "reward": reward}))
'''


def blocks():
    text = open(os.path.join(ROOT, "docs", "elsewhere.md"), encoding="utf-8").read()
    return dict(re.findall(r"^```python ([a-z-]+)\n(.*?)^```$", text, re.M | re.S))


def run(code, words, given="", cwd=None, path=""):
    """What a block prints, line by line."""
    environment = {**os.environ, "PYTHONPATH": path, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run([sys.executable, "-c", code, *words], input=given, capture_output=True, text=True, cwd=cwd, env=environment)
    if done.returncode:
        raise RuntimeError("\n".join(done.stderr.splitlines()[-4:]))
    return done.stdout.splitlines()


class Bench:
    """A model, merged, and a server of it."""

    def __init__(self, assay, folder):
        self.assay, self.folder = os.path.abspath(assay), folder
        self.base, self.merged = os.path.join(folder, "base"), os.path.join(folder, "merged")
        self.call("init", "--arch", "qwen2", "--output", self.base, "--quiet")
        self.call("train", "--model", self.base, "--template", "chatml", "--precision", "f32", "--data", os.path.join(ROOT, "examples/medical_train.jsonl"),
                  "--eval-split", "off", "--max-steps", "2", "--lr", "1e-2", "--output", os.path.join(folder, "rm"), "--quiet")
        self.call("merge", "--model", os.path.join(folder, "rm"), "--output", self.merged, "--quiet")
        self.lines = "".join(json.dumps(line) + "\n" for line in LINES)
        self.server = None

    def call(self, *words, given=None):
        return subprocess.run([self.assay, *words], input=given, check=True, capture_output=True, text=True).stdout

    def scores(self, lines):
        got = self.call("score", "--model", self.merged, "--precision", "f32", "--quiet", given=lines)
        return [json.loads(line)["score"] for line in got.splitlines()]

    def texts(self):
        """The two texts as the template has them, one JSON string a line."""
        got = self.call("tokenize", "--model", self.merged, "--text", "--quiet", given="".join(
            json.dumps({"messages": [{"role": "user", "content": line["prompt"]}, {"role": "assistant", "content": line["response"]}]}) + "\n"
            for line in LINES))
        return "".join(json.dumps(json.loads(line)["text"]) + "\n" for line in got.splitlines())

    def address(self):
        if not self.server:
            self.server = subprocess.Popen([self.assay, "serve", "--model", self.merged, "--precision", "f32", "--port", "0"], stdout=subprocess.PIPE,
                                           stderr=subprocess.DEVNULL, text=True)
            self.url = self.server.stdout.readline().split()[-1]
        return self.url

    def close(self):
        if self.server:
            self.server.terminate()
            self.server.wait()


def have(*modules):
    missing = [name for name in modules if not importlib.util.find_spec(name)]
    if missing:
        raise LookupError("no " + ", ".join(missing) + " here")


def transformers_block(bench, code, _):
    have("torch", "transformers")
    return run(code, [bench.merged], bench.lines), bench.scores(bench.lines)


def trl_block(bench, code, _):
    have("torch", "transformers", "trl", "datasets")
    told = [json.loads(line[4:]) for line in run(WATCH_TRL + code + TELL_TRL, [bench.base, bench.merged], cwd=bench.folder) if line.startswith("TRL ")]
    assert len(told) == 4, told
    return [one["reward"] for one in told], bench.scores("".join(json.dumps({"messages": one["messages"]}) + "\n" for one in told))


def trl_server_block(bench, code, _):
    got = run(code, [bench.address()], path=os.path.join(ROOT, "contrib"))
    lines = "".join(json.dumps({"prompt": "2+2?", "response": text}) + "\n" for text in ("4", "5"))
    return json.loads(got[0]), bench.scores(lines)


def vllm_block(bench, code, _):
    return run(code, [bench.address(), "merged"], bench.lines), bench.scores(bench.lines)


def openrlhf_block(bench, code, options):
    have("torch", "transformers", "peft")
    if not options.openrlhf:
        raise LookupError("no clone of OpenRLHF is named: --openrlhf")
    stand_ins = STAND_INS % {"models": os.path.join(options.openrlhf, "openrlhf", "models")}
    return run(stand_ins + code, [bench.merged], bench.lines), bench.scores(bench.lines)


def openrlhf_server_block(bench, code, _):
    return run(code, [bench.address()], bench.texts()), bench.scores(bench.lines)


RUNNERS = {"transformers": transformers_block, "trl": trl_block, "trl-server": trl_server_block, "vllm": vllm_block, "openrlhf": openrlhf_block,
           "openrlhf-server": openrlhf_server_block}


def attempt(bench, name, code, options):
    try:
        theirs, ours = RUNNERS[name](bench, code, options)
    except LookupError as reason:
        print(f"skip elsewhere-{name} ({reason})")
        return True
    except Exception as problem:  # whatever a block does wrong is this block's failure, and the next is run
        print(f"not ok elsewhere-{name}: {problem}")
        return False
    worst = max((abs(float(a) - b) for a, b in zip(theirs, ours)), default=float("nan"))
    good = len(theirs) == len(ours) and worst <= LIMIT
    print(f"{'ok' if good else 'not ok'} elsewhere-{name} {len(ours)} scores, largest difference {worst:.2g}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assay")
    parser.add_argument("--openrlhf", metavar="CLONE")
    parser.add_argument("--only", metavar="NAME")
    options = parser.parse_args()
    found = blocks()
    good = set(found) == set(RUNNERS)
    if not good:
        print(f"not ok elsewhere-blocks: the page has {sorted(found)}")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options.assay, folder)
        try:
            for name, code in found.items():
                if name in RUNNERS and options.only in (None, name):
                    good &= attempt(bench, name, code, options)
        finally:
            bench.close()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
