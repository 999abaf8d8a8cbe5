"""Makes tests/data/container/hf_gptq/ (GPTQ's first format) and hf_gptq_v2/, and what their weights are as f32.

Run from the repository root with a Python that has torch, safetensors and gptqmodel (its source tree on PYTHONPATH is enough). Weights of random words, and normal values as gptqmodel
packs them; 2, 3, 4 and 8 bits; groups in order, in any order (desc_act), one a row; rows that no word divides; scales in f16, bf16 and f32. The values are those of TorchLinear's
dequantize_weight, in training, where nothing is compiled; the first format goes through gptqmodel's own conversion before. hf_gptq.f32 and hf_gptq.names are as
make_container_golden.py describes."""
import torch
from gptqmodel.nn_modules.qlinear.torch import TorchLinear
from gptqmodel.utils.model import convert_gptq_v1_to_v2_format_module

import container_golden

gen = torch.Generator().manual_seed(15)


def words(*shape):
    return torch.randint(-(2**31), 2**31, shape, generator=gen, dtype=torch.int64).to(torch.int32)


def order_of(cols, group, act_order):
    order = torch.arange(cols, dtype=torch.int32) // (group if group > 0 else cols)
    return order[torch.randperm(cols, generator=gen)] if act_order else order


def module_of(shape, bits, group, order, dtype, v1, packed):
    rows, cols = shape
    module = TorchLinear(bits=bits, group_size=group, sym=False, desc_act=True, in_features=cols, out_features=rows)
    groups = int(order.max()) + 1
    scales = (torch.rand(groups, rows, generator=gen) * 0.02 + 1e-4).to(dtype)
    if packed:
        linear = torch.nn.Linear(cols, rows, bias=False)
        zeros = torch.randint(1, 2**bits, (rows, groups), generator=gen)
        linear.weight.data = (torch.randn(rows, cols, generator=gen) * 0.02).to(torch.float16)
        module.pack_original(linear, scales.t().contiguous(), zeros, order)
    else:
        module.qweight = words((cols * bits + 31) // 32, rows)
        module.qzeros = words(groups, rows * bits // 32)
    module.g_idx, module.scales = order, scales
    module.post_init_done = True
    return module


def add(files, values, name, shape, bits=4, group=32, act_order=False, dtype=torch.float16, v1=True, packed=False, listed=True):
    order = order_of(shape[1], group, act_order)
    module = module_of(shape, bits, group, order, dtype, v1, packed)
    stored = module.qzeros.clone()
    if v1:
        convert_gptq_v1_to_v2_format_module(module, bits=bits, pack_dtype=torch.int32)
    module.train()
    files |= {f"{name}.qweight": module.qweight, f"{name}.qzeros": stored, f"{name}.scales": module.scales}
    if listed:
        files[f"{name}.g_idx"] = order
    values[f"{name}.weight"] = module.dequantize_weight().t().float()


def save(name, files, values, how):
    files["norm.weight"] = values["norm.weight"] = torch.randn(40, generator=gen)
    quantised = {"quant_method": "gptq", "bits": 4, "group_size": 32, "desc_act": True, "sym": False, **how}
    container_golden.write(name, files, values, {"torch_dtype": "float16", "quantization_config": quantised})


def main():
    files, values = {}, {}
    for bits in (2, 3, 4, 8):
        add(files, values, f"layer.{bits}.order", (32, 96), bits)
        add(files, values, f"layer.{bits}.any", (32, 64), bits, 16, act_order=True)
        add(files, values, f"layer.{bits}.row", (32, 64), bits, -1)
        add(files, values, f"layer.{bits}.packed", (32, 64), bits, 32, packed=True, act_order=bits == 4)
    add(files, values, "layer.bf16", (32, 64), dtype=torch.bfloat16)
    add(files, values, "layer.bf16.bytes", (32, 64), 8, dtype=torch.bfloat16)
    add(files, values, "layer.f32", (32, 64), dtype=torch.float32)
    save("hf_gptq", files, values, {"checkpoint_format": "gptq", "dynamic": {r"+:layer\..*": {"bits": 8}}})
    files, values = {}, {}
    add(files, values, "layer.order", (40, 96), v1=False)
    add(files, values, "layer.any", (24, 96), v1=False, act_order=True)
    add(files, values, "layer.packed", (24, 64), v1=False, packed=True)
    add(files, values, "layer.unlisted", (24, 64), v1=False, listed=False)
    save("hf_gptq_v2", files, values, {"checkpoint_format": "gptq_v2", "desc_act": True})


main()
