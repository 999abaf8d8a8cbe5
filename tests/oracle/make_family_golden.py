#!/usr/bin/env python3
"""Make tests/data/golden/<family> for the families of src/family that make_model_golden.py has not.

    make_family_golden.py [FAMILY ...]          default: all of FAMILIES

The files are those that make_model_golden.py describes, of still smaller models and without attention. Windows are 6
tokens, shorter than every sequence but one. InternLM2, Baichuan and MiniCPM have no class in Transformers: they are
computed by remote_decoder.py, another hand's reading of their code, not by the originals. ChatGLM-6B (chatglm1) is
computed by its own code, which CHATGLM_6B_CODE names (chatglm_6b.py), and so is GLM-4's remote layout (glm4_remote),
which GLM4_REMOTE_CODE names (glm4_remote.py).
"""
import json
import os
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoConfig

from reference import adapter_tensors, full_results, load, lora_results, random_adapter

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "golden")
VOCAB, HIDDEN, HEADS, GROUPS, HEAD_DIM, FFN, LAYERS, WINDOW = 40, 16, 4, 2, 4, 24, 2, 6
PAIRS = [(4, 13, 5), (9, 26, 17)]  # shared prefix, length of chosen, of rejected
ONE_LABEL = dict(id2label={"0": "LABEL_0"}, label2id={"LABEL_0": 0})
COMMON = dict(vocab_size=VOCAB, hidden_size=HIDDEN, intermediate_size=FFN, num_hidden_layers=LAYERS,
              num_attention_heads=HEADS, num_key_value_heads=GROUPS, max_position_embeddings=64, rms_norm_eps=1e-6,
              tie_word_embeddings=False, bos_token_id=1, eos_token_id=2, pad_token_id=0)
GELU = dict(hidden_activation="gelu_pytorch_tanh", head_dim=6)

# Transformers' own classes: what differs from COMMON.
NATIVE = {
    "qwen3": dict(head_dim=6, rope_theta=1000000.0),
    "mistral": dict(sliding_window=WINDOW, head_dim=4),
    "glm4": dict(head_dim=8, partial_rotary_factor=0.5, attention_bias=True),
    "gemma": dict(hidden_act="gelu_pytorch_tanh", head_dim=6),
    "gemma2": dict(**GELU, sliding_window=WINDOW, query_pre_attn_scalar=9, attn_logit_softcapping=5.0),
    "gemma3_text": dict(**GELU, sliding_window=WINDOW, query_pre_attn_scalar=9, layer_types=["sliding_attention", "full_attention"]),
    "olmo2": dict(rope_theta=500000.0),
    "granite": dict(embedding_multiplier=3.0, attention_multiplier=0.3, residual_multiplier=0.4, logits_scaling=8.0),
    "smollm3": dict(no_rope_layers=[1, 0], rope_theta=2000000.0),
    "phi3": dict(sliding_window=WINDOW, head_dim=4, original_max_position_embeddings=64),
    "cohere": dict(logit_scale=0.0625, layer_norm_eps=1e-5),
    "bloom": dict(hidden_size=HIDDEN, n_layer=LAYERS, n_head=HEADS, vocab_size=VOCAB),
}
REMOTE = {
    "internlm2": dict(bias=False, rope_theta=1000000.0, hidden_act="silu"),
    "baichuan": dict(hidden_act="silu"),
    "baichuan_alibi": dict(hidden_act="silu", model_max_length=64, num_attention_heads=6, hidden_size=24),
    "minicpm": dict(scale_emb=12, scale_depth=1.4, dim_model_base=256, hidden_act="silu", rope_theta=10000.0),
}
SOP, GMASK, MASK = 36, 33, 32
OWN_CODE = {
    "chatglm1": dict(model_type="chatglm", architectures=["ChatGLMModel"], vocab_size=VOCAB, hidden_size=2 * HIDDEN,
                     inner_hidden_size=FFN, num_layers=LAYERS, num_attention_heads=2, layernorm_epsilon=1e-5,
                     max_sequence_length=64, position_encoding_2d=True, bos_token_id=SOP, gmask_token_id=GMASK,
                     mask_token_id=MASK, eos_token_id=37, pad_token_id=3, use_cache=True, torch_dtype="float32"),
    "glm4_remote": dict(model_type="chatglm", architectures=["ChatGLMForSequenceClassification"], padded_vocab_size=VOCAB,
                        hidden_size=HIDDEN, ffn_hidden_size=FFN, num_layers=LAYERS, num_attention_heads=HEADS,
                        kv_channels=8, multi_query_attention=True, multi_query_group_num=GROUPS, rope_ratio=500,
                        layernorm_epsilon=1.5625e-07, seq_length=64, add_qkv_bias=True, add_bias_linear=False,
                        original_rope=True, rmsnorm=True, post_layer_norm=True, bias_dropout_fusion=True,
                        apply_query_key_layer_scaling=True, apply_residual_connection_post_layernorm=False,
                        attention_softmax_in_fp32=True, fp32_residual_connection=False, hidden_dropout=0.0,
                        attention_dropout=0.0, classifier_dropout=None, eos_token_id=[37, 38, 39], pad_token_id=37,
                        tie_word_embeddings=False, torch_dtype="float32"),
}
# Heads of 8 columns, 4 frequencies; the longest sequence has 26 tokens.
LONGROPE = dict(rope_type="longrope", short_factor=[1.0, 1.1, 1.35, 1.7], long_factor=[1.5, 2.0, 4.0, 9.0])
LATER = {"phi3_longrope": dict(num_attention_heads=2, original_max_position_embeddings=32, rope_scaling=LONGROPE)}
CLASSES = {"qwen3": "Qwen3", "mistral": "Mistral", "glm4": "Glm4", "gemma": "Gemma", "gemma2": "Gemma2",
           "gemma3_text": "Gemma3Text", "olmo2": "Olmo2", "smollm3": "SmolLM3", "phi3": "Phi3", "bloom": "Bloom",
           "phi3_longrope": "Phi3"}
