#!/usr/bin/env python3
"""Make tests/data/golden/verdict_<family>: causal models, and what two tokens' logits differ by at a text's end.

    make_token_head_golden.py

Each folder is a checkpoint as Transformers' own causal class saves it, and golden.safetensors: ids.N, the texts; tokens,
two ids; difference [texts], the class's logits at the last token, the first token's less the second's. llama has a
language head of its own, qwen2 the embedding, cohere and granite scale their logits.
"""
import os
import shutil

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "golden")
VOCAB, HIDDEN = 40, 16
LENGTHS = [5, 17, 9]
TOKENS = [7, 31]
FAMILIES = {"llama": dict(tie_word_embeddings=False), "qwen2": dict(tie_word_embeddings=True),
            "cohere": dict(logit_scale=0.25), "granite": dict(logits_scaling=4.0, tie_word_embeddings=True)}


def make(family, seed):
    folder = os.path.join(GOLDEN, "verdict_" + family)
    random = torch.Generator().manual_seed(seed)
    config = AutoConfig.for_model(family, vocab_size=VOCAB, hidden_size=HIDDEN, intermediate_size=24, num_hidden_layers=2,
                                  num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64, bos_token_id=1,
                                  eos_token_id=2, pad_token_id=0, dtype="float32", **FAMILIES[family])
    model = AutoModelForCausalLM.from_config(config).float().eval()
    with torch.no_grad():
        for name, value in sorted(model.named_parameters()):
            norm = "norm" in name
            value.copy_(torch.randn(value.shape, generator=random) * (0.5 if "embed" in name else 0.2) + float(norm))
    texts = [torch.randint(3, VOCAB, (length,), generator=random) for length in LENGTHS]
    with torch.no_grad():
        logits = torch.stack([model(input_ids=ids[None]).logits[0, -1] for ids in texts])
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    os.remove(os.path.join(folder, "generation_config.json"))
    golden = {f"ids.{n}": ids.to(torch.int32) for n, ids in enumerate(texts)}
    golden |= {"tokens": torch.tensor(TOKENS, dtype=torch.int32),
               "difference": (logits[:, TOKENS[0]] - logits[:, TOKENS[1]]).contiguous()}
    save_file(golden, os.path.join(folder, "golden.safetensors"))
    print(family, golden["difference"].tolist())


def main():
    torch.set_num_threads(1)
    for n, family in enumerate(FAMILIES):
        make(family, 320 + n)


if __name__ == "__main__":
    main()
