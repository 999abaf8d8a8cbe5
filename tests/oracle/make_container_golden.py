"""Makes tests/data/container/: small checkpoints written by the reference libraries, and what they hold as plain f32.

Run from the repository root with a Python that has torch, safetensors, gguf, peft and transformers. Every case is deterministic.
A file `NAME.f32` beside a container is the concatenation, by sorted tensor name, of all tensors converted to f32 by the reference;
`NAME.names` lists "name dims... " in the same order."""
import os
import shutil
import struct

import numpy as np
import torch
from safetensors.torch import save_file

torch.set_num_threads(1)
OUT = "tests/data/container"
os.makedirs(OUT, exist_ok=True)


def expect(base, tensors):
    """tensors: name -> f32 numpy array"""
    with open(f"{OUT}/{base}.f32", "wb") as values, open(f"{OUT}/{base}.names", "w") as names:
        for name in sorted(tensors, key=lambda n: n.encode()):
            array = np.ascontiguousarray(tensors[name], dtype=np.float32) if tensors[name].ndim else tensors[name].astype(np.float32)
            values.write(array.tobytes())
            names.write(" ".join([name] + [str(d) for d in array.shape]) + "\n")


def sample_tensors():
    gen = torch.Generator().manual_seed(7)
    rand = lambda *shape: torch.randn(*shape, generator=gen)
    return {
        "model.embed.weight": rand(5, 4),
        "model.half": rand(3, 3).half(),
        "model.bfloat": rand(2, 7).bfloat16(),
        "model.double": rand(3).double(),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 3),
        'odd-"name"\\\t\u00e9': rand(1),
        "ids": torch.arange(4),
        "ints": torch.arange(3, dtype=torch.int32),
        "shorts": torch.arange(3, dtype=torch.int16),
        "signed": torch.arange(5, dtype=torch.int8),
        "bytes": torch.arange(3, dtype=torch.uint8),
        "flags": torch.tensor([True, False]),
    }


def make_safetensors():
    tensors = sample_tensors()
    save_file(tensors, f"{OUT}/mixed.safetensors", metadata={"format": "pt"})
    expect("mixed", {k: v.float().numpy() for k, v in tensors.items() if v.is_floating_point()})


def make_torch_bin():
    gen = torch.Generator().manual_seed(11)
    base = torch.randn(6, 4, generator=gen)
    tensors = sample_tensors()
    tensors.update({
        "parameter": torch.nn.Parameter(torch.randn(2, 3, generator=gen)),
        "shared.a": base,
        "shared.b": base,
        "view.rows": base[2:4],
        "view.column": base[:, 1],
        "view.transposed": base.t(),
        "view.steps": base[::2, 1::2],
        "permuted": torch.randn(2, 3, 4, generator=gen).permute(2, 0, 1),
    })
    torch.save(tensors, f"{OUT}/mixed.bin")
    expect("mixed_bin", {k: v.detach().float().numpy() for k, v in tensors.items() if v.is_floating_point()})
    module = torch.nn.Linear(3, 2)
    torch.manual_seed(0)
    torch.nn.init.normal_(module.weight)
    torch.nn.init.zeros_(module.bias)
    torch.save(module.state_dict(), f"{OUT}/module.bin")  # an OrderedDict with _metadata
    expect("module", {k: v.float().numpy() for k, v in module.state_dict().items()})


FOLDER_CONFIG = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 4}


