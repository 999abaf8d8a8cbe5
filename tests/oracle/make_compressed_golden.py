"""Makes tests/data/container/hf_compressed/: weights as compressed-tensors stores them as integers, and what they are as f32.

Run from the repository root with a Python that has torch, safetensors and compressed-tensors. Random words and bytes, and normal values as its own compressors store them; packed into
1 to 8 bits and as bytes; scales of groups, rows and all; with zeros and without; scales in bf16, f16 and f32; columns in any order (weight_g_idx, which the package read up to 0.15: columns
are sorted by group, counted off and put back). The values are those of its decompress. hf_compressed.f32 and hf_compressed.names are as make_container_golden.py describes."""
import torch
from compressed_tensors.compressors import BaseCompressor
from compressed_tensors.compressors.pack_quantized.helpers import pack_to_int32, unpack_from_int32
from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme
from compressed_tensors.quantization.lifecycle.forward import dequantize

import container_golden

gen = torch.Generator().manual_seed(17)


def scales_of(shape, strategy, group, dtype):
    rows, cols = shape
    size = {"group": (rows, cols // group), "channel": (rows, 1), "tensor": (1,)}[strategy]
    return (torch.rand(*size, generator=gen) * 0.02 + 1e-4).to(dtype)


def levels(bits, *shape):
    return torch.randint(-(2 ** (bits - 1)), 2 ** (bits - 1), shape, generator=gen, dtype=torch.int64).to(torch.int8)


def add(files, values, name, shape, bits=4, strategy="group", group=32, dtype=torch.bfloat16, zeros=False, packed=True, normal=False, ordered=True):
    args = QuantizationArgs(num_bits=bits, type="int", symmetric=not zeros, strategy=strategy, group_size=group if strategy == "group" else None)
    scheme = QuantizationScheme(targets=["Linear"], weights=args)
    compressor = BaseCompressor.get_value_from_registry("pack-quantized" if packed else "int-quantized")
    scale = scales_of(shape, strategy, group, dtype)
    zero = levels(bits, *scale.shape) if zeros else None
    if normal:
        state = {"weight": (torch.randn(*shape, generator=gen) * 0.05).to(dtype), "weight_scale": scale}
        state |= {"weight_zero_point": zero} if zeros else {}
        state = compressor.compress(state, scheme)
    else:
        state = {"weight_scale": scale}
        whole = levels(bits, *shape)
        state |= {"weight_packed": pack_to_int32(whole, bits), "weight_shape": torch.tensor(shape)} if packed else {"weight": whole}
        words = packed and strategy != "tensor"
        state |= {"weight_zero_point": pack_to_int32(zero, bits, packed_dim=0) if words else zero} if zeros else {}
    result = compressor.decompress(state, scheme)["weight"]
    if not ordered:
        g_idx = (torch.arange(shape[1]) // group)[torch.randperm(shape[1], generator=gen)]
        perm = torch.argsort(g_idx)
        whole = unpack_from_int32(state["weight_packed"], bits, torch.Size(shape))
        result = dequantize(x_q=whole[:, perm], scale=scale, zero_point=None, args=args)[:, torch.argsort(perm)]
        state["weight_g_idx"] = g_idx.to(torch.int32)
    files |= {f"{name}.{key}": part for key, part in state.items()}
    values[f"{name}.weight"] = result.float()


def main():
    files, values = {}, {}
    for bits in range(1, 9):
        add(files, values, f"layer.{bits}", (24, 64), bits)
        add(files, values, f"layer.{bits}.zeros", (24, 64), bits, zeros=True)
    add(files, values, "layer.normal", (24, 64), normal=True)
    add(files, values, "layer.normal.zeros", (24, 64), normal=True, zeros=True)
    add(files, values, "layer.rows", (9, 44), strategy="channel")
    add(files, values, "layer.rows.zeros", (9, 44), strategy="channel", zeros=True, dtype=torch.float16)
    add(files, values, "layer.rows.eight", (9, 42), 8, strategy="channel", zeros=True)
    add(files, values, "layer.one", (9, 44), strategy="tensor", dtype=torch.float32)
    add(files, values, "layer.one.zeros", (9, 44), strategy="tensor", zeros=True)
    add(files, values, "layer.any", (8, 96), ordered=False)
    add(files, values, "bytes.rows", (9, 42), 8, "channel", packed=False)
    add(files, values, "bytes.rows.zeros", (9, 42), 8, "channel", packed=False, zeros=True)
    add(files, values, "bytes.group", (9, 64), 8, packed=False, zeros=True, dtype=torch.float32)
    add(files, values, "bytes.one", (9, 42), 8, "tensor", packed=False)
    add(files, values, "bytes.normal", (9, 42), 8, "channel", packed=False, normal=True)
    files["bytes.one.input_scale"] = torch.tensor([0.5])
    files["norm.weight"] = values["norm.weight"] = torch.randn(40, generator=gen)
    groups = {f"group_{bits}{zeros}": {"targets": ["Linear"], "weights": {"num_bits": bits, "type": "int", "symmetric": not zeros, "strategy": "group", "group_size": 32}}
              for bits in range(1, 9) for zeros in (0, 1)}
    for strategy in ("channel", "tensor"):
        groups[f"group_{strategy}"] = {"targets": ["Linear"], "weights": {"num_bits": 4, "type": "int", "symmetric": True, "strategy": strategy}}
    how = {"quant_method": "compressed-tensors", "format": "pack-quantized", "quantization_status": "compressed", "ignore": ["lm_head", "re:.*norm"], "config_groups": groups}
    container_golden.write("hf_compressed", files, values, {"torch_dtype": "bfloat16", "quantization_config": how})


main()