FAMILIES = [*NATIVE, *REMOTE, *OWN_CODE, *LATER]


def config_of(family):
    if family in OWN_CODE:
        return OWN_CODE[family] | ONE_LABEL
    if family in REMOTE:
        config = COMMON | dict(model_type=family.split("_")[0], torch_dtype="float32") | REMOTE[family]
        if family.startswith("baichuan"):
            del config["num_key_value_heads"]
        if family == "baichuan_alibi":
            del config["max_position_embeddings"]
        kind = {"internlm2": "InternLM2ForCausalLM", "minicpm": "MiniCPMForCausalLM"}.get(family, "BaichuanForCausalLM")
        return config | ONE_LABEL | dict(architectures=[kind])
    common = {} if family == "bloom" else dict(COMMON)
    if family == "cohere":
        del common["rms_norm_eps"]
    kind = [CLASSES[family] + "ForSequenceClassification"] if family in CLASSES else [family.capitalize() + "ForCausalLM"]
    own = common | (NATIVE | LATER)[family]
    config = AutoConfig.for_model(family.removesuffix("_longrope"), num_labels=1, architectures=kind, dtype="float32", **own)
    return json.loads(config.to_json_string())


def shapes_of(family, folder):
    """Names and shapes of a reward model's tensors, from the reference's own class."""
    from transformers import AutoModel, AutoModelForSequenceClassification
    from remote_decoder import RemoteDecoder
    config = json.load(open(os.path.join(folder, "config.json")))
    if family in OWN_CODE:
        from chatglm_6b import ChatGLM6B
        from glm4_remote import Glm4Remote
        model = Glm4Remote(config) if family == "glm4_remote" else ChatGLM6B(config, None)
        shapes = {name: value.shape for name, value in model.state_dict().items()}
        return {name: shape for name, shape in shapes.items() if not name.endswith("inv_freq")}
    if family in REMOTE:
        return {name: value.shape for name, value in RemoteDecoder(config).state_dict().items()}
    own = AutoConfig.from_pretrained(folder)
    if family in CLASSES:
        model = AutoModelForSequenceClassification.from_config(own)
        return {name: value.shape for name, value in model.state_dict().items()}
    shapes = {"model." + name: value.shape for name, value in AutoModel.from_config(own).state_dict().items()}
    return shapes | {"score.weight": torch.Size([1, HIDDEN])}


def random_weights(family, shapes, random):
    """Large enough that attention is far from uniform and every term shows; a norm's factor is about one."""
    weights = {}
    for name, shape in sorted(shapes.items()):
        one = 0.0 if family.startswith("gemma") else 1.0
        norm = ("norm" in name or "ln_f" in name) and name.endswith("weight")
        std = 0.5 if "embed" in name and not norm else 0.2
        weights[name] = torch.randn(shape, generator=random) * std + (one if norm else 0.0)
    return weights


def random_pairs(random):
    sequences = []
    for prefix, *lengths in PAIRS:
        prompt = torch.randint(3, VOCAB, (prefix,), generator=random).tolist()
        answers = [torch.randint(3, VOCAB, (length - prefix,), generator=random).tolist() for length in lengths]
        answers[1][0] = (answers[0][0] - 2) % (VOCAB - 3) + 3  # the prefix ends here
        sequences += [prompt + answer for answer in answers]
    return sequences


def with_marks(sequences):
    """Each text's prefix ends at <sop>: with [gMASK] before it in the first pair, with [MASK] amidst it in the second."""
    for n, ids in enumerate(sequences):
        prefix = PAIRS[n // 2][0]
        ids[prefix - 1] = SOP
        ids[prefix - 2 if n < 2 else 3] = GMASK if n < 2 else MASK
        ids[prefix:] = [min(token, MASK - 1) for token in ids[prefix:]]
    return sequences


def make(family, seed):
    folder = os.path.join(GOLDEN, family)
    random = torch.Generator().manual_seed(seed)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w") as file:
        file.write(json.dumps(config_of(family), indent=2, sort_keys=True) + "\n")
    save_file(random_weights(family, shapes_of(family, folder), random), os.path.join(folder, "model.safetensors"),
              metadata={"format": "pt"})
    sequences = random_pairs(random) if family != "chatglm1" else with_marks(random_pairs(random))
    full = full_results(load(folder), sequences)
    adapted = random_adapter(load(folder), r=3, lora_alpha=6)
    adapter = {"lora." + name: value for name, value in adapter_tensors(adapted).items() if ".lora_" in name}
    golden = {f"ids.{n}": torch.tensor(ids, dtype=torch.int32) for n, ids in enumerate(sequences)}
    golden |= full | adapter | lora_results(adapted, sequences)
    save_file({name: value.detach().contiguous().clone() for name, value in golden.items()},
              os.path.join(folder, "golden.safetensors"))
    print(family, [round(x, 4) for x in full["scores"].tolist()])


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for family in sys.argv[1:] or FAMILIES:
        make(family, 100 + FAMILIES.index(family))


if __name__ == "__main__":
    main()
