"""Makes tests/data/container/hf_awq/: weights as AWQ's "gemm" version stores them, and what they are as f32.

Run from the repository root with a Python that has torch, safetensors, gptqmodel and autoawq (their source trees on PYTHONPATH are enough). Random words, and normal values as gptqmodel
packs them; groups of several sizes, one a row; scales in f16 and bf16. The values are those of dequantize_gemm of both. hf_awq.f32 and hf_awq.names are as make_container_golden.py describes."""
import importlib.util

import torch
from gptqmodel.quantization.awq.utils.packing_utils import dequantize_gemm, pack_awq

import container_golden

gen = torch.Generator().manual_seed(16)


def autoawq():
    place = importlib.util.find_spec("awq").submodule_search_locations[0]
    spec = importlib.util.spec_from_file_location("packing_utils", f"{place}/utils/packing_utils.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.dequantize_gemm


def words(*shape):
    return torch.randint(-(2**31), 2**31, shape, generator=gen, dtype=torch.int64).to(torch.int32)


def add(files, values, name, shape, group=32, dtype=torch.float16, packed=False):
    rows, cols = shape
    group = group if group > 0 else cols
    groups = cols // group
    scales = (torch.rand(groups, rows, generator=gen) * 0.02 + 1e-4).to(dtype)
    qweight, qzeros = words(cols, rows // 8), words(groups, rows // 8)
    if packed:
        zeros = torch.randint(0, 16, (groups, rows), generator=gen).to(torch.int32)
        weight = torch.randn(cols, rows, generator=gen) * 0.05
        levels = torch.round(weight / scales.float().repeat_interleave(group, 0) + zeros.repeat_interleave(group, 0)).clamp(0, 15).to(torch.int32)
        qweight, qzeros = pack_awq(levels, zeros, 4)
    result = dequantize_gemm(qweight=qweight, qzeros=qzeros, scales=scales, bits=4, group_size=group)
    assert torch.equal(result, autoawq()(qweight, qzeros, scales, 4, group)), name
    files |= {f"{name}.qweight": qweight, f"{name}.qzeros": qzeros, f"{name}.scales": scales}
    values[f"{name}.weight"] = result.t().float()


def main():
    files, values = {}, {}
    add(files, values, "layer.words", (40, 96))
    add(files, values, "layer.packed", (24, 64), packed=True)
    add(files, values, "layer.bf16", (8, 64), dtype=torch.bfloat16)
    files["norm.weight"] = values["norm.weight"] = torch.randn(40, generator=gen)
    how = {"quant_method": "awq", "bits": 4, "group_size": 32, "zero_point": True, "version": "gemm"}
    container_golden.write("hf_awq", files, values, {"torch_dtype": "float16", "quantization_config": how})


main()
