#!/usr/bin/env python3
"""Measure what stock PEFT does to a ChatGLM2/3 reward model, with ChatGLM's own remote code.

    why_reproduce.py --code DIR

DIR holds configuration_chatglm.py, modeling_chatglm.py and quantization.py as downloaded from the hub.
They are not ours and are not kept in this repository. A tiny random checkpoint (2 layers, hidden 32) is
made in a temporary folder, without a classifier head, as the published checkpoints are. Every model is
loaded the way users load it: AutoModelForSequenceClassification.from_pretrained(..., trust_remote_code).

Printed: 1 loading, 2 one training step per cell, 3 does the head survive save + load, 4 what "all linear"
hits; then one line of JSON. Nothing here changes the libraries or the remote code, except the changes
named in the output: SHIMS (section 1), and the rows marked "+ignore" in section 2.
With --hash-seeds N also: 5 the case "SEQ_CLS + head" of section 3 in N processes with PYTHONHASHSEED 0..N-1.
"""
import argparse
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import warnings

WORK = tempfile.mkdtemp(prefix="why-")
os.environ.update(HF_HUB_OFFLINE="1", HF_MODULES_CACHE=os.path.join(WORK, "modules"), HF_HUB_DISABLE_PROGRESS_BARS="1")
warnings.simplefilter("ignore")

import torch  # noqa: E402
import transformers  # noqa: E402
import peft  # noqa: E402
from peft import LoraConfig, PeftModel, get_peft_model  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
logging.disable(logging.WARNING)

LAYERS, HIDDEN, HEADS, GROUPS, HEAD_DIM, FFN, VOCAB = 2, 32, 4, 2, 8, 48, 128
CONFIG = dict(
    model_type="chatglm", architectures=["ChatGLMModel"],
    auto_map={"AutoConfig": "configuration_chatglm.ChatGLMConfig",
              "AutoModelForSequenceClassification": "modeling_chatglm.ChatGLMForSequenceClassification"},
    num_layers=LAYERS, hidden_size=HIDDEN, num_attention_heads=HEADS, multi_query_group_num=GROUPS,
    kv_channels=HEAD_DIM, ffn_hidden_size=FFN, padded_vocab_size=VOCAB, seq_length=64, rmsnorm=True,
    layernorm_epsilon=1e-5, post_layer_norm=True, add_bias_linear=False, add_qkv_bias=True,
    multi_query_attention=True, original_rope=True, apply_residual_connection_post_layernorm=False,
    attention_dropout=0.0, hidden_dropout=0.0, use_cache=True, torch_dtype="float32",
    tie_word_embeddings=False, eos_token_id=2, pad_token_id=0)

# What today's Transformers wants and the remote code lacks. Each is used only after the error it answers.
SHIMS = [
    ("all_tied_weights_keys", "PreTrainedModel.all_tied_weights_keys = {}",
     lambda: setattr(transformers.PreTrainedModel, "all_tied_weights_keys", {})),
    ("'use_cache'", "PretrainedConfig.use_cache = True",
     lambda: setattr(transformers.PretrainedConfig, "use_cache", True)),
]


def said(error):
    return f"{type(error).__name__}: {error}".split("\n")[0]