def make_folders():
    import json
    gen = torch.Generator().manual_seed(3)
    tensors = {f"layer.{i}.weight": torch.randn(3, 4, generator=gen).to(t)
               for i, t in enumerate([torch.float32, torch.float16, torch.bfloat16, torch.float32])}
    expect("folder", {k: v.float().numpy() for k, v in tensors.items()})
    halves = [dict(list(tensors.items())[:2]), dict(list(tensors.items())[2:])]
    for kind, suffix, save in (("model", "safetensors", lambda t, p: save_file(t, p, metadata={"format": "pt"})), ("pytorch_model", "bin", torch.save)):
        for folder in (f"{OUT}/hf_{suffix}", f"{OUT}/hf_{suffix}_sharded"):
            os.makedirs(folder, exist_ok=True)
            with open(f"{folder}/config.json", "w") as out:
                json.dump(FOLDER_CONFIG, out, indent=2)
        save(tensors, f"{OUT}/hf_{suffix}/{kind}.{suffix}")
        folder, weight_map = f"{OUT}/hf_{suffix}_sharded", {}
        for i, half in enumerate(halves):
            name = f"{kind}-{i + 1:05d}-of-00002.{suffix}"
            save(half, f"{folder}/{name}")
            weight_map.update({k: name for k in half})
        with open(f"{folder}/{kind}.{suffix}.index.json", "w") as out:
            json.dump({"metadata": {"total_size": 168}, "weight_map": weight_map}, out, indent=2)


