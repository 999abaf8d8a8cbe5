#!/usr/bin/env python3
"""The real job, side by side: Chinese preference pairs, Qwen2.5-0.5B's shape, LoRA r8 on all linear layers, bf16, batches of 4 pairs.

Usage: python3 bench/real_job.py [--data PAIRS.jsonl] [--batches 5] [--peers medicalgpt,trl] [--schedules auto,all] [--quantize nf4|int8] [--precision bf16|f32] [--assay build/assay]

Needs torch and transformers (and peft with --lora peft). Weights are random (`assay init`), the tokenizer is a real one; the ids of every side are those
that `assay preview` shows, so all sides train on the same tokens. The peers are Qwen2ForSequenceClassification of transformers with its fused attention, gradient
checkpointing on as MedicalGPT and TRL run it, the loss of both, AdamW:

  medicalgpt  chosen and rejected in two forwards, every sequence padded to 1024 + 256 tokens, as its collator does
  trl         one forward of the 8 sequences, padded to the longest of the batch
  assay       `assay train` with its defaults: --recompute auto replays layers only when memory asks for it (`all`: every layer, as the peers do)

A round is one batch, drawn with a fixed seed over the whole file; each side takes it in turn. Assay takes the batch as three steps, of which the last two
count (its start-up and first touch of memory do not); a peer takes it once, after a warm-up step on one pair: what a batch of another length costs a library the first time is part of
its way, as in a run. On 2 cores MedicalGPT's way takes about 100 s
a batch, TRL's 30, Assay's two schedules 60: a quarter of an hour for 5 batches.

--quantize: the base is packed once (`assay convert --quantize`), and the peers load that folder with bitsandbytes and put PEFT's adapters on it, in their way of QLoRA.
"""
import argparse
import os
import random
import shutil
import statistics
import time

import side_by_side as side

LENGTH = 1024 + 256
DATA = os.path.join(side.SHARED, "data", "pairs", "medicalgpt_zh_500.jsonl")
TOKENIZER = os.path.join(side.SHARED, "data", "tokenizers", "chatglm3.tokenizer.model")
PREVIEWED = 20


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", default=DATA)
    p.add_argument("--tokenizer", default=TOKENIZER, help="a .model or .json file; a file of the same name ending in _config.json goes with it")
    p.add_argument("--peers", default="medicalgpt,trl")
    p.add_argument("--schedules", default="auto,all", help="Assay's --recompute")
    p.add_argument("--batches", type=int, help="the same as --rounds")
    p.add_argument("--pairs", type=int, default=4, help="pairs of a batch")
    p.add_argument("--layers", type=int, default=24, help="fewer for a short trial")
    p.add_argument("--lora", default="lean", choices=("lean", "peft"), help="the peers' adapters: written for speed, or PEFT's")
    p.add_argument("--quantize", default="", choices=("", "nf4", "int8"))
    p.add_argument("--precision", default="bf16", choices=("bf16", "f32"), help="of the arithmetic; the base's weights are bf16")
    p.add_argument("--seed", type=int, default=7)
    p.add_argument("--work", default=os.path.join(side.ROOT, "build", "real_job"))
    side.add_common(p, rounds=5)
    args = p.parse_args()
    args.rounds = args.batches or args.rounds
    if args.quantize:
        args.lora = "peft"
    return args


# ---- the data

def make_model(args):
    """Random weights in Qwen2.5-0.5B's shape with the tokenizer in place of the byte-level one that `assay init` writes."""
    folder = os.path.join(args.work, f"model-{args.layers}")
    if os.path.exists(os.path.join(folder, "ready")):
        return folder
    side.run([args.assay, "init", "--arch", "qwen2.5-0.5b", "--layers", str(args.layers), "--dtype", "bf16", "--output", folder, "--force"])
    os.remove(os.path.join(folder, "tokenizer.json"))
    stem, suffix = os.path.splitext(args.tokenizer)
    shutil.copyfile(args.tokenizer, os.path.join(folder, "tokenizer" + suffix))
    if os.path.exists(stem + "_config.json"):
        shutil.copyfile(stem + "_config.json", os.path.join(folder, "tokenizer_config.json"))
    open(os.path.join(folder, "ready"), "w").close()
    return folder


def folder_of(args):
    return os.path.join(args.work, f"model-{args.layers}" + (f"-{args.quantize}" if args.quantize else ""))


def packed(args, model):
    folder = folder_of(args)
    if args.quantize and not os.path.exists(folder):
        side.run([args.assay, "convert", model, "--quantize", args.quantize, "--output", folder])
    return folder


