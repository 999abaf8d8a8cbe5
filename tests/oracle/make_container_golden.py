"""Makes tests/data/container/: small checkpoints written by the reference libraries, and what they hold as plain f32.

Run from the repository root with a Python that has torch, safetensors, gguf, peft and transformers. Every case is deterministic.
A file `NAME.f32` beside a container is the concatenation, by sorted tensor name, of all tensors converted to f32 by the reference;
`NAME.names` lists "name dims... " in the same order."""
import os
import shutil
import struct
import sys

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


STEPS = [make_safetensors]

if __name__ == "__main__":
    for step in STEPS:
        step()
