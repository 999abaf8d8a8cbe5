#!/usr/bin/env python3
"""Writes the small base of tests/data/v01/kept/llama-full-f32: `assay init` has nothing as small, and a checkpoint of full tuning
holds the weights four times. Usage: make_v01_base.py TOKENIZER_FOLDER OUTPUT (the tokenizer is that of `assay init --arch llama`).
It needs Python alone, and was run once."""
import json
import random
import shutil
import struct
import sys

HIDDEN, HEADS, GROUPS, HEAD, FFN, LAYERS, WORDS = 32, 4, 2, 8, 48, 2, 320


def shapes():
    yield "model.embed_tokens.weight", (WORDS, HIDDEN)
    for i in range(LAYERS):
        layer = f"model.layers.{i}."
        yield layer + "input_layernorm.weight", (HIDDEN,)
        yield layer + "mlp.down_proj.weight", (HIDDEN, FFN)
        yield layer + "mlp.gate_proj.weight", (FFN, HIDDEN)
        yield layer + "mlp.up_proj.weight", (FFN, HIDDEN)
        yield layer + "post_attention_layernorm.weight", (HIDDEN,)
        yield layer + "self_attn.k_proj.weight", (GROUPS * HEAD, HIDDEN)
        yield layer + "self_attn.o_proj.weight", (HIDDEN, HEADS * HEAD)
        yield layer + "self_attn.q_proj.weight", (HEADS * HEAD, HIDDEN)
        yield layer + "self_attn.v_proj.weight", (GROUPS * HEAD, HIDDEN)
    yield "model.norm.weight", (HIDDEN,)


def main():
    source, output = sys.argv[1:]
    draw = random.Random(7)
    header, body = {"__metadata__": {"format": "pt"}}, b""
    for name, shape in shapes():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        values = [draw.gauss(0, 0.1) if len(shape) > 1 else 1.0 for _ in range(count)]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(body), len(body) + 4 * count]}
        body += struct.pack(f"<{count}f", *values)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(f"{output}/model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + body)
    with open(f"{source}/config.json", encoding="utf-8") as file:
        config = json.load(file)
    config.update(hidden_size=HIDDEN, num_attention_heads=HEADS, num_key_value_heads=GROUPS, head_dim=HEAD, intermediate_size=FFN, num_hidden_layers=LAYERS)
    with open(f"{output}/config.json", "w", encoding="utf-8") as file:
        json.dump(config, file, indent=2, sort_keys=True)
        file.write("\n")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(f"{source}/{name}", output)


main()
