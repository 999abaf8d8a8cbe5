#!/usr/bin/env python3
"""What `train --tuning lora` saves of heads that others began, loaded by PEFT on classes like theirs, against `assay score`.

    head_load_back.py build/assay            prints the largest difference of each kind; exit 1 above 1e-5
"""
import json
import os
import subprocess
import sys
import tempfile

import torch
from peft import PeftModel
from safetensors.torch import load_file
from torch import nn
from transformers import AutoConfig, LlamaModel, LlamaPreTrainedModel, Qwen2Model, Qwen2PreTrainedModel

from make_head_golden import GOLDEN, HIDDEN, layers

PAIRS = [{"prompt": "is it 5", "chosen": "yes it is", "rejected": "no"}, {"prompt": "as long", "chosen": "twice", "rejected": "once"}]


class ValueHead(nn.Module):
    def __init__(self, summary):
        super().__init__()
        self.summary = summary

    def forward(self, states):
        return self.summary(states)


def class_of(parent, decoder, name, head):
    def init(self, config):
        parent.__init__(self, config)
        self.model = decoder(config)
        setattr(self, name, head())
        self.post_init()

    def forward(self, input_ids, **_):
        return getattr(self, name)(self.model(input_ids=input_ids).last_hidden_state)[0, -1, 0]

    return type("Reward", (parent,), dict(__init__=init, forward=forward))


KINDS = {
    "qwen2_rm": class_of(Qwen2PreTrainedModel, Qwen2Model, "score", lambda: layers(HIDDEN, HIDDEN, 1)),
    "grm": class_of(LlamaPreTrainedModel, LlamaModel, "v_head", lambda: ValueHead(layers(HIDDEN, 20, 20, 1))),
    "trl": class_of(LlamaPreTrainedModel, LlamaModel, "v_head", lambda: ValueHead(nn.Linear(HIDDEN, 1))),
    "ultrarm": class_of(LlamaPreTrainedModel, LlamaModel, "regression_head", lambda: nn.Linear(HIDDEN, 1, bias=False)),
}


def scores_of(assay, arguments):
    out = subprocess.run([assay, *arguments, "--quiet"], check=True, capture_output=True, text=True).stdout
    return [json.loads(line)["score"] for line in out.splitlines()]


def check(assay, kind, work):
    base, output = os.path.join(GOLDEN, "head_" + kind), os.path.join(work, kind)
    pairs = os.path.join(work, "pairs.jsonl")
    with open(pairs, "w") as file:
        file.writelines(json.dumps(pair) + "\n" for pair in PAIRS)
    subprocess.run([assay, "train", "--model", base, "--data", pairs, "--output", output, "--max-steps", "3", "--lr", "1e-2",
                    "--batch-pairs", "2", "--eval-split", "off", "--quiet"], check=True, capture_output=True)
    ours = scores_of(assay, ["score", "--model", output, "--input", os.path.join(base, "texts.jsonl")])
    model = PeftModel.from_pretrained(KINDS[kind].from_pretrained(base), output).eval()
    beside = os.path.join(output, "value_head.safetensors")
    if os.path.exists(beside):  # as LLaMA-Factory does
        model.load_state_dict({"base_model.model." + n: v for n, v in load_file(beside).items()}, strict=False)
    golden = load_file(os.path.join(base, "golden.safetensors"))
    with torch.no_grad():
        theirs = [model(input_ids=golden[f"ids.{n}"].long()[None]).item() for n in range(4)]
    worst = max(abs(a - b) for a, b in zip(ours, theirs, strict=True))
    moved = max(abs(a - b.item()) for a, b in zip(ours, golden["scores"], strict=True))
    print(f"{kind}: {worst:.2e} apart, {moved:.2e} from the base")
    return worst < 1e-5 < moved


def main():
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as work:
        good = [check(sys.argv[1], kind, work) for kind in KINDS]
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
