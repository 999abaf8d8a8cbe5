#!/usr/bin/env python3
"""Make tests/data/golden/<model>: tiny random checkpoints in Hugging Face format and what the reference computes.

    make_model_golden.py [FOLDER]          default: tests/data/golden beside this script

A folder holds config.json, model.safetensors (F32, with the head) and golden.safetensors (F32; ids are I32):
`ids.<n>` n = 0..5, even chosen, odd rejected, a pair begins with the same tokens; `attention.0.<l>` [heads, s, s]; then
what reference.py names, and the adapter behind the lora_* results: `lora.<module>.lora_A.weight`, `lora_B` (rank 3,
alpha 6; its head is the model's). Parameters without a gradient (ChatGLM's output_layer) have none in the file.
Printed: the reference's own rounding error, float32 against float64, relative to each tensor's largest value.
"""
import copy
import json
import os
import sys

import torch
from safetensors.torch import save_file
from transformers import GlmConfig, Qwen2Config

from reference import adapter_tensors, apart, float64, full_results, load, lora_results, random_adapter

HERE = os.path.dirname(os.path.abspath(__file__))
VOCAB, HIDDEN, HEADS, GROUPS, HEAD_DIM, FFN, LAYERS = 64, 32, 4, 2, 8, 48, 2
PAIRS = [(4, 13, 5), (9, 40, 26), (3, 5, 10)]  # shared prefix, length of chosen, of rejected
ONE_LABEL = dict(id2label={"0": "LABEL_0"}, label2id={"LABEL_0": 0})


# ---- configurations: Llama as Transformers 4 spelled it, Qwen2 as 5 writes it, ChatGLM as on the hub ----------

def llama_config(**changes):
    return dict(
        architectures=["LlamaForSequenceClassification"], model_type="llama", attention_bias=False,
        attention_dropout=0.0, bos_token_id=1, eos_token_id=2, pad_token_id=0, head_dim=HEAD_DIM, hidden_act="silu",
        hidden_size=HIDDEN, **ONE_LABEL, initializer_range=0.02, intermediate_size=FFN, max_position_embeddings=512,
        mlp_bias=False, num_attention_heads=HEADS, num_hidden_layers=LAYERS, num_key_value_heads=GROUPS,
        pretraining_tp=1, rms_norm_eps=1e-5, rope_scaling=None, rope_theta=10000.0, tie_word_embeddings=False,
        torch_dtype="float32", transformers_version="4.46.3", use_cache=True, vocab_size=VOCAB) | changes


def qwen2_config():
    config = Qwen2Config(
        architectures=["Qwen2ForSequenceClassification"], vocab_size=VOCAB, hidden_size=HIDDEN, intermediate_size=FFN,
        num_hidden_layers=LAYERS, num_attention_heads=HEADS, num_key_value_heads=GROUPS, max_position_embeddings=512,
        rope_parameters={"rope_type": "default", "rope_theta": 1000000.0}, rms_norm_eps=1e-6, num_labels=1,
        tie_word_embeddings=False, bos_token_id=1, eos_token_id=2, pad_token_id=0, dtype="float32")
    return json.loads(config.to_json_string())


def chatglm_config():
    code = {"AutoConfig": "configuration_chatglm.ChatGLMConfig", "AutoModel": "modeling_chatglm.ChatGLMForConditionalGeneration",
            "AutoModelForSequenceClassification": "modeling_chatglm.ChatGLMForSequenceClassification"}
    return dict(
        model_type="chatglm", architectures=["ChatGLMForSequenceClassification"], auto_map=code, **ONE_LABEL,
        add_bias_linear=False, add_qkv_bias=True, apply_query_key_layer_scaling=True,
        apply_residual_connection_post_layernorm=False, attention_dropout=0.0, attention_softmax_in_fp32=True,
        bias_dropout_fusion=True, ffn_hidden_size=FFN, fp32_residual_connection=False, hidden_dropout=0.0,
        hidden_size=HIDDEN, kv_channels=HEAD_DIM, layernorm_epsilon=1e-5, multi_query_attention=True,
        multi_query_group_num=GROUPS, num_attention_heads=HEADS, num_layers=LAYERS, original_rope=True,
        padded_vocab_size=VOCAB, post_layer_norm=True, rmsnorm=True, seq_length=512, use_cache=True,
        torch_dtype="float32", transformers_version="4.30.2", tie_word_embeddings=False, eos_token_id=2, pad_token_id=0)


def glm_config():
    config = GlmConfig(
        architectures=["GlmForSequenceClassification"], vocab_size=VOCAB, hidden_size=HIDDEN, intermediate_size=FFN,
        num_hidden_layers=LAYERS, num_attention_heads=HEADS, num_key_value_heads=GROUPS, head_dim=HEAD_DIM,
        max_position_embeddings=512, rms_norm_eps=1e-5, num_labels=1, attention_bias=True, tie_word_embeddings=False,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5},
        bos_token_id=1, eos_token_id=2, pad_token_id=0, dtype="float32")
    return json.loads(config.to_json_string())


# Of head_dim 8's four wavelengths (6, 63, 628, 6283) one stays, one is between, two are stretched.
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64)
MODELS = {"llama": llama_config(), "llama3_bias": llama_config(rope_scaling=LLAMA3, attention_bias=True, mlp_bias=True),
          "qwen2": qwen2_config(), "chatglm": chatglm_config(), "glm": glm_config()}


