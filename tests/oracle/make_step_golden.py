#!/usr/bin/env python3
"""Make tests/data/golden/steps_<kind>: models that score the steps of an answer.

    make_step_golden.py TRL/trainer/prm_trainer.py [KIND ...]          default: all of KINDS

Each folder is a checkpoint as its class saves it, with a tokenizer of single characters; answers.jsonl for `assay
score`; golden.safetensors: of answer N ids.N, ends.N (where the steps end) and steps.N (their scores, in double).

qwen2, llama, bloom: Transformers' own classes for token classification, saved by save_pretrained; ids by TRL's own
PRMTrainer.tokenize_row (trl 0.24.0, whose file is given: the class itself wants older Transformers), scores the
softmax's share of label 1. llama has BOS and three labels.

process: Qwen2ForProcessRewardModel comes with its checkpoint (modeling_qwen2_rm.py of Qwen2.5-Math-PRM-7B) and is in no
package, so its head is written again below on Transformers' Qwen2Model, after vLLM's copy (vllm/model_executor/models/
qwen2_rm.py of vLLM 0.10.0) and the model card's make_step_rewards: not against the original. ids by Transformers' own
apply_chat_template.
"""
import ast
import json
import os
import shutil
import sys
from itertools import chain

import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, models
from torch import nn
from transformers import AutoConfig, AutoModel, AutoModelForTokenClassification, PreTrainedTokenizerFast

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "golden")
SPECIAL = ["<pad>", "<s>", "</s>", "<extra_0>"]
LETTERS = [chr(c) for c in range(ord("a"), ord("z") + 1)] + list(" 0123456789.,=+?\n:")
VOCAB, HIDDEN = 64, 16
TEMPLATE = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
COMMON = dict(vocab_size=VOCAB, hidden_size=HIDDEN, num_hidden_layers=2, num_attention_heads=4, tie_word_embeddings=False,
              bos_token_id=1, eos_token_id=2, pad_token_id=0, dtype="float32")
DECODER = COMMON | dict(intermediate_size=24, num_key_value_heads=2, max_position_embeddings=128, rms_norm_eps=1e-6)
# kind: family, config, whether the tokenizer has BOS
KINDS = {
    "qwen2": ("qwen2", DECODER | dict(num_labels=2), False),
    "llama": ("llama", DECODER | dict(num_labels=3), True),
    "bloom": ("bloom", COMMON | dict(num_labels=2, n_head=4, n_layer=2), False),
    "process": ("qwen2", DECODER | dict(num_labels=2), False),
}
ANSWERS = [
    {"prompt": "which is larger, 9.8 or 9.11?", "completions": ["11 is more than 8.", "hence 9.11 is more.", "so 9.11"]},
    {"prompt": "2 + 2 = ?", "completions": ["one\nstep, two lines", "4"]},
    {"prompt": "no", "completions": ["a"]},
]


def tokenize_row(path):
    """TRL's static method, out of its file."""
    for node in ast.walk(ast.parse(open(path).read())):
        if isinstance(node, ast.FunctionDef) and node.name == "tokenize_row":
            node.decorator_list = []
            scope = {"chain": chain}
            exec(compile(ast.Module([node], []), path, "exec"), scope)
            return scope["tokenize_row"]
    sys.exit(f"{path}: no tokenize_row")


def write_tokenizer(folder, bos):
    tokenizer = Tokenizer(models.BPE(vocab={c: len(SPECIAL) + i for i, c in enumerate(LETTERS)}, merges=[]))
    tokenizer.add_special_tokens([AddedToken(t, special=True) for t in SPECIAL])
    data = json.loads(tokenizer.to_str())
    for i, token in enumerate(SPECIAL):
        data["added_tokens"][i]["id"] = i
        data["model"]["vocab"][token] = i
    with open(os.path.join(folder, "tokenizer.json"), "w") as file:
        json.dump(data, file)
    said = dict(tokenizer_class="PreTrainedTokenizerFast", eos_token="</s>", pad_token="<pad>", chat_template=TEMPLATE)
    with open(os.path.join(folder, "tokenizer_config.json"), "w") as file:
        json.dump(said | (dict(bos_token="<s>") if bos else {}), file)
    return PreTrainedTokenizerFast.from_pretrained(folder)


def draw(module, random):
    with torch.no_grad():
        for name, value in sorted(module.named_parameters()):
            value.copy_(torch.randn(value.shape, generator=random) * (0.5 if "embed" in name else 0.3)
                        + float("norm" in name and "bias" not in name))


def process(config, random, folder):
    """The head on Qwen2Model; saved as the class saves it."""
    body = AutoModel.from_config(config).float().eval()
    head = nn.Sequential(nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, config.num_labels))
    draw(body, random)
    draw(head, random)
    said = json.loads(config.to_json_string()) | dict(architectures=["Qwen2ForProcessRewardModel"])
    with open(os.path.join(folder, "config.json"), "w") as file:
        file.write(json.dumps(said, indent=2, sort_keys=True) + "\n")
    tensors = {"model." + k: v for k, v in body.state_dict().items()} | {"score." + k: v for k, v in head.state_dict().items()}
    save_file({k: v.contiguous() for k, v in tensors.items()}, os.path.join(folder, "model.safetensors"), {"format": "pt"})
    return lambda ids: head(body(input_ids=ids).last_hidden_state)


def tokens(config, random, folder):
    model = AutoModelForTokenClassification.from_config(config).float().eval()
    draw(model, random)
    model.save_pretrained(folder)
    return lambda ids: model(input_ids=ids).logits


def rendered(tokenizer, row):
    """As the model card renders: <extra_0> behind each step of the assistant's message."""
    answer = "<extra_0>".join(row["completions"]) + "<extra_0>"
    messages = [{"role": "user", "content": row["prompt"]}, {"role": "assistant", "content": answer}]
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=False)
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids, [i for i, token in enumerate(ids) if token == SPECIAL.index("<extra_0>")]


def pieces(tokenize, tokenizer, row):
    out = tokenize(row | dict(labels=[True] * len(row["completions"])), tokenizer, "\n", None, None, None, False, False)
    return out["input_ids"], [i for i, label in enumerate(out["labels"]) if label != -100]


def make(kind, seed, tokenize):
    family, config, bos = KINDS[kind]
    folder = os.path.join(GOLDEN, "steps_" + kind)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    random = torch.Generator().manual_seed(seed)
    config = AutoConfig.for_model(family, **config)
    logits = (process if kind == "process" else tokens)(config, random, folder)
    tokenizer = write_tokenizer(folder, bos)
    golden = {}
    for n, row in enumerate(ANSWERS):
        ids, ends = rendered(tokenizer, row) if kind == "process" else pieces(tokenize, tokenizer, row)
        with torch.no_grad():
            shares = torch.softmax(logits(torch.tensor([ids]))[0, ends].double(), dim=-1)[:, 1]
        golden |= {f"ids.{n}": torch.tensor(ids, dtype=torch.int32), f"ends.{n}": torch.tensor(ends, dtype=torch.int32),
                   f"steps.{n}": shares}
        print(kind, n, [float(share) for share in shares])
    save_file({k: v.contiguous() for k, v in golden.items()}, os.path.join(folder, "golden.safetensors"))
    with open(os.path.join(folder, "answers.jsonl"), "w") as file:
        file.writelines(json.dumps(row) + "\n" for row in ANSWERS)


def main():
    torch.set_num_threads(1)
    tokenize = tokenize_row(sys.argv[1])
    for kind in sys.argv[2:] or KINDS:
        make(kind, 900 + list(KINDS).index(kind), tokenize)


if __name__ == "__main__":
    main()
