#!/usr/bin/env python3
"""Make tests/data/golden/head_<kind>: reward models of other trainers, with the heads that src/head reads.

    make_head_golden.py [KIND ...]          default: all of KINDS

Each folder is a checkpoint as the class saves it (config.json, model.safetensors), a tokenizer of single characters,
texts.jsonl for `assay score`, and golden.safetensors: ids.N and the reference's scores; of head_armorm the rewards and
the gating's output as well.

head_trl is TRL's own AutoModelForCausalLMWithValueHead (trl 0.11.4), saved by its save_pretrained. The other classes
come with their checkpoints or trainers and are in no package that runs here, so their heads, a few lines each, are
written again below on Transformers' own decoder (InternLM2: remote_decoder.py), from the code that each file of src/head
names: not against the original.

head_armorm's class is restated from modeling_custom.py of RLHFlow/ArmoRM-Llama3-8B-v0.1, of which public repositories
hold copies (haozheji/OpenRLHF @main, rm_hacking; the class LlamaForRewardModelWithGating); head_grm's from
rewardbench/models/grm.py of allenai/reward-bench (GRewardModel, ValueHead).
"""
import json
import os
import shutil
import sys
import tempfile

import torch
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Tokenizer, models
from torch import nn
from transformers import AutoConfig, AutoModel

from remote_decoder import RemoteDecoder

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "golden")
VOCAB, HIDDEN, REWARD = 40, 16, 39
SPECIAL = ["<pad>", "<s>", "</s>"]
GATE = [21, 3, 4]  # "sab": stands for Llama 3's ids between prompt and answer, read from the config
GATED_TEXTS = ["is it 5sabyes it is", "twice as sab longsabas any of it 1", "twice as sab longsabno<pad> it", "sabno"]
TEXTS = ["is it 5", "twice as long as any of it 1", "no", "pad after<pad> it"]
COMMON = dict(vocab_size=VOCAB, hidden_size=HIDDEN, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
              num_key_value_heads=2, max_position_embeddings=64, rms_norm_eps=1e-6, tie_word_embeddings=False,
              bos_token_id=1, eos_token_id=2, dtype="float32")


def mlp():
    return nn.Sequential(nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1))


def layers(*widths):
    parts = [p for a, b in zip(widths, widths[1:]) for p in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*parts[:-1])


def linear(bias=False):
    return nn.Linear(HIDDEN, 1, bias=bias)


class Gated(nn.Module):
    """The head of LlamaForRewardModelWithGating: hidden states of a text in, score, rewards and gating output out."""

    def __init__(self, config):
        super().__init__()
        self.config, count = config, config["num_objectives"]
        self.regression_layer = nn.Linear(HIDDEN, count, bias=False)
        self.reward_transform_matrix = nn.Parameter(torch.eye(count))
        self.gating = nn.Module()
        widths = [HIDDEN] + [config["gating_hidden_dim"]] * config["gating_n_hidden"]
        self.gating.layers = nn.ModuleList([nn.Linear(a, b) for a, b in zip(widths, widths[1:] + [count])])
        self.gating.logit_scale = nn.Parameter(torch.ones(1))

    def forward(self, states, ids, at):
        starts = [j for j in range(len(ids) - len(GATE) + 1) if ids[j:j + len(GATE)] == GATE]
        x = states[starts[-1]]
        for i, layer in enumerate(self.gating.layers):
            x = torch.relu(layer(x)) if i + 1 < len(self.gating.layers) else layer(x)
        gating = torch.softmax(x / self.config["gating_temperature"], dim=0) * self.gating.logit_scale[0]
        rewards = self.regression_layer(states[at])
        return torch.stack([(gating * (rewards @ self.reward_transform_matrix)).sum()]), rewards, gating


ARMO = dict(num_objectives=19, gating_temperature=0.7, gating_hidden_dim=12, gating_n_hidden=3, pad_token_id=0,
            assay_gate_pattern=GATE)
GRM = dict(vhead_layer_type="mlp", vhead_num_neurons=20, vhead_num_layers=2, pad_token_id=0)

# family, class, config beyond COMMON, the head's module and its layers
KINDS = {
    "qwen2_rm": ("qwen2", "Qwen2ForRewardModel", dict(pad_token_id=0), "score", mlp()),
    "inf_orm": ("llama", "INFORMForSequenceClassification", dict(num_labels=1), "score", mlp()),
    "internlm2": ("internlm2", "InternLM2ForRewardModel", dict(reward_token_id=REWARD, pad_token_id=2, bias=False,
                                                               hidden_act="silu"), "v_head", linear()),
    "trl": ("llama", "LlamaForCausalLM", dict(pad_token_id=0), "v_head", None),
    "openrlhf": ("qwen2", "RewardModel", dict(normalize_reward=True, mean=0.25, std=1.5, value_head_prefix="value_head"),
                 "value_head", linear()),
    "openrlhf_score": ("llama", "RewardModel", dict(normalize_reward=True, mean=-0.5, std=0.75,
                                                    value_head_prefix="score"), "score", linear()),
    "ultrarm": ("llama", "LlamaRewardModel", dict(), "regression_head", linear()),
    "beaver": ("llama", "LlamaForScore", dict(do_normalize=False, score_dim=1, bias=True, pad_token_id=0), "score_head",
               linear()),
    "armorm": ("llama", "LlamaForRewardModelWithGating", ARMO, None, Gated(ARMO)),
    "grm": ("llama", "GRewardModel", GRM, "v_head.summary", layers(HIDDEN, 20, 20, 1)),
    "mlp_labels": ("qwen2", "Qwen2ForRewardModel", dict(pad_token_id=0, id2label={0: "helpful", 1: "correct", 2: "safe"},
                                                        label2id={"helpful": 0, "correct": 1, "safe": 2}),
                   "score", layers(HIDDEN, HIDDEN, 3)),
}
STOP_AT_PAD = ("qwen2_rm", "armorm", "mlp_labels")