# ---- weights ---------------------------------------------------------------------------------------------------

def hf_shapes(qkv_bias, all_bias, gate_up=False):
    query, keys = HEADS * HEAD_DIM, GROUPS * HEAD_DIM
    shapes = {"model.embed_tokens.weight": (VOCAB, HIDDEN), "model.norm.weight": (HIDDEN,), "score.weight": (1, HIDDEN)}
    linear = {"self_attn.q_proj": (query, HIDDEN), "self_attn.k_proj": (keys, HIDDEN), "self_attn.v_proj": (keys, HIDDEN),
              "self_attn.o_proj": (HIDDEN, query), "mlp.gate_proj": (FFN, HIDDEN), "mlp.up_proj": (FFN, HIDDEN),
              "mlp.down_proj": (HIDDEN, FFN)}
    if gate_up:
        del linear["mlp.gate_proj"], linear["mlp.up_proj"]
        linear["mlp.gate_up_proj"] = (2 * FFN, HIDDEN)
    for layer in (f"model.layers.{i}." for i in range(LAYERS)):
        for name, shape in linear.items():
            shapes[layer + name + ".weight"] = shape
            if all_bias or (qkv_bias and name[-6:] in ("q_proj", "k_proj", "v_proj")):
                shapes[layer + name + ".bias"] = shape[:1]
        shapes[layer + "input_layernorm.weight"] = shapes[layer + "post_attention_layernorm.weight"] = (HIDDEN,)
    return shapes


def chatglm_shapes():
    shapes = {"transformer.embedding.word_embeddings.weight": (VOCAB, HIDDEN),
              "transformer.encoder.final_layernorm.weight": (HIDDEN,), "transformer.output_layer.weight": (VOCAB, HIDDEN),
              "classifier_head.weight": (1, HIDDEN), "classifier_head.bias": (1,)}
    fused = (HEADS + 2 * GROUPS) * HEAD_DIM
    for layer in (f"transformer.encoder.layers.{i}." for i in range(LAYERS)):
        shapes.update({layer + name: shape for name, shape in {
            "input_layernorm.weight": (HIDDEN,), "post_attention_layernorm.weight": (HIDDEN,),
            "self_attention.query_key_value.weight": (fused, HIDDEN), "self_attention.query_key_value.bias": (fused,),
            "self_attention.dense.weight": (HIDDEN, HEADS * HEAD_DIM),
            "mlp.dense_h_to_4h.weight": (2 * FFN, HIDDEN), "mlp.dense_4h_to_h.weight": (HIDDEN, FFN)}.items()})
    return shapes


def random_weights(config, random):
    """Large enough that attention is far from uniform and every term shows."""
    remote, glm, qwen = (config["model_type"] == name for name in ("chatglm", "glm", "qwen2"))
    shapes = chatglm_shapes() if remote else hf_shapes(qwen or glm, not glm and config.get("attention_bias", False), glm)
    weights = {}
    for name, shape in sorted(shapes.items()):
        std = 1.0 if "embed" in name else 0.2
        weights[name] = torch.randn(shape, generator=random) * std + (1.0 if "norm" in name else 0.0)
    return weights


# ---- golden values -----------------------------------------------------------------------------------------------

def random_pairs(random):
    sequences = []
    for prefix, *lengths in PAIRS:
        prompt = torch.randint(3, VOCAB, (prefix,), generator=random).tolist()
        answers = [torch.randint(3, VOCAB, (length - prefix,), generator=random).tolist() for length in lengths]
        answers[1][0] = (answers[0][0] - 2) % (VOCAB - 3) + 3  # the prefix ends here
        sequences += [prompt + answer for answer in answers]
    return sequences


def compute(folder, sequences, convert):
    """All golden values but ids; convert: what makes the precision."""
    out = full_results(convert(load(folder)), sequences, attention_of=(0,))
    adapted = random_adapter(load(folder), r=3, lora_alpha=6)
    adapter = {"lora." + name: value for name, value in adapter_tensors(adapted).items() if ".lora_" in name}
    return out, adapter, lora_results(convert(adapted), sequences)


def make(folder, config, seed):
    random = torch.Generator().manual_seed(seed)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w") as file:
        file.write(json.dumps(config, indent=2, sort_keys=True) + "\n")
    save_file(random_weights(config, random), os.path.join(folder, "model.safetensors"), metadata={"format": "pt"})
    sequences = random_pairs(random)
    full, adapter, lora = compute(folder, sequences, lambda model: model)
    golden = {f"ids.{n}": torch.tensor(ids, dtype=torch.int32) for n, ids in enumerate(sequences)} | full | adapter | lora
    save_file({name: value.detach().contiguous().clone() for name, value in golden.items()},
              os.path.join(folder, "golden.safetensors"))
    exact, _, exact_lora = compute(folder, sequences, float64)
    for kind, (error, name) in apart(full | lora, exact | exact_lora).items():
        print(f"{os.path.basename(folder):12} {kind:12} {error:.1e}  {name}")


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    target = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "..", "data", "golden")
    for seed, (name, config) in enumerate(MODELS.items()):
        make(os.path.join(target, name), copy.deepcopy(config), seed)


if __name__ == "__main__":
    main()
