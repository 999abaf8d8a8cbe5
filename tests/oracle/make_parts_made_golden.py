"""Makes tests/data/container/parts_made.safetensors: matrices, and what bitsandbytes' quantisers make of them.

Run from the repository root with a Python that has torch, safetensors and bitsandbytes (its CPU build). Normal values; a block whose
values lie on the borders between two levels; a last block that is short. Of NF4's nested scales the rule is backends/default/ops.py,
quantize_blockwise, restated: its compiled kernel rounds otherwise close to borders."""
import bitsandbytes.functional as F
import torch
from safetensors.torch import save_file

gen = torch.Generator().manual_seed(23)


def quantize_blockwise(values, code, blocksize=256):
    bounds, levels, scales = (code[:-1] + code[1:]) / 2, [], []
    for block in values.split(blocksize):
        largest, short = block.abs().max(), len(block) < blocksize
        least = largest.clamp(min=1e-38)
        scaled = block / least if short else block * (1.0 / least)
        levels.append(torch.bucketize(scaled.clamp(-1, 1), bounds, out_int32=True).to(torch.uint8))
        scales.append(least if short else largest)
    return torch.cat(levels), torch.stack(scales)


def main():
    files = {}
    weight = torch.randn(257, 67, generator=gen) * 0.05 * torch.rand(257, 1, generator=gen)
    table = F.get_4bit_type("nf4", device="cpu")
    borders = (table[:-1] + table[1:]) / 2
    weight.view(-1)[64:80] = torch.cat([borders, torch.ones(1)])
    weight.view(-1)[80:128] = torch.linspace(-1, 1, 48)
    codes, state = F.quantize_4bit(weight, blocksize=64, quant_type="nf4")
    files |= {"weight": weight, "nf4": codes.reshape(-1), "nf4.absmax": state.absmax}
    offset, code = state.absmax.mean(), F.create_dynamic_map()
    levels, scales = quantize_blockwise(state.absmax - offset, code)
    files |= {"rests": state.absmax - offset, "map": code, "nested": levels, "nested.absmax": scales}
    codes, scales, _ = F.int8_vectorwise_quant(weight.half())
    files |= {"int8": codes, "int8.SCB": scales}
    save_file({name: part.contiguous() for name, part in files.items()}, "tests/data/container/parts_made.safetensors")


main()