def write_tokenizer(folder):
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)] + [" "] + list("012345678")
    tokenizer = Tokenizer(models.BPE(vocab={c: 3 + i for i, c in enumerate(letters)}, merges=[]))
    tokenizer.add_special_tokens([AddedToken(t, special=True) for t in SPECIAL])
    data = json.loads(tokenizer.to_str())
    for i, token in enumerate(SPECIAL):  # in front of the letters, as checkpoints have them
        data["added_tokens"][i]["id"] = i
        data["model"]["vocab"][token] = i
    with open(os.path.join(folder, "tokenizer.json"), "w") as file:
        json.dump(data, file)
    with open(os.path.join(folder, "tokenizer_config.json"), "w") as file:
        json.dump(dict(tokenizer_class="PreTrainedTokenizerFast", bos_token="<s>", eos_token="</s>"), file)
    return Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))


def draw(module, random, scale=0.2):
    with torch.no_grad():
        for name, value in sorted(module.named_parameters()):
            value.copy_(torch.randn(value.shape, generator=random) * (0.5 if "embed" in name else scale) + float("norm" in name))


def save(folder, config, tensors):
    with open(os.path.join(folder, "config.json"), "w") as file:
        file.write(json.dumps(config, indent=2, sort_keys=True) + "\n")
    save_file({name: value.contiguous() for name, value in tensors.items()}, os.path.join(folder, "model.safetensors"),
              metadata={"format": "pt"})


def make_trl(folder, random, ids):
    from transformers import AutoModelForCausalLM
    from trl import AutoModelForCausalLMWithValueHead
    base = AutoModelForCausalLM.from_config(AutoConfig.for_model("llama", **COMMON, pad_token_id=0)).float().eval()
    model = AutoModelForCausalLMWithValueHead(base).float().eval()
    model.is_peft_model = False  # as from_pretrained says
    draw(model, random)
    with torch.no_grad():
        scores = [model(input_ids=torch.tensor([i]))[2][0, -1] for i in ids]
    with tempfile.TemporaryDirectory() as saved:
        model.save_pretrained(saved)
        save(folder, json.load(open(os.path.join(saved, "config.json"))), load_file(os.path.join(saved, "model.safetensors")))
    return scores


def make_other(kind, folder, random, ids):
    family, name, more, module, head = KINDS[kind]
    config = COMMON | more
    if family == "internlm2":
        config = config | dict(model_type=family, rope_theta=1000000.0)
        decoder = RemoteDecoder(config).float().eval()
    else:
        decoder = AutoModel.from_config(AutoConfig.for_model(family, **config)).float().eval()
        config = json.loads(AutoConfig.for_model(family, **config).to_json_string())
    draw(decoder, random)
    draw(head, random, 0.4 if kind == "armorm" else 0.2)  # a gate that weighs all alike would prove little
    scores, more_golden = [], {}
    for text in ids:
        if family == "internlm2" and text[-1] != REWARD:
            text.append(REWARD)
        with torch.no_grad():
            states = last_states(decoder, family, text)
        at = text.index(0) - 1 if kind in STOP_AT_PAD and 0 in text else len(text) - 1
        del text[at + 1:]  # what is read, for callers that have ids
        with torch.no_grad():
            outputs = head(states, text, at) if kind == "armorm" else (head(states[at]),)
        score = outputs[0][0].double()
        for what, value in zip(("rewards", "gating"), outputs[1:]):
            more_golden.setdefault(what, []).append(value)
        if kind == "mlp_labels":
            more_golden.setdefault("logits", []).append(outputs[0])
        scores.append((score - more["mean"]) / more["std"] if more.get("normalize_reward") else score)
    config["architectures"] = [name]
    tensors = decoder.state_dict() if family == "internlm2" else {"model." + k: v for k, v in decoder.state_dict().items()}
    tensors = {k: v for k, v in tensors.items() if not k.startswith("score.")}
    prefix = module + "." if module else ""
    save(folder, config, tensors | {prefix + k: v for k, v in head.state_dict().items()})
    return scores, {name: torch.stack(values) for name, values in more_golden.items()}


def last_states(decoder, family, text):
    if family == "internlm2":
        return decoder(torch.tensor([text]), output_hidden_states=True)[1][-1]
    return decoder(input_ids=torch.tensor([text])).last_hidden_state[0]


def make(kind, seed):
    folder = os.path.join(GOLDEN, "head_" + kind)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    random = torch.Generator().manual_seed(seed)
    tokenizer = write_tokenizer(folder)
    texts = GATED_TEXTS if kind == "armorm" else TEXTS
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    scores, more = (make_trl(folder, random, ids), {}) if kind == "trl" else make_other(kind, folder, random, ids)
    with open(os.path.join(folder, "texts.jsonl"), "w") as file:
        file.writelines(json.dumps({"text": text}) + "\n" for text in texts)
    golden = more | {f"ids.{n}": torch.tensor(text, dtype=torch.int32) for n, text in enumerate(ids)}
    save_file(golden | {"scores": torch.tensor([float(s.detach()) for s in scores], dtype=torch.float64)}, os.path.join(folder, "golden.safetensors"))
    print(kind, [float(score) for score in scores])


def main():
    torch.set_num_threads(1)
    for kind in sys.argv[1:] or KINDS:
        make(kind, 400 + list(KINDS).index(kind))


if __name__ == "__main__":
    main()
