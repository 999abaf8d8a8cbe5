"""Makes tests/data/container/hf_fp8/: weights in FP8 with their scales, and what they are as f32.

Run from the repository root with a Python that has torch, safetensors and transformers. Every byte there is, one scale for 16 x 16 (128 x 128 elsewhere; a grid that does not divide the
matrix too), one a row, one for all; scales in f32, bf16 and f16. The values are torch's own of float8_e4m3fn, times the scales in f32, rounded to bf16: what Transformers' Fp8Dequantize
computes, which is called where the grid divides the matrix (it refuses others). hf_fp8.f32 and hf_fp8.names are as make_container_golden.py describes."""
import torch
from transformers.integrations.finegrained_fp8 import Fp8Dequantize

import container_golden

BLOCK = 16
gen = torch.Generator().manual_seed(8)
dequantize = Fp8Dequantize(None)


def every_byte(rows, cols):
    count = rows * cols
    numbers = torch.arange(count, dtype=torch.int64) % 256
    numbers[numbers % 128 == 127] = 7  # no NaN: files are compared bit by bit
    return numbers[torch.randperm(count, generator=gen)].to(torch.uint8).view(torch.float8_e4m3fn).reshape(rows, cols)


def scales(*shape):
    return torch.rand(*shape, generator=gen) * 0.01 + 1e-5


def spread(factors, rows, cols, block):
    if block:
        return factors.float().repeat_interleave(BLOCK, 0)[:rows].repeat_interleave(BLOCK, 1)[:, :cols]
    return factors.float().reshape(-1, 1).expand(rows, cols) if factors.numel() > 1 else factors.float().reshape(1, 1).expand(rows, cols)


def add(files, values, name, shape, factors, suffix, block):
    weight = every_byte(*shape)
    files[f"{name}.weight"], files[f"{name}.{suffix}"] = weight, factors
    result = (weight.float() * spread(factors, *shape, block)).to(torch.bfloat16)
    if block and shape[0] % BLOCK == 0 and shape[1] % BLOCK == 0:
        theirs = dequantize._dequantize_one(weight, factors, torch.bfloat16)
        assert torch.equal(theirs, result), name
    values[f"{name}.weight"] = result.float()


def main():
    files, values = {}, {}
    add(files, values, "layer.grid", (48, 32), scales(3, 2), "weight_scale_inv", True)
    add(files, values, "layer.ragged", (18, 25), scales(2, 2), "weight_scale_inv", True)
    add(files, values, "layer.bf16", (16, 32), scales(1, 2).bfloat16(), "weight_scale_inv", True)
    add(files, values, "layer.rows", (24, 40), scales(24, 1), "weight_scale", False)
    add(files, values, "layer.line", (5, 77), scales(5).bfloat16(), "weight_scale", False)
    add(files, values, "layer.one", (16, 48), scales(1).half(), "weight_scale", False)
    files["layer.one.input_scale"] = scales(1)
    files["norm.weight"] = values["norm.weight"] = torch.randn(40, generator=gen)
    how = {"quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic", "weight_block_size": [BLOCK, BLOCK]}
    container_golden.write("hf_fp8", files, values, {"torch_dtype": "bfloat16", "quantization_config": how})


if __name__ == "__main__":
    main()
