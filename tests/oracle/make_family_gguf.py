#!/usr/bin/env python3
"""Make tests/data/golden/<family>/model.gguf of the checkpoints that make_family_golden.py wrote, as llama.cpp's converter
would: names from gguf-py's own tables (TensorNameMap), metadata by its writer, and what the converter does to weights
(convert_hf_to_gguf.py) done again here: rows of q and k permuted (Llama, InternLM2, Granite, SmolLM3, MiniCPM, Baichuan),
norms plus one (Gemma), fused modules taken apart (InternLM2, Baichuan), Bloom's (q, k, v) by head put in blocks.

    make_family_gguf.py
"""
import json
import os

import gguf
import numpy as np
from safetensors.numpy import load_file

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "golden")
ARCH = {"qwen3": "qwen3", "glm4": "glm4", "internlm2": "internlm2", "gemma": "gemma", "gemma2": "gemma2",
        "gemma3_text": "gemma3", "olmo2": "olmo2", "granite": "granite", "smollm3": "smollm3", "phi3": "phi3",
        "cohere": "command-r", "bloom": "bloom", "baichuan": "baichuan", "minicpm": "minicpm", "mistral": None}
PERMUTED = ("internlm2", "granite", "smollm3", "minicpm", "baichuan")


def permute(weight, heads):
    """LlamaModel.permute"""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def taken_apart(family, config, name, weight):
    """(name, weight) pairs in the words that TensorNameMap knows."""
    heads, groups = config["num_attention_heads"], config.get("num_key_value_heads") or config["num_attention_heads"]
    if family == "internlm2" and name.endswith("wqkv.weight"):
        d = weight.shape[0] // (heads + 2 * groups)
        each = weight.reshape(groups, heads // groups + 2, d, -1)
        stem = name.replace("attention.wqkv", "self_attn.{}_proj")
        return [(stem.format("q"), each[:, :-2].reshape(heads * d, -1)), (stem.format("k"), each[:, -2].reshape(groups * d, -1)),
                (stem.format("v"), each[:, -1].reshape(groups * d, -1))]
    if family == "baichuan" and name.endswith("W_pack.weight"):
        stem = name.replace("W_pack", "{}_proj")
        return [(stem.format(part), rows) for part, rows in zip("qkv", np.split(weight, 3))]
    return [(name, weight)]


def changed(family, config, name, weight):
    heads, groups = config["num_attention_heads"], config.get("num_key_value_heads") or config["num_attention_heads"]
    if family in PERMUTED and (".q_proj." in name or ".k_proj." in name):
        return permute(weight, heads if ".q_proj." in name else groups)
    if family.startswith("gemma") and "norm" in name:
        return weight + 1
    if family == "bloom" and "query_key_value" in name:
        d = weight.shape[0] // (3 * heads)
        return weight.reshape(heads, 3, d, *weight.shape[1:]).swapaxes(0, 1).reshape(weight.shape)
    return weight


def write_metadata(writer, family, config):
    heads, hidden = config.get("num_attention_heads") or config["n_head"], config["hidden_size"]
    width = config.get("head_dim") or hidden // heads
    rope = config.get("rope_parameters") or {}
    writer.add_context_length(config.get("max_position_embeddings", 2048))
    writer.add_embedding_length(hidden)
    writer.add_block_count(config.get("num_hidden_layers") or config["n_layer"])
    writer.add_feed_forward_length(config.get("intermediate_size", 4 * hidden))
    writer.add_head_count(heads)
    writer.add_head_count_kv(config.get("num_key_value_heads") or heads)
    if family in ("cohere", "bloom"):
        writer.add_layer_norm_eps(config.get("layer_norm_eps") or config["layer_norm_epsilon"])
    else:
        writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    if family != "bloom":
        full = rope.get("full_attention", rope)
        writer.add_rope_freq_base(full.get("rope_theta") or config.get("rope_theta") or 10000.0)
        writer.add_rope_dimension_count(int(width * full.get("partial_rotary_factor", 1.0)))
    if config.get("head_dim"):
        writer.add_key_length(width)
        writer.add_value_length(width)
    if family in ("gemma2", "gemma3_text", "phi3"):
        writer.add_sliding_window(config["sliding_window"])
    if family == "gemma2":
        writer.add_attn_logit_softcapping(config["attn_logit_softcapping"])
        writer.add_final_logit_softcapping(config["final_logit_softcapping"])
    if family == "granite":
        writer.add_attention_scale(config["attention_multiplier"])
        writer.add_embedding_scale(config["embedding_multiplier"])
        writer.add_residual_scale(config["residual_multiplier"])
        writer.add_logit_scale(config["logits_scaling"])
    if family == "minicpm":
        writer.add_embedding_scale(config["scale_emb"])
        writer.add_residual_scale(config["scale_depth"] / config["num_hidden_layers"] ** 0.5)
        writer.add_logit_scale(hidden / config["dim_model_base"])
    if family == "cohere":
        writer.add_logit_scale(config["logit_scale"])


def make(family, arch):
    folder = os.path.join(GOLDEN, family)
    config = json.load(open(os.path.join(folder, "config.json")))
    config.setdefault("num_attention_heads", config.get("n_head"))
    writer = gguf.GGUFWriter(os.path.join(folder, "model.gguf"), arch)
    write_metadata(writer, family, config)
    kind = next(key for key, value in gguf.MODEL_ARCH_NAMES.items() if value == arch)
    names = gguf.get_tensor_name_map(kind, config.get("num_hidden_layers") or config["n_layer"])
    for name, weight in load_file(os.path.join(folder, "model.safetensors")).items():
        for part, rows in taken_apart(family, config, name, weight):
            to = "cls.output.weight" if part == "score.weight" else names.get_name(part.removeprefix("transformer.") if family == "bloom" else part, (".weight", ".bias"))
            if to is None:
                raise SystemExit(f"{family}: no GGUF name for {part}")
            writer.add_tensor(to, np.ascontiguousarray(changed(family, config, part, rows), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    for family, arch in ARCH.items():
        if arch:
            make(family, arch)


if __name__ == "__main__":
    main()
