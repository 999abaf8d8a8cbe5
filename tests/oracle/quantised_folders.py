"""What `assay convert --quantize nf4|int8` writes, against bitsandbytes and Transformers.

    tests/oracle/quantised_folders.py build/assay [FAMILY ...]

For every family, dtype and form: the codes and scales in the file against those of bitsandbytes' own quantisers on the CPU (its default
kernels, which say the rule; its compiled one for blocks of scales rounds otherwise close to borders, so that one is called past it),
and the folder loaded by Transformers, whose dequantised weights must be those that `assay convert FOLDER --dtype f32` writes out.
Needs torch, transformers, accelerate and bitsandbytes (its CPU build)."""
import json
import subprocess
import sys
import tempfile

import bitsandbytes.functional as F
import torch
import transformers
from safetensors import safe_open

transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
FAMILIES = ["llama", "qwen2", "qwen3", "mistral", "gemma2", "gemma3", "phi3", "bloom", "olmo2", "granite", "glm4", "smollm3", "cohere"]
counts = {}


def count(what, different, total):
    old = counts.get(what, (0, 0))
    counts[what] = (old[0] + int(different), old[1] + int(total))


def tensors(folder):
    with safe_open(f"{folder}/model.safetensors", "pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}


def compare(what, ours, theirs):
    count(what, (ours.reshape(-1) != theirs.reshape(-1)).sum(), theirs.numel())


def check_nf4(whole, packed, name, nested):
    weight = whole[name]
    codes, state = F.quantize_4bit(weight, blocksize=64, quant_type="nf4")
    absmax = state.absmax
    compare("NF4 codes", packed[name], codes)
    state = json.loads(bytes(packed[f"{name}.quant_state.bitsandbytes__nf4"].tolist()))
    assert state["shape"] == list(weight.shape) and state["dtype"] == str(weight.dtype).removeprefix("torch."), state
    if not nested:
        compare("scales", packed[f"{name}.absmax"], absmax)
        return
    offset = torch.tensor(state["nested_offset"], dtype=torch.float32)
    count("offsets off by more than 2 parts in 10 million", abs(offset - absmax.mean()) > 2e-7 * abs(offset), 1)
    code = F.create_dynamic_map()
    compare("map of scales", packed[f"{name}.nested_quant_map"], code)
    levels, scales = quantize_blockwise(absmax - offset, code)
    compare("codes of scales", packed[f"{name}.absmax"], levels)
    compare("scales of scales", packed[f"{name}.nested_absmax"], scales)


def quantize_blockwise(values, code, blocksize=256):
    """backends/default/ops.py, quantize_blockwise, which is registered for every device without a kernel of its own."""
    bounds, levels, scales = (code[:-1] + code[1:]) / 2, [], []
    for block in values.split(blocksize):
        largest = block.abs().max()
        short = len(block) < blocksize
        scaled = block / largest.clamp(min=1e-38) if short else block * (1.0 / largest.clamp(min=1e-38))
        levels.append(torch.bucketize(scaled.clamp(-1, 1), bounds, out_int32=True).to(torch.uint8))
        scales.append(largest.clamp(min=1e-38) if short else largest)
    return torch.cat(levels), torch.stack(scales)


def check_int8(whole, packed, name):
    levels, scales, _ = F.int8_vectorwise_quant(whole[name].half())
    compare("INT8 codes", packed[name], levels)
    compare("INT8 scales", packed[name.removesuffix("weight") + "SCB"], scales)


def dequantised(module):
    weight = module.weight
    if type(weight).__name__ == "Params4bit":
        return F.dequantize_4bit(weight.data, weight.quant_state)
    if type(weight).__name__ == "Int8Params":
        return F.int8_vectorwise_dequant(weight.data, weight.SCB)
    return None


def check_loaded(folder, written):
    kind = transformers.AutoModelForCausalLM
    model = kind.from_pretrained(folder, device_map="cpu")
    found = 0
    for name, module in model.named_modules():
        values = dequantised(module) if hasattr(module, "weight") else None
        if values is None:
            continue
        found += 1
        compare("values as Transformers loads them", written[f"{name}.weight"], values.float())
    return found


def check(assay, family, dtype, form, work):
    run = lambda *words: subprocess.run([assay, *words, "--quiet"], check=True, capture_output=True)
    base, packed, whole = (f"{work}/{name}" for name in ("base", "packed", "whole"))
    run("init", "--arch", family, "--dtype", dtype, "--output", base, "--force")
    run("convert", base, "--quantize", *form.split(), "--output", packed, "--force")
    run("convert", packed, "--dtype", "f32", "--output", whole, "--force")
    before, after = tensors(base), tensors(packed)
    names = [name for name in before if after[name].dtype in (torch.uint8, torch.int8)]
    for name in names:
        check_int8(before, after, name) if form == "int8" else check_nf4(before, after, name, "double" in form)
    for name in before.keys() - set(names):
        compare("tensors that stay whole", after[name].float(), before[name].float())
    found = check_loaded(packed, tensors(whole))
    assert names and found == len(names), (family, form, found, len(names))


def main():
    assay, families = sys.argv[1], sys.argv[2:] or FAMILIES
    cells = 0
    with tempfile.TemporaryDirectory() as work:
        for family in families:
            for dtype in ("bf16", "f16", "f32"):
                for form in ("nf4", "nf4 --double-quant", "int8"):
                    check(assay, family, dtype, form, work)
                    cells += 1
    for what, (different, total) in counts.items():
        print(f"{what}: {different} of {total} differ")
    print(f"{cells} folders")
    sys.exit(any(different for different, _ in counts.values()))


main()
