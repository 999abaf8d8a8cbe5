#!/usr/bin/env python3
"""Make tests/data/golden/labels_<family>: classifiers of three labels, as Transformers' own classes score them.

    make_label_golden.py

Each folder is a checkpoint (config.json with the labels' names, model.safetensors) and golden.safetensors: ids.N, the
texts, and logits [texts, 3]. labels_llama's head is given a bias, which the class has not got of itself: its logits are
those of the class with score replaced by a linear layer that has one.
"""
import os

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForSequenceClassification

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "golden")
LABELS = ["helpful", "correct", "safe"]
VOCAB, HIDDEN = 40, 16
LENGTHS = [5, 17, 9]


def config_of(family):
    config = AutoConfig.for_model(family, vocab_size=VOCAB, hidden_size=HIDDEN, intermediate_size=24, num_hidden_layers=2,
                                  num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64,
                                  rms_norm_eps=1e-6, bos_token_id=1, eos_token_id=2, pad_token_id=0, dtype="float32",
                                  id2label=dict(enumerate(LABELS)), label2id={name: i for i, name in enumerate(LABELS)})
    config.architectures = [family.capitalize() + "ForSequenceClassification"]
    return config


def make(family, biased, seed):
    folder = os.path.join(GOLDEN, "labels_" + family)
    random = torch.Generator().manual_seed(seed)
    config = config_of(family)
    model = AutoModelForSequenceClassification.from_config(config).float().eval()
    if biased:
        model.score = torch.nn.Linear(HIDDEN, len(LABELS), bias=True)
    with torch.no_grad():
        for name, value in sorted(model.named_parameters()):
            norm = "norm" in name
            value.copy_(torch.randn(value.shape, generator=random) * (0.5 if "embed" in name else 0.2) + float(norm))
    texts = [torch.randint(3, VOCAB, (length,), generator=random) for length in LENGTHS]
    with torch.no_grad():
        logits = torch.stack([model(input_ids=ids[None]).logits[0] for ids in texts])
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w") as file:
        file.write(config.to_json_string())
    save_file({name: value.contiguous() for name, value in model.state_dict().items()},
              os.path.join(folder, "model.safetensors"), metadata={"format": "pt"})
    golden = {f"ids.{n}": ids.to(torch.int32) for n, ids in enumerate(texts)} | {"logits": logits.contiguous()}
    save_file(golden, os.path.join(folder, "golden.safetensors"))
    print(family, logits.tolist())


def main():
    torch.set_num_threads(1)
    make("llama", True, 301)
    make("qwen2", False, 302)


if __name__ == "__main__":
    main()