def make_checkpoint(code, folder, seed=1):
    """A base checkpoint as on the hub: config, remote code, weights, no classifier_head."""
    os.makedirs(folder)
    for name in ("configuration_chatglm.py", "modeling_chatglm.py", "quantization.py"):
        shutil.copy(os.path.join(code, name), folder)
    with open(os.path.join(folder, "config.json"), "w") as out:
        json.dump(CONFIG, out)
    g = torch.Generator().manual_seed(seed)

    def normal(*shape, mean=0.0, std=0.2):
        return torch.randn(*shape, generator=g) * std + mean

    tensors = {"transformer.embedding.word_embeddings.weight": normal(VOCAB, HIDDEN, std=1.0)}
    for i in range(LAYERS):
        qkv = (HEADS + 2 * GROUPS) * HEAD_DIM
        tensors.update({f"transformer.encoder.layers.{i}.{name}": value for name, value in {
            "input_layernorm.weight": normal(HIDDEN, mean=1.0),
            "self_attention.query_key_value.weight": normal(qkv, HIDDEN),
            "self_attention.query_key_value.bias": normal(qkv),
            "self_attention.dense.weight": normal(HIDDEN, HEADS * HEAD_DIM),
            "post_attention_layernorm.weight": normal(HIDDEN, mean=1.0),
            "mlp.dense_h_to_4h.weight": normal(2 * FFN, HIDDEN),
            "mlp.dense_4h_to_h.weight": normal(HIDDEN, FFN)}.items()})
    tensors["transformer.encoder.final_layernorm.weight"] = normal(HIDDEN, mean=1.0)
    tensors["transformer.output_layer.weight"] = normal(VOCAB, HIDDEN)
    tensors["transformer.rotary_pos_emb.inv_freq"] = 1e4 ** -(torch.arange(0, HEAD_DIM // 2, 2) / (HEAD_DIM // 2))
    save_file(tensors, os.path.join(folder, "model.safetensors"), metadata={"format": "pt"})


def load_raw(folder):
    return transformers.AutoModelForSequenceClassification.from_pretrained(folder, trust_remote_code=True, num_labels=1)


def load(folder, head_seed=None):
    """float() because the remote code makes its head in half whatever the checkpoint is."""
    model = load_raw(folder).float()
    if head_seed is not None:
        g = torch.Generator().manual_seed(head_seed)
        model.classifier_head.weight.data = torch.randn(1, HIDDEN, generator=g)
        model.classifier_head.bias.data = torch.randn(1, generator=g)
    return model


def batch(seed, rows=2, length=12):
    ids = torch.randint(3, VOCAB, (rows, length), generator=torch.Generator().manual_seed(seed))
    return dict(input_ids=ids, attention_mask=torch.ones_like(ids))


def pair_loss(model):
    chosen, rejected = model(**batch(11))[0], model(**batch(12))[0]
    return -torch.nn.functional.logsigmoid(chosen - rejected).mean()


def scores(chatglm):
    with torch.no_grad():
        return chatglm.eval()(**batch(13, rows=3))[0].flatten()


# ---- 1. loading -------------------------------------------------------------------------------------------

def report_loading(folder):
    """Load and run one plain forward; on a known error apply its shim and go on."""
    out, left = [], list(SHIMS)
    while True:
        try:
            scores(load(folder))
            out.append("loads, forward runs")
            break
        except Exception as error:
            out.append(said(error))
            shim = next((s for s in left if s[0] in str(error)), None)
            if shim is None:
                break
            left.remove(shim)
            shim[2]()
            out.append("SHIM " + shim[1])
    return out


def report_fresh_head(folder):
    """The head the loader makes up when the checkpoint has none, and a forward before any cast."""
    kept = [load_raw(folder).classifier_head for _ in range(8)]  # all alive, so no two share memory
    heads = [torch.cat([h.weight.detach().flatten(), h.bias.detach()]).float() for h in kept]
    finite = torch.cat(heads).nan_to_num(0, 0, 0).abs()
    try:
        uncast = f"runs, {scores(load_raw(folder)).dtype}"
    except Exception as error:
        uncast = said(error)
    return dict(loads=8, distinct=len({h.numpy().tobytes() for h in heads}),
                with_nan_or_inf=sum(not h.isfinite().all().item() for h in heads),
                largest_finite=f"{finite.max():.3g}", forward_before_cast=uncast)


# ---- 2. one training step per cell --------------------------------------------------------------------------

def lora(task_type, modules_to_save=None, target=("query_key_value",)):
    """target is a sequence of names or the word "all-linear"."""
    return LoraConfig(task_type=task_type, modules_to_save=modules_to_save, r=4, lora_alpha=8, lora_dropout=0.0,
                      target_modules=target if isinstance(target, str) else list(target))


def ignore_output_attentions(model):
    """Row mark "+ignore": forward() takes output_attentions and does nothing with it."""
    forward = model.forward
    model.forward = lambda *args, output_attentions=None, **named: forward(*args, **named)


def cell(folder, config, checkpointing, ignore=False, inputs_grad=False):
    torch.manual_seed(5)
    model = load(folder, head_seed=3)
    if ignore:
        ignore_output_attentions(model)
    if config is not None:
        model = get_peft_model(model, config)
    if checkpointing:
        model.gradient_checkpointing_enable()
    if inputs_grad:
        model.enable_input_require_grads()
    row = {}
    try:
        loss = pair_loss(model.train())
        row["loss"] = round(loss.item(), 6)
        loss.backward()
    except Exception as error:
        row["error"] = said(error)
        return row
    groups = {"lora": [], "head": [], "base": []}
    for name, parameter in model.named_parameters():
        group = "lora" if "lora_" in name else "head" if "classifier_head" in name else "base"
        if "original_module" not in name:
            groups[group].append(parameter.grad)
    row["gradients"] = {k: f"{sum(g is not None for g in v)}/{len(v)}" for k, v in groups.items() if v}
    row["norm"] = round(sum(g.square().sum() for v in groups.values() for g in v if g is not None).sqrt().item(), 6)
    return row


def report_cells(folder):
    seq, plain = lambda: lora("SEQ_CLS"), lambda: lora(None, ["classifier_head"])
    rows = [("no LoRA", lambda: None, {}),
            ("LoRA SEQ_CLS", seq, {}),
            ("LoRA SEQ_CLS +ignore", seq, dict(ignore=True)),
            ("LoRA SEQ_CLS +ignore +inputs", seq, dict(ignore=True, inputs_grad=True)),
            ("LoRA null+head", plain, {}),
            ("LoRA null+head +inputs", plain, dict(inputs_grad=True))]
    return {f"{name} | ckpt {'on' if on else 'off'}": cell(folder, make(), on, **how)
            for name, make, how in rows for on in (False, True)}


# ---- 3. does the head survive save + load -------------------------------------------------------------------

def head_of(model):
    """The head in use: weight and bias as one vector (through PEFT's wrapper or LoRA layer if there is one)."""
    head = model.classifier_head
    if hasattr(head, "modules_to_save"):
        head = head.modules_to_save["default"]
    head = getattr(head, "base_layer", head)
    return torch.cat([head.weight.detach().flatten(), head.bias.detach()])


def same_bits(a, b):
    return a.numpy().tobytes() == b.numpy().tobytes()


def survive(folder, config, name):
    """Train 3 steps through the base model (the SEQ_CLS wrapper cannot run), save, load twice, compare."""
    torch.manual_seed(5)
    model = get_peft_model(load(folder, head_seed=3), config)
    chatglm = model.base_model.model
    before = head_of(chatglm)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        pair_loss(chatglm.train()).backward()
        optimizer.step()
    trained, out = scores(chatglm), os.path.join(WORK, name)
    model.save_pretrained(out)
    saved = load_file(os.path.join(out, "adapter_model.safetensors"))
    with open(os.path.join(out, "adapter_config.json")) as file:
        written = json.load(file)
    keep = [PeftModel.from_pretrained(load(folder), out).base_model.model for _ in range(2)]
    loaded = [scores(m) for m in keep]
    return dict(modules_to_save=written["modules_to_save"],
                head_trained=not same_bits(before, head_of(chatglm)),
                head_in_file=sorted(k.split("classifier_head.")[1] for k in saved if "classifier_head" in k),
                head_same=same_bits(head_of(chatglm), head_of(keep[0])), scores_same=same_bits(trained, loaded[0]),
                two_loads_same=same_bits(*loaded), trained=rounded(trained), loads=[rounded(s) for s in loaded])


def rounded(vector):
    return " ".join(f"{x:.4g}" for x in vector.tolist())


def report_head(folder, only=None):
    cases = {"SEQ_CLS": lora("SEQ_CLS"),
             "SEQ_CLS all-linear": lora("SEQ_CLS", target="all-linear"),
             "SEQ_CLS + head": lora("SEQ_CLS", ["classifier_head"]),
             "null + head": lora(None, ["classifier_head"])}
    out = {}
    for name, config in cases.items():
        if only in (None, name):
            try:
                out[name] = survive(folder, config, name.replace(" ", "_"))
            except Exception as error:
                out[name] = dict(error=said(error))
    return out


def report_hash_seeds(code, count):
    """PEFT 0.9.0 walks a set of strings when it loads; their order is Python's per-process hash seed."""
    kept = []
    for seed in range(count):
        command = [sys.executable, os.path.abspath(__file__), "--code", code, "--only", "SEQ_CLS + head"]
        child = subprocess.run(command, env=dict(os.environ, PYTHONHASHSEED=str(seed)), stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True, check=True)
        case = json.loads(child.stdout.splitlines()[-1])["head"]["SEQ_CLS + head"]
        kept.append((case["head_same"], case["scores_same"]))
    return dict(processes=count, head_and_scores_same=kept.count((True, True)), neither_same=kept.count((False, False)),
                seeds_that_lost=[seed for seed, same in enumerate(kept) if not same[0]])


# ---- 4. what "all linear" hits --------------------------------------------------------------------------------

def medicalgpt_names(model):
    """The rule of MedicalGPT's find_all_linear_names: last part of every Linear's name, unless lm_head or score."""
    return sorted({name.split(".")[-1] for name, module in model.named_modules()
                   if isinstance(module, torch.nn.Linear) and "lm_head" not in name and "score" not in name})


def report_targets(folder):
    out = {}
    for name, target, task, keep in (("all-linear, SEQ_CLS", "all-linear", "SEQ_CLS", None),
                                     ("MedicalGPT's names, SEQ_CLS", None, "SEQ_CLS", None),
                                     ("all-linear, null + head", "all-linear", None, ["classifier_head"])):
        base = load(folder, head_seed=3)
        try:
            model = get_peft_model(base, lora(task, keep, target or medicalgpt_names(base)))
            hit = [n[len("base_model.model."):-len(".lora_A.default")] for n, _ in model.named_modules()
                   if n.endswith(".lora_A.default")]
            out[name] = dict(adapted=len(hit), outside_layers=[n for n in hit if ".layers." not in n])
        except Exception as error:
            out[name] = dict(error=said(error))
    return out


# ---- output -----------------------------------------------------------------------------------------------------

def text(value):
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, dict):
        return ", ".join(f"{k} {v}" for k, v in value.items())
    return json.dumps(value) if isinstance(value, (list, type(None))) else str(value)


def show(title, rows):
    print(f"\n{title}")
    for name, row in rows.items():
        line = "  ".join(f"{k}: {text(v)}" for k, v in row.items()) if isinstance(row, dict) else text(row)
        print(f"  {name:40} {line}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--code", required=True,
                        help="folder with ChatGLM's configuration_chatglm.py, modeling_chatglm.py, quantization.py")
    parser.add_argument("--hash-seeds", type=int, default=0, metavar="N", help="run section 5 in N processes")
    parser.add_argument("--only", metavar="CASE", help="only this case of section 3")
    args = parser.parse_args()
    folder = os.path.join(WORK, "chatglm-tiny")
    torch.set_num_threads(1)
    make_checkpoint(args.code, folder)
    result = dict(torch=torch.__version__, transformers=transformers.__version__, peft=peft.__version__)
    print("  ".join(f"{k} {v}" for k, v in result.items()))
    result["loading"] = report_loading(folder)
    show("1. loading", {f"attempt, line {i + 1}": line for i, line in enumerate(result["loading"])})
    reports = [("fresh_head", "1b. the head made up by the loader", lambda: report_fresh_head(folder)),
               ("cells", "2. one training step", lambda: report_cells(folder)),
               ("head", "3. train, save, load", lambda: report_head(folder)),
               ("targets", "4. where LoRA lands", lambda: report_targets(folder))]
    if args.hash_seeds:
        reports.append(("hash_seeds", "5. SEQ_CLS + head, by hash seed",
                        lambda: report_hash_seeds(args.code, args.hash_seeds)))
    if args.only:
        reports = [("head", "3. train, save, load", lambda: report_head(folder, args.only))]
    if result["loading"][-1] == "loads, forward runs":
        for key, title, report in reports:
            result[key] = report()
            show(title, result[key])
    print("\n" + json.dumps(result))


if __name__ == "__main__":
    try:
        main()
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