def preview(args, model, lines):
    """The pairs of up to 20 lines as ids: {line's place in `lines`: (shared, chosen ids, rejected ids)}; longer ones than a side may be are absent."""
    path = os.path.join(args.work, "preview.jsonl")
    with open(path, "w", encoding="utf-8") as handle:
        handle.writelines(lines)
    shown = side.run_json([args.assay, "preview", "--model", model, "--data", path, "--max-length", str(LENGTH), "--eval-split", "off", "--max-train-samples", str(len(lines)),
                           "--json", "--quiet"])
    return {int(pair["place"].rsplit(":", 1)[1]) - 1: (pair["shared"], pair["chosen"]["ids"], pair["rejected"]["ids"]) for pair in shown["pairs"]}


def all_pairs(args, model):
    with open(args.data, encoding="utf-8") as handle:
        lines = [line if line.endswith("\n") else line + "\n" for line in handle if line.strip()]
    pairs = []
    for at in range(0, len(lines), PREVIEWED):
        part = lines[at : at + PREVIEWED]
        pairs += [(part[i], *ids) for i, ids in sorted(preview(args, model, part).items())]
    return pairs, len(lines)


def unique_tokens(batch):
    return sum(len(chosen) + len(rejected) - shared for _, shared, chosen, rejected in batch)


