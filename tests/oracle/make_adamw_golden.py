#!/usr/bin/env python3
"""Make tests/data/golden/adamw.safetensors: five steps of torch.optim.AdamW (float32) on given gradients.

Before: `weight.0.<t>`, t = 0 [7, 5], 1 [11]. Step k = 1..5: `grad.<k>.<t>` as backward would leave them, `norm` [5] their
L2 norm over both tensors, `clip` [5] the factor min(1, 1 / (norm + 1e-6)) that multiplies them before the step, `lr` [5].
After: `weight.<k>.<t>` and the moments `exp_avg.<k>.<t>`, `exp_avg_sq.<k>.<t>`. beta 0.9 and 0.999, eps 1e-8, weight
decay 0.01 (decoupled). All F32; the rates are powers of two times three, exact in F32. Tensor 1 has gradients that are
zero in every step, zero at first, and far below eps.
"""
import os

import torch
from safetensors.torch import save_file

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "golden", "adamw.safetensors")
RATES = [3 * 2.0 ** -12, 3 * 2.0 ** -10, 3 * 2.0 ** -10, 3 * 2.0 ** -11, 3 * 2.0 ** -13]
SIZES = [1.0, 0.02, 30.0, 0.05, 0.3]  # of the gradients: steps that are clipped and steps that are not


def gradients(step, random):
    first, second = (torch.randn(shape, generator=random) * SIZES[step] for shape in ((7, 5), (11,)))
    second[0] = 0.0
    second[1] = second[1] if step > 1 else 0.0
    second[2] *= 1e-12
    return [first, second]


def main():
    torch.set_num_threads(1)
    random = torch.Generator().manual_seed(7)
    weights = [torch.nn.Parameter(torch.randn(shape, generator=random)) for shape in ((7, 5), (11,))]
    optimizer = torch.optim.AdamW(weights, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01, foreach=False)
    out = {f"weight.0.{t}": w.detach().clone() for t, w in enumerate(weights)}
    norms, factors = [], []
    for step, rate in enumerate(RATES):
        for t, (weight, gradient) in enumerate(zip(weights, gradients(step, random))):
            weight.grad, out[f"grad.{step + 1}.{t}"] = gradient, gradient.clone()
        norms.append(torch.nn.utils.clip_grad_norm_(weights, 1.0, foreach=False))
        factors.append((1.0 / (norms[-1] + 1e-6)).clamp(max=1.0))
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        for t, weight in enumerate(weights):
            out[f"weight.{step + 1}.{t}"] = weight.detach().clone()
            for moment in ("exp_avg", "exp_avg_sq"):
                out[f"{moment}.{step + 1}.{t}"] = optimizer.state[weight][moment].clone()
    save_file(out | dict(norm=torch.stack(norms), clip=torch.stack(factors), lr=torch.tensor(RATES)), OUT)
    print("norms", *(f"{n:.4g}" for n in norms), " factors", *(f"{f:.4g}" for f in factors))


if __name__ == "__main__":
    main()
