"""Makes tests/data/container/hf_parts/: weights of several tensors as bitsandbytes stores them, and what they are as f32.

Run from the repository root with a Python that has torch, safetensors and bitsandbytes (its CPU build). Made of normal values, by
bitsandbytes' own quantisers, and of random bytes; nested scales or not; rows that a block of 64 does not divide, and odd ones.
hf_parts.f32 and hf_parts.names are as make_container_golden.py describes."""
import json
import os

import bitsandbytes.functional as F
import numpy as np
import torch
from safetensors.torch import save_file

OUT = "tests/data/container"
FOLDER = f"{OUT}/hf_parts"
gen = torch.Generator().manual_seed(21)


def bits(*shape):
    return torch.randint(0, 256, shape, generator=gen, dtype=torch.int64).to(torch.uint8)


def four_bits(files, values, name, kind, shape, dtype, nested, blocksize, random, storage=torch.uint8):
    weight = (torch.randn(*shape, generator=gen) * 0.05).to(dtype)
    packed, state = F.quantize_4bit(weight, blocksize=blocksize, compress_statistics=nested, quant_type=kind, quant_storage=storage)
    if random:
        packed = bits(*packed.shape)
        if nested:
            state.absmax = bits(*state.absmax.shape)
    files[f"{name}.weight"] = packed
    files |= {f"{name}.weight.{key}": part.clone() for key, part in state.as_dict(packed=True).items()}
    values[f"{name}.weight"] = F.dequantize_4bit(packed, state).float()
    return files


def eight_bits(files, values, name, shape, random):
    packed, scales, _ = F.int8_vectorwise_quant((torch.randn(*shape, generator=gen) * 0.05).half())
    if random:
        packed = bits(*shape).view(torch.int8)
    files |= {f"{name}.weight": packed, f"{name}.SCB": scales, f"{name}.weight_format": torch.tensor(0, dtype=torch.uint8)}
    values[f"{name}.weight"] = F.int8_vectorwise_dequant(packed, scales)
    return files


def main():
    files, values, number = {}, {}, 0
    for kind in ("nf4", "fp4"):
        for dtype in (torch.bfloat16, torch.float16, torch.float32):
            for nested in (False, True):
                for shape, blocksize, random in (((6, 40), 64, False), ((5, 96), 64, True), ((33, 520), 32, True)):
                    if shape[0] == 33 and not (nested and dtype == torch.bfloat16):
                        continue
                    files = four_bits(files, values, f"layer.{number}", kind, shape, dtype, nested, blocksize, random)
                    number += 1
    files = four_bits(files, values, "layer.odd", "nf4", (5, 7), torch.bfloat16, False, 64, False)
    files = four_bits(files, values, "layer.stored", "nf4", (4, 64), torch.bfloat16, True, 64, False, torch.bfloat16)
    files = eight_bits(files, values, "layer.bytes", (7, 33), False)
    files = eight_bits(files, values, "layer.random", (16, 24), True)
    files["norm.weight"] = values["norm.weight"] = torch.randn(40, generator=gen)
    os.makedirs(FOLDER, exist_ok=True)
    save_file({name: part.contiguous() for name, part in files.items()}, f"{FOLDER}/model.safetensors", metadata={"format": "pt"})
    with open(f"{FOLDER}/config.json", "w") as out:
        json.dump({"model_type": "llama", "quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}}, out, indent=2)
    with open(f"{OUT}/hf_parts.f32", "wb") as data, open(f"{OUT}/hf_parts.names", "w") as names:
        for name in sorted(values):
            data.write(values[name].numpy().astype(np.float32).tobytes())
            names.write(" ".join([name, *map(str, values[name].shape)]) + "\n")


main()
