#!/usr/bin/env python3
"""Make tests/data/golden/head_beside: a causal model and adapters on it whose reward head is a value head.

    make_adapter_head_golden.py             trl 0.11.4 is to be importable (PYTHONPATH)

base/               LlamaForCausalLM, saved by Transformers
trl/                adapter and v_head as TRL's AutoModelForCausalLMWithValueHead saves a PEFT model: its
                    pytorch_model.bin holds the value head alone
factory/            the same, the head in value_head.safetensors, as LLaMA-Factory's fix_valuehead_checkpoint
                    (src/llamafactory/train/callbacks.py) leaves it
factory_bin/        the same in value_head.bin
saved/              OpenRLHF's linear value_head, named in PEFT's modules_to_save and saved by PEFT
labels/             PEFT's SEQ_CLS adapter with three labels, saved by PEFT

Each adapter has texts.jsonl and golden.safetensors: ids.N and the class's scores (of labels: logits).
"""
import json
import os
import shutil
import sys

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification, LlamaModel, LlamaPreTrainedModel

from make_head_golden import COMMON, GOLDEN, HIDDEN, TEXTS, draw, write_tokenizer

ROOT = os.path.join(GOLDEN, "head_beside")
LORA = dict(r=2, lora_alpha=6, target_modules=["q_proj", "down_proj"])


class RewardModel(LlamaPreTrainedModel):
    """openrlhf/models/model.py, _get_reward_model: a linear layer without bias on the last hidden state."""

    def __init__(self, config):
        super().__init__(config)
        self.model = LlamaModel(config)
        self.value_head = nn.Linear(config.hidden_size, 1, bias=False)
        self.post_init()

    def forward(self, input_ids, **_):
        return self.value_head(self.model(input_ids=input_ids).last_hidden_state).squeeze(-1)


def finish(name, scores, ids, key="scores"):
    folder = os.path.join(ROOT, name)
    path = os.path.join(folder, "adapter_config.json")
    config = json.load(open(path))
    config["base_model_name_or_path"] = "tests/data/golden/head_beside/base"  # from the root of the repository, where tests run
    with open(path, "w") as file:
        file.write(json.dumps(config, indent=2, sort_keys=True) + "\n")
    for extra in ("README.md",):
        if os.path.exists(os.path.join(folder, extra)):
            os.remove(os.path.join(folder, extra))
    with open(os.path.join(folder, "texts.jsonl"), "w") as file:
        file.writelines(json.dumps({"text": text}) + "\n" for text in TEXTS)
    golden = {f"ids.{n}": torch.tensor(text, dtype=torch.int32) for n, text in enumerate(ids)}
    save_file(golden | {key: torch.stack(scores).detach()}, os.path.join(folder, "golden.safetensors"))
    print(name, torch.stack(scores).tolist())


def make_trl(random, ids):
    from trl import AutoModelForCausalLMWithValueHead
    peft = get_peft_model(AutoModelForCausalLM.from_pretrained(os.path.join(ROOT, "base")), LoraConfig(task_type="CAUSAL_LM", **LORA))
    model = AutoModelForCausalLMWithValueHead(peft).float().eval()
    model.is_peft_model = True  # as from_pretrained says
    draw(nn.ModuleList([m for n, m in model.named_modules() if "lora_" in n and isinstance(m, nn.Linear)]), random)
    draw(model.v_head, random)
    with torch.no_grad():
        scores = [model(input_ids=torch.tensor([i]))[2][0, -1].double() for i in ids]
    os.makedirs(os.path.join(ROOT, "trl"))
    model.save_pretrained(os.path.join(ROOT, "trl"))
    finish("trl", scores, ids)
    head = {"v_head." + k: v.detach().clone() for k, v in model.v_head.state_dict().items()}
    for name in ("factory", "factory_bin"):
        shutil.copytree(os.path.join(ROOT, "trl"), os.path.join(ROOT, name))
        os.remove(os.path.join(ROOT, name, "pytorch_model.bin"))
        finish(name, scores, ids)
    save_file(head, os.path.join(ROOT, "factory", "value_head.safetensors"), metadata={"format": "pt"})
    torch.save(head, os.path.join(ROOT, "factory_bin", "value_head.bin"))


def make_saved(random, ids):
    model = RewardModel.from_pretrained(os.path.join(ROOT, "base")).float()
    model = get_peft_model(model, LoraConfig(modules_to_save=["value_head"], **LORA)).eval()
    draw(nn.ModuleList([m for n, m in model.named_modules() if ("lora_" in n or "modules_to_save.default" in n) and isinstance(m, nn.Linear)]), random)
    with torch.no_grad():
        scores = [model(input_ids=torch.tensor([i]))[0, -1].double() for i in ids]
    model.save_pretrained(os.path.join(ROOT, "saved"))
    finish("saved", scores, ids)


def make_labels(random, ids):
    model = AutoModelForSequenceClassification.from_pretrained(os.path.join(ROOT, "base"), num_labels=3).float()
    model = get_peft_model(model, LoraConfig(task_type="SEQ_CLS", **LORA)).eval()
    draw(nn.ModuleList([m for n, m in model.named_modules() if ("lora_" in n or "modules_to_save.default" in n) and isinstance(m, nn.Linear)]), random)
    with torch.no_grad():
        logits = [model(input_ids=torch.tensor([[i for i in text if i != 0]])).logits[0].double() for text in ids]
    model.save_pretrained(os.path.join(ROOT, "labels"))
    finish("labels", logits, ids, "logits")


def main():
    torch.set_num_threads(1)
    torch.manual_seed(0)
    shutil.rmtree(ROOT, ignore_errors=True)
    base = os.path.join(ROOT, "base")
    random = torch.Generator().manual_seed(451)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model("llama", **COMMON, pad_token_id=0)).float()
    draw(model, random)
    model.save_pretrained(base)
    os.remove(os.path.join(base, "generation_config.json"))
    tokenizer = write_tokenizer(base)
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS[:3]]
    globals()["TEXTS"] = TEXTS[:3]
    make_trl(random, ids)
    make_saved(random, ids)
    make_labels(random, ids)


if __name__ == "__main__":
    main()