# Where the f16 fields of a block lie: random bits there would be infinities and NaNs.
F16_FIELDS = {"Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "IQ4_NL": [0], "IQ4_XS": [0], "MXFP4": []}


def random_rows(rng, kind, rows, columns):
    """Blocks of random bytes, so that every bit of every field is seen."""
    import gguf
    block, size = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[kind]]
    packed = rng.integers(0, 256, (rows, columns // block, size), dtype=np.uint8)
    for field in F16_FIELDS[kind]:
        scales = rng.standard_normal((rows, columns // block)).astype(np.float16)
        packed[:, :, field:field + 2] = scales.view(np.uint8).reshape(rows, columns // block, 2)
    if kind == "MXFP4":
        packed[:, :, 0] %= 250  # the largest exponents overflow
    return packed.reshape(rows, -1)


def make_gguf_types():
    import gguf
    rng = np.random.default_rng(5)
    kinds = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1"]
    writer = gguf.GGUFWriter(f"{OUT}/types.gguf", "none")
    for width in (8, 16, 32, 64):
        getattr(writer, f"add_uint{width}")(f"u{width}", 2 ** width - 2 if width < 64 else 2 ** 62)
        getattr(writer, f"add_int{width}")(f"i{width}", -(2 ** (width - 1)))
    writer.add_float32("f32", 0.5)
    writer.add_float64("f64", 1e-300)
    writer.add_bool("yes", True)
    writer.add_string("text", "caf\u00e9")
    writer.add_array("words", ["a", "", "\u4e2d"])
    writer.add_array("ints", [1, -2, 3])
    writer.add_array("floats", [0.25, -1.5])
    values = {}
    for kind in kinds:
        qtype = gguf.GGMLQuantizationType[kind]
        data = (rng.standard_normal((3, 64)) * np.array([[1], [1e-3], [1e3]])).astype(np.float32)
        quantized = gguf.quants.quantize(data, qtype)
        writer.add_tensor(f"t.{kind}", quantized, raw_dtype=qtype)
        values[f"t.{kind}"] = gguf.quants.dequantize(quantized, qtype)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    expect("types", values)


def make_gguf_blocks():
    import gguf
    rng = np.random.default_rng(21)
    writer, values = gguf.GGUFWriter(f"{OUT}/blocks.gguf", "none"), {}
    for kind in F16_FIELDS:
        qtype = gguf.GGMLQuantizationType[kind]
        packed = random_rows(rng, kind, 3, 512 if gguf.GGML_QUANT_SIZES[qtype][0] == 256 else 64)
        writer.add_tensor(f"t.{kind}", packed, raw_dtype=qtype)
        values[f"t.{kind}"] = gguf.quants.dequantize(packed, qtype)
    for kind in ("Q8_0", "Q5_0", "Q5_1"):  # what gguf-py quantises as ggml does; src is what it was made of
        qtype = gguf.GGMLQuantizationType[kind]
        source = (rng.standard_normal((4, 64)) * np.array([[1], [1e-3], [1e3], [0]]) + 0).astype(np.float32)
        packed = gguf.quants.quantize(source, qtype)
        writer.add_tensor(f"src.{kind}", source)
        writer.add_tensor(f"made.{kind}", packed, raw_dtype=qtype)
        values |= {f"src.{kind}": source, f"made.{kind}": gguf.quants.dequantize(packed, qtype)}
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    expect("blocks", values)


def permute(rows, heads):
    """What llama.cpp's converter does to q and k of arch llama: within each head, row j * half + i goes to 2 i + j."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def make_gguf_models():
    import gguf
    rng = np.random.default_rng(9)
    rand = lambda *shape: rng.standard_normal(shape).astype(np.float32)
    hidden, ff, heads, kv, vocab, width = 32, 64, 2, 1, 20, 16
    for arch in ("llama", "qwen2", "chatglm"):
        writer = gguf.GGUFWriter(f"{OUT}/{arch}.gguf", arch)
        values = {}

        def add(name, hf, data, qtype="F32", heads_permuted=0):
            qtype = gguf.GGMLQuantizationType[qtype]
            quantized = gguf.quants.quantize(permute(data, heads_permuted) if heads_permuted else data, qtype)
            writer.add_tensor(name, quantized, raw_dtype=qtype)
            values[hf] = gguf.quants.dequantize(gguf.quants.quantize(data, qtype), qtype)

        writer.add_context_length(128)
        writer.add_embedding_length(hidden)
        writer.add_feed_forward_length(ff)
        writer.add_block_count(1)
        writer.add_head_count(heads)
        writer.add_head_count_kv(kv)
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_rope_freq_base(5e6 if arch == "chatglm" else 1e6)
        writer.add_rope_dimension_count(8 if arch == "chatglm" else 16)
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(2)
        writer.add_pad_token_id(0)
        if arch == "chatglm":
            t = "transformer.encoder.layers.0."
            add("token_embd.weight", "transformer.embedding.word_embeddings.weight", rand(vocab, hidden), "F16")
            add("output_norm.weight", "transformer.encoder.final_layernorm.weight", rand(hidden))
            add("output.weight", "transformer.output_layer.weight", rand(vocab, hidden), "Q8_0")
            add("blk.0.attn_norm.weight", t + "input_layernorm.weight", rand(hidden))
            add("blk.0.attn_qkv.weight", t + "self_attention.query_key_value.weight", rand(hidden + 2 * width, hidden), "Q8_0")
            add("blk.0.attn_qkv.bias", t + "self_attention.query_key_value.bias", rand(hidden + 2 * width))
            add("blk.0.attn_output.weight", t + "self_attention.dense.weight", rand(hidden, hidden), "BF16")
            add("blk.0.ffn_norm.weight", t + "post_attention_layernorm.weight", rand(hidden))
            add("blk.0.ffn_up.weight", t + "mlp.dense_h_to_4h.weight", rand(2 * ff, hidden), "Q4_0")
            add("blk.0.ffn_down.weight", t + "mlp.dense_4h_to_h.weight", rand(hidden, ff), "Q5_1")
        else:
            t, swap = "model.layers.0.", arch == "llama"
            add("token_embd.weight", "model.embed_tokens.weight", rand(vocab, hidden), "F16")
            add("output_norm.weight", "model.norm.weight", rand(hidden))
            add("blk.0.attn_norm.weight", t + "input_layernorm.weight", rand(hidden))
            add("blk.0.attn_q.weight", t + "self_attn.q_proj.weight", rand(hidden, hidden), "Q8_0", heads * swap)
            add("blk.0.attn_k.weight", t + "self_attn.k_proj.weight", rand(width, hidden), "F32", kv * swap)
            add("blk.0.attn_v.weight", t + "self_attn.v_proj.weight", rand(width, hidden), "F16")
            add("blk.0.attn_output.weight", t + "self_attn.o_proj.weight", rand(hidden, hidden), "BF16")
            for n, hf, size, h in (("q", "q_proj", hidden, heads), ("k", "k_proj", width, kv), ("v", "v_proj", width, 0)):
                add(f"blk.0.attn_{n}.bias", t + f"self_attn.{hf}.bias", rand(size), "F32", h * swap)
            add("blk.0.ffn_norm.weight", t + "post_attention_layernorm.weight", rand(hidden))
            add("blk.0.ffn_gate.weight", t + "mlp.gate_proj.weight", rand(ff, hidden), "Q4_1")
            add("blk.0.ffn_up.weight", t + "mlp.up_proj.weight", rand(ff, hidden), "Q4_0")
            add("blk.0.ffn_down.weight", t + "mlp.down_proj.weight", rand(hidden, ff), "Q5_1")
            if arch == "llama":
                add("cls.output.weight", "score.weight", rand(1, hidden))
                theta, factor = 1e6, 8.0
                inv = theta ** -(np.arange(0, width, 2) / width)
                wave = 2 * np.pi / inv
                smooth = (8192 / wave - 1) / 3
                scaled = np.where(wave < 2048, inv, np.where(wave > 8192, inv / factor, (1 - smooth) * inv / factor + smooth * inv))
                writer.add_tensor("rope_freqs.weight", (inv / scaled).astype(np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        expect(f"gguf_{arch}", values)


def make_adapter():
    import json
    import tempfile
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForSequenceClassification
    torch.manual_seed(1)
    config = LlamaConfig(hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1, vocab_size=32,
                         num_labels=1, pad_token_id=0)
    model = get_peft_model(LlamaForSequenceClassification(config), LoraConfig(
        task_type="SEQ_CLS", r=4, lora_alpha=10, lora_dropout=0.05, target_modules=["q_proj", "v_proj"], rank_pattern={"v_proj": 2}))
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            torch.nn.init.normal_(parameter)
    folder = f"{OUT}/adapter"
    with tempfile.TemporaryDirectory() as temporary:
        model.save_pretrained(temporary)
        os.makedirs(folder, exist_ok=True)
        shutil.copy(f"{temporary}/adapter_model.safetensors", folder)
        with open(f"{temporary}/adapter_config.json") as source:
            adapter_config = json.load(source)
    adapter_config["base_model_name_or_path"] = "some/base"
    with open(f"{folder}/adapter_config.json", "w") as out:
        json.dump(adapter_config, out, indent=2, sort_keys=True)
    from safetensors.torch import load_file
    stored = load_file(f"{folder}/adapter_model.safetensors")
    prefix = "base_model.model."
    expect("adapter_tensors", {k[len(prefix):]: v.float().numpy() for k, v in stored.items()})


def zip_of(path, pickled, storages, compressed=False, prefix="archive"):
    import zipfile
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED) as archive:
        for name, data in [("data.pkl", pickled), ("byteorder", b"little")] + [(f"data/{k}", v) for k, v in storages.items()]:
            archive.writestr(zipfile.ZipInfo(f"{prefix}/{name}", (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED)


def zip64(path, pickled, storages):
    """As for files beyond 4 GB: every size and place in ZIP64 fields."""
    import zipfile
    kept, zipfile.ZIP64_LIMIT = zipfile.ZIP64_LIMIT, 2
    zip_of(path, pickled, storages)
    zipfile.ZIP64_LIMIT = kept


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def number(value):
    return b"\x8a\x08" + struct.pack("<q", value)


def storage(key="0", count=4, kind="FloatStorage"):
    return b"(" + text("storage") + b"ctorch\n" + kind.encode() + b"\n" + text(key) + text("cpu") + number(count) + b"tQ"


def numbers(values):
    return b"(" + b"".join(number(v) for v in values) + b"t"


def tensor(offset=0, sizes=(4,), strides=(1,), stored=None):
    return (b"ctorch._utils\n_rebuild_tensor_v2\n(" + (stored or storage()) + number(offset) + numbers(sizes) + numbers(strides)
            + b"\x89ccollections\nOrderedDict\n)RtR")


def state(*pairs):
    return b"\x80\x02}(" + b"".join(text(k) + v for k, v in pairs) + b"u."


def make_hostile():
    """One small archive a rule; tests/test_torch_bin.c says what each must be refused with."""
    folder = f"{OUT}/hostile"
    os.makedirs(folder, exist_ok=True)
    data = {"0": np.arange(4, dtype=np.float32).tobytes()}
    cases = {
        "good": state(("a", tensor())),
        "system": b"\x80\x02cos\nsystem\n" + text("true") + b"\x85R.",
        "getattr": b"\x80\x02cbuiltins\ngetattr\n.",
        "opcode_inst": b"\x80\x02(ios\nsystem\n.",
        "opcode_stack_global": b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
        "opcode_ext": b"\x80\x02\x82\x01.",
        "call_dict_with_arguments": b"\x80\x02ccollections\nOrderedDict\n" + numbers((1,)) + b"R.",
        "call_storage": b"\x80\x02ctorch\nFloatStorage\n" + numbers((1,)) + b"R.",
        "call_tensor": state(("a", tensor() + b")R")),
        "build_tensor": state(("a", tensor() + b"}b")),
        "huge_text": b"\x80\x02X\xff\xff\xff\xff.",
        "huge_long": b"\x80\x02\x8a\x10" + b"\x00" * 16 + b".",
        "memo_far": b"\x80\x02Nr\xff\xff\xff\x7f.",
        "memo_missing": b"\x80\x02h\x07.",
        "stack_empty": b"\x80\x02.",
        "stack_left": b"\x80\x02NN.",
        "mark_missing": b"\x80\x02Nt.",
        "append_to_none": b"\x80\x02NNa.",
        "odd_items": b"\x80\x02}(NNNu.",
        "no_stop": b"\x80\x02}",
        "trailing": state(("a", tensor())) + b".",
        "self_list": b"\x80\x02]q\x00h\x00a.",
        "not_a_dict": b"\x80\x02].",
        "not_a_tensor": state(("a", number(3))),
        "key_no_text": b"\x80\x02}(N" + tensor() + b"u.",
        "duplicate": state(("a", tensor()), ("a", tensor())),
        "persistent_id": b"\x80\x02" + text("x") + b"Q.",
        "storage_missing": state(("a", tensor(stored=storage("7")))),
        "storage_slash": state(("a", tensor(stored=storage("../data.pkl")))),
        "storage_size": state(("a", tensor(stored=storage(count=5)))),
        "storage_negative": state(("a", tensor(stored=storage(count=-4)))),
        "storage_type": state(("a", tensor(stored=storage(kind="QInt8Storage")))),
        "range_size": state(("a", tensor(sizes=(5,)))),
        "range_offset": state(("a", tensor(offset=1))),
        "range_stride": state(("a", tensor(sizes=(2, 2), strides=(3, 1)))),
        "range_overflow": state(("a", tensor(sizes=(2, 2), strides=(2 ** 62, 2 ** 62)))),
        "offset_negative": state(("a", tensor(offset=-1))),
        "size_negative": state(("a", tensor(sizes=(-1,)))),
        "stride_negative": state(("a", tensor(offset=3, strides=(-1,)))),
        "expanded": state(("a", tensor(sizes=(2 ** 20, 4), strides=(0, 1)))),
        "sizes_overflow": state(("a", tensor(sizes=(2 ** 40, 2 ** 40), strides=(0, 0)))),
        "rank_mismatch": state(("a", tensor(sizes=(2, 2), strides=(1,)))),
        "rank_nine": state(("a", tensor(sizes=(1,) * 9, strides=(1,) * 9))),
    }
    for name, pickled in cases.items():
        zip_of(f"{folder}/{name}.bin", pickled, data)
    zip_of(f"{folder}/compressed.bin", cases["good"], {"0": bytes(16)}, compressed=True)
    view = tensor(sizes=(8, 8), strides=(1, 8), stored=storage(count=64))
    many = b"\x80\x02}(" + text("0") + view + b"q\x01" + b"".join(text(str(i)) + b"h\x01" for i in range(1, 30)) + b"u."
    zip_of(f"{folder}/copies.bin", many, {"0": bytes(256)})
    zip64(f"{OUT}/zip64.bin", cases["good"], data)
    zip_of(f"{folder}/no_pickle.bin", cases["good"], data, prefix="a/b")


STEPS = [make_safetensors, make_torch_bin, make_folders, make_gguf_types, make_gguf_blocks, make_gguf_models, make_adapter, make_hostile]

if __name__ == "__main__":
    for step in STEPS:
        step()
    for folder, _, files in os.walk(OUT):
        for name in files:
            os.chmod(os.path.join(folder, name), 0o644)