def draw(args, pairs):
    """Batches that stand for the file: of the pairs sorted by length, one out of each of as many equal parts as are needed, then shuffled."""
    chance, count = random.Random(args.seed), args.rounds * args.pairs
    ordered = sorted(pairs, key=lambda pair: unique_tokens([pair]))
    drawn = [ordered[chance.randrange(i * len(ordered) // count, (i + 1) * len(ordered) // count)] for i in range(count)]
    chance.shuffle(drawn)
    return [drawn[at : at + args.pairs] for at in range(0, count, args.pairs)]


# ---- Assay

def measure_assay(args, model, batch, schedule):
    path = os.path.join(args.work, "batch.jsonl")
    with open(path, "w", encoding="utf-8") as handle:
        handle.writelines(line for line, *_ in batch)
    steps, peak = side.train_steps(args.assay, ["--model", model, "--data", path, "--batch-pairs", str(len(batch)), "--epochs", "3", "--max-length", str(LENGTH), "--precision", args.precision,
                                                "--recompute", schedule], os.path.join(args.work, "run"))
    tokens = steps[0]["tokens"] - steps[0]["tokens_shared"]
    if tokens != unique_tokens(batch):
        raise SystemExit(f"assay computed {tokens} tokens where the pairs have {unique_tokens(batch)}")
    return {"seconds": statistics.mean(step["seconds"] for step in steps), "tokens": tokens, "peak": peak}


# ---- the peers

def lean_lora(model, rank=8, alpha=16):
    """Adapters round every linear layer but the head; the adapter's sum is folded into its second product."""
    import torch
    import torch.nn.functional as F

    class Adapted(torch.nn.Module):
        def __init__(self, base):
            super().__init__()
            self.base, self.scale = base, alpha / rank
            make = lambda rows, columns: torch.nn.Parameter(torch.empty(rows, columns, dtype=base.weight.dtype).uniform_(-0.01, 0.01))
            self.A, self.B = make(rank, base.in_features), make(base.out_features, rank)

        def forward(self, x):
            y = self.base(x)
            down = F.linear(x.reshape(-1, x.shape[-1]), self.A)
            return torch.addmm(y.reshape(-1, y.shape[-1]), down, self.B.t(), alpha=self.scale).view(y.shape)

    model.requires_grad_(False)
    for module in list(model.model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.Linear):
                setattr(module, name, Adapted(child))
    model.score.requires_grad_(True)
    return model


def peft_lora(model):
    import peft

    config = peft.LoraConfig(task_type="SEQ_CLS", r=8, lora_alpha=16, lora_dropout=0.0, target_modules="all-linear", modules_to_save=["score"])
    return peft.get_peft_model(model, config, autocast_adapter_dtype=False)


def checkpoint_layers(model):
    """Gradient checkpointing of every layer, under its older or its newer name; not the reentrant kind, which needs more."""
    if hasattr(model, "activation_checkpointing_enable"):
        model.activation_checkpointing_enable(activation_checkpointing_kwargs={"use_reentrant": False})
    else:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    if not any(getattr(module, "gradient_checkpointing", False) for module in model.modules()):
        raise SystemExit("the peer does not checkpoint")


def in_f32(model):
    """What bitsandbytes' folder left in bf16: everything that is not packed, and the type it multiplies in."""
    import torch

    for parameter in model.parameters():
        if parameter.dtype == torch.bfloat16:
            parameter.data = parameter.data.float()
    for module in model.modules():
        if hasattr(module, "compute_dtype"):
            module.compute_dtype = torch.float32


def peer(args):
    import torch
    import torch.nn.functional as F
    import transformers

    torch.set_num_threads(side.THREADS)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    model = transformers.Qwen2ForSequenceClassification.from_pretrained(
        folder_of(args), num_labels=1, dtype=torch.float32 if args.precision == "f32" else torch.bfloat16, attn_implementation="sdpa")
    if args.precision == "f32":
        in_f32(model)
    pad = model.config.pad_token_id = model.config.vocab_size - 1
    model.config.use_cache = False
    model = (lean_lora if args.lora == "lean" else peft_lora)(model)
    checkpoint_layers(model if args.lora == "lean" else model.base_model.model)
    model.train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4, fused=True)

    def scores(sequences, length):
        ids = torch.full((len(sequences), length), pad)
        for row, sequence in enumerate(sequences):
            ids[row, : len(sequence)] = torch.tensor(sequence)
        return model(input_ids=ids, attention_mask=(ids != pad).long()).logits[:, 0].float()

    def step(batch):
        chosen, rejected = [pair[0] for pair in batch], [pair[1] for pair in batch]
        length = LENGTH if args.peer == "medicalgpt" else max(map(len, chosen + rejected))
        start = time.perf_counter()
        if args.peer == "medicalgpt":
            good, bad = scores(chosen, length), scores(rejected, length)
        else:
            good, bad = scores(chosen + rejected, length).chunk(2)
        loss = -F.logsigmoid(good - bad).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return {"seconds": time.perf_counter() - start, "loss": loss.item(), "tokens": 2 * len(batch) * length, "peak": side.resident_peak()}

    side.reset_resident_peak()
    side.answer({"what": f"PyTorch {torch.__version__}, transformers {transformers.__version__}, {args.lora} LoRA" + (", bitsandbytes" if args.quantize else "")}, step)


# ---- the report

def describe(args, model, pairs, records, batches):
    drawn = [pair for batch in batches for pair in batch]
    whole = unique_tokens(pairs) / len(pairs)
    print(f"{os.path.basename(args.data)}: {records} pairs, {records - len(pairs)} of them longer than {LENGTH} tokens a side (every side drops these); {len(drawn)} drawn in "
          f"batches of {args.pairs}, one of each length class\ntokens a pair, prompt counted once: {whole:.0f} over all, {unique_tokens(drawn) / len(drawn):.0f} in those drawn; Qwen2.5-0.5B's shape, "
          f"{args.layers} layers, LoRA r8 on all linear layers, {args.precision}{', base in ' + args.quantize if args.quantize else ''}", flush=True)


def report(args, results, sides):
    rows = [("", "pairs/s: median (range)", "over all batches", "tokens computed", "peak resident MiB", "assay is faster by")]
    fast = results[sides[0]]
    for name in sides:
        mine = results[name]
        ratios = [theirs["seconds"] / ours["seconds"] for theirs, ours in zip(mine, fast)]
        rows.append((name, side.spread((args.pairs / r["seconds"] for r in mine), 3), f"{args.pairs * len(mine) / sum(r['seconds'] for r in mine):.3f}", sum(r["tokens"] for r in mine),
                     f"{max(r['peak'] for r in mine) / side.MIB:.0f}", side.spread(ratios)))
    side.table(rows)


def main():
    args = options()
    if args.peer:
        return peer(args)
    os.makedirs(args.work, exist_ok=True)
    model = make_model(args)
    pairs, records = all_pairs(args, model)
    batches = draw(args, pairs)
    model = packed(args, model)
    describe(args, model, pairs, records, batches)
    peers = [side.Peer(name) for name in args.peers.split(",") if name]
    for each in peers:
        each.ask([pairs[0][2:]])
        print(f"{each.name}: {each.ready['what']}", flush=True)
    schedules = args.schedules.split(",")
    sides = [f"assay, recompute {schedule}" for schedule in schedules] + [each.name for each in peers]
    results = {name: [] for name in sides}
    for i, batch in enumerate(batches):
        for schedule in schedules:
            results[f"assay, recompute {schedule}"].append(measure_assay(args, model, batch, schedule))
        for each in peers:
            results[each.name].append(each.ask([pair[2:] for pair in batch]))
        print(f"batch {i + 1}: " + "; ".join(f"{name} {results[name][-1]['seconds']:.2f} s, {results[name][-1]['tokens']} tokens" for name in sides), flush=True)
    for each in peers:
        each.close()
    report(args, results, sides)


if __name__ == "__main__":
    main()
