#!/usr/bin/env python3
"""tests/data/golden/moments.safetensors: moments in eight bits, by bitsandbytes.

Maps and the step are bitsandbytes' own (functional.py, create_dynamic_map; backends/cpu/ops.py,
_optimizer_update_8bit_blockwise_cpu). Its quantiser for the processor (0.50.2) does not take the nearest value (of
512,000 random ones in 55,850 cases), unlike its default backend (backends/default/ops.py, quantize_blockwise): the
latter's rule is put in its place here.

    python3 tests/oracle/make_moments_golden.py [OUTPUT]
"""
import sys

import bitsandbytes.backends.cpu.ops as cpu
import bitsandbytes.functional as functional
import torch
from safetensors.torch import save_file

OUTPUT = sys.argv[1] if len(sys.argv) > 1 else "tests/data/golden/moments.safetensors"
BLOCK, STEPS, COUNT = 256, 5, 2 * 256 + 77
maps = [functional.create_dynamic_map(signed=True), functional.create_dynamic_map(signed=False)]


def blocks(values):
    return [values[i : i + BLOCK] for i in range(0, values.numel(), BLOCK)]


def pack(values, code):
    bounds = (code[:-1] + code[1:]) / 2
    codes, largest = [], []
    for block in blocks(values):
        most = block.abs().max()
        divisor = most.clamp(min=1e-38)
        scaled = block * (1.0 / divisor) if block.numel() == BLOCK else block / divisor
        codes.append(torch.bucketize(scaled.clamp(-1, 1), bounds).to(torch.uint8))
        largest.append(most)
    return torch.cat(codes), torch.stack(largest)


def pack_nearest(values, code, absmax, out, blocksize):
    codes, largest = pack(values, code)
    out.copy_(codes)
    absmax.copy_(largest)


def main():
    torch.manual_seed(7)
    spread = 10.0 ** torch.randint(-9, 3, (8,)).repeat_interleave(BLOCK)
    wide = torch.randn(8 * BLOCK) * spread * torch.rand(8 * BLOCK) ** 4
    wide[BLOCK : 2 * BLOCK] = 0
    tensors = {"map.sign": maps[0], "map.square": maps[1], "values": wide}
    tensors["codes.sign"], tensors["largest.sign"] = pack(wide, maps[0])
    tensors["codes.square"], tensors["largest.square"] = pack(wide.abs(), maps[1])
    cpu._quant_blockwise_fp32_direct = pack_nearest
    weight = torch.randn(COUNT)
    tensors["weight.0"] = weight.clone()
    zero = torch.zeros(COUNT)
    (m, m_largest), (v, v_largest) = pack(zero, maps[0]), pack(zero, maps[1])
    for step in range(1, STEPS + 1):
        gradient = torch.randn(COUNT) * torch.rand(COUNT) ** 3
        cpu._optimizer_update_8bit_blockwise_cpu(
            "adam", gradient, weight, m, v, 0.9, 0.999, 0.0, 0.0, 1e-8, step, 1e-2, maps[0], maps[1], m_largest,
            v_largest, 0.01, 1.0)
        tensors[f"gradient.{step}"] = gradient
        tensors[f"weight.{step}"] = weight.clone()
        tensors[f"m.{step}"] = m.clone()
        tensors[f"v.{step}"] = v.clone()
    save_file({name: value.contiguous() for name, value in tensors.items()}, OUTPUT)


main()
