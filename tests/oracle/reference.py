"""What the oracles share: reference models in float32 or true float64, one sequence at a time, and their gradients.

Sequences come as a list of id lists, two a pair: even = chosen, odd = rejected. Nothing is ever padded.
Names of results: `scores`, `loss`, `hidden.<n>.<l>`, `attention.<n>.<l>`, `grad.<parameter>`; under an adapter
`lora_scores`, `lora_loss`, `lora_grad.<parameter>`. A parameter has its name in the plain model, PEFT's additions
taken out: `model.layers.0.self_attn.q_proj.lora_A.weight`, `score.weight`.
"""
import json
import os
import types

os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_PROGRESS_BARS="1")

import torch  # noqa: E402
import transformers  # noqa: E402
from safetensors.torch import load_file  # noqa: E402
from peft import LoraConfig, PeftModel, get_peft_model  # noqa: E402
from torch.nn.functional import logsigmoid  # noqa: E402

from chatglm_6b import ChatGLM6B  # noqa: E402
from chatglm_remote import ChatGLMForSequenceClassification  # noqa: E402
from glm4_remote import Glm4Remote  # noqa: E402
from remote_decoder import RemoteDecoder  # noqa: E402

transformers.logging.disable_progress_bar()
HEADS = ("score", "classifier_head")


# ---- loading ----------------------------------------------------------------------------------------------

def read_json(*path):
    with open(os.path.join(*path)) as file:
        return json.load(file)


def read_lines(path):
    with open(path) as file:
        return [json.loads(line) for line in file if line.strip()]


def write_lines(path, rows):
    with open(path, "w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def load(folder, adapter=None, trainable=False):
    """A model in float32 that scores the last token; with the adapter of a PEFT folder if one is given."""
    config = read_json(folder, "config.json")
    kind = config["model_type"]
    if kind == "chatglm" and "multi_query_attention" not in config:
        model = ChatGLM6B.from_folder(folder)
    elif kind == "chatglm" and "rope_ratio" in config:
        model = Glm4Remote.from_folder(folder)
    elif kind == "chatglm":
        model = ChatGLMForSequenceClassification.from_folder(folder)
    elif kind in ("internlm2", "baichuan", "minicpm"):
        model = RemoteDecoder.from_folder(folder)
    elif kind in ("granite", "cohere"):
        model = WithHead.from_folder(folder)
    else:
        model = transformers.AutoModelForSequenceClassification.from_pretrained(
            folder, num_labels=1, dtype=torch.float32, attn_implementation="eager")
        model.config.pad_token_id = None  # the pooled token is then the last, whatever its id
        model.get_input_embeddings().padding_idx = None  # the pad id's row gets its gradient like any other
    if adapter is not None:
        model = PeftModel.from_pretrained(model, adapter, is_trainable=trainable)
    return model.eval()


class WithHead(torch.nn.Module):
    """A base model of Transformers and a head beside it, for families without a class for sequence classification:
    what a model card of Assay says in five lines."""

    def __init__(self, base, head):
        super().__init__()
        self.config = base.config  # PEFT looks at it
        self.model, self.score = base, torch.nn.Linear(head.shape[1], 1, bias=False)
        self.score.weight.data.copy_(head)

    @classmethod
    def from_folder(cls, folder):
        base = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
        base.get_input_embeddings().padding_idx = None
        head = load_file(os.path.join(folder, "model.safetensors")).get("score.weight")
        return cls(base, torch.randn(1, base.config.hidden_size) if head is None else head.float())

    def forward(self, input_ids, output_hidden_states=False, **what_peft_adds):
        out = self.model(input_ids=input_ids, output_hidden_states=output_hidden_states)
        logits = self.score(out.last_hidden_state[:, -1])
        return (logits, [h[0] for h in out.hidden_states]) if output_hidden_states else logits


def is_remote(model):
    """model: before PEFT wraps it"""
    return isinstance(model, ChatGLMForSequenceClassification)


def is_own(model):
    """Ours, by its last token and hidden states alone."""
    return isinstance(model, (RemoteDecoder, WithHead, ChatGLM6B, Glm4Remote))


def float64(model):
    """The same model in float64, also where Transformers casts down on its own. RoPE's angles stay float32: they
    are defined so (their cosines are not part of the error)."""
    for module in model.modules():
        if type(module).__name__.endswith("RMSNorm"):
            module.forward = types.MethodType(norm_as_is, module)
    return model.double()


def norm_as_is(module, x):
    eps = getattr(module, "variance_epsilon", getattr(module, "eps", None))
    return module.weight * (x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps))


def softmax_as_is(x, dim=None, _stacklevel=3, dtype=None, plain=torch.nn.functional.softmax):
    return plain(x, dim=dim, dtype=torch.float64 if x.dtype == torch.float64 else dtype)


torch.nn.functional.softmax = softmax_as_is  # eager attention asks for float32 there


# ---- running ----------------------------------------------------------------------------------------------

def score(model, ids):
    out = model(input_ids=torch.tensor([ids]))
    return getattr(out, "logits", out)[0, 0]


def all_scores(model, sequences):
    with torch.no_grad():
        return torch.stack([score(model, ids) for ids in sequences])


def states(model, ids):
    """Hidden states ([s, h]: input of every layer, then the final norm's output) and attention ([heads, s, s])."""
    attention = []
    with torch.no_grad():
        if is_own(model):
            return model(torch.tensor([ids]), output_hidden_states=True)[1], []
        if not is_remote(model):
            out = model(input_ids=torch.tensor([ids]), output_hidden_states=True, output_attentions=True)
            return [h[0] for h in out.hidden_states], [a[0] for a in out.attentions]
        hooks = [layer.self_attention.softmax.register_forward_hook(lambda module, x, out: attention.append(out[0]))
                 for layer in model.transformer.encoder.layers]
        hidden = model(torch.tensor([ids]), all_hidden_states=True)[1]
        for hook in hooks:
            hook.remove()
        return [h[0] for h in hidden[:-2] + hidden[-1:]], attention


def pair_gradients(model, sequences):
    """(scores, mean Bradley-Terry loss, {name: gradient}). Pair by pair, so that one pair's values are held at a time."""
    model.zero_grad(set_to_none=True)
    scores, losses, pairs = [], [], len(sequences) // 2
    for chosen, rejected in zip(sequences[0::2], sequences[1::2]):
        pair = torch.stack([score(model, chosen), score(model, rejected)])
        loss = -logsigmoid(pair[0] - pair[1])
        (loss / pairs).backward()
        scores.append(pair.detach())
        losses.append(loss.detach())
    gradients = {plain_name(name): parameter.grad for name, parameter in model.named_parameters()
                 if parameter.grad is not None}
    return torch.cat(scores), torch.stack(losses).mean(), gradients


def plain_name(name):
    name = name.removeprefix("base_model.model.")
    for part in (".modules_to_save", ".default", ".base_layer"):
        name = name.replace(part, "")
    return name


def full_results(model, sequences, attention_of=()):
    scores, loss, gradients = pair_gradients(model, sequences)
    out = {"scores": scores, "loss": loss, **{f"grad.{name}": g for name, g in gradients.items()}}
    for n, ids in enumerate(sequences):
        hidden, attention = states(model, ids)
        out.update({f"hidden.{n}.{layer}": value for layer, value in enumerate(hidden)})
        if n in attention_of:
            out.update({f"attention.{n}.{layer}": value for layer, value in enumerate(attention)})
    return out


def lora_results(model, sequences):
    scores, loss, gradients = pair_gradients(model, sequences)
    return {"lora_scores": scores, "lora_loss": loss, **{f"lora_grad.{name}": g for name, g in gradients.items()}}


# ---- adapters ---------------------------------------------------------------------------------------------

def all_linear(model):
    """Last parts of the names of all linear layers but the heads."""
    names = {name.split(".")[-1] for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)}
    return sorted(names - {"lm_head", "output_layer", *HEADS})


def random_adapter(model, seed=1, spread_head=False, **options):
    """Wrap by PEFT: LoRA with nothing zero on all linear layers but the head; the head is trained too.

    ChatGLM's remote class gets task_type null and its head by name, as PEFT's SEQ_CLS knows no `classifier_head`.
    options go to LoraConfig. spread_head: move the head away from the base's as well."""
    kind = (dict(modules_to_save=["classifier_head"]) if hasattr(model, "classifier_head") else
            dict(modules_to_save=["score"]) if is_own(model) else dict(task_type="SEQ_CLS"))
    model = get_peft_model(model, LoraConfig(**{"target_modules": all_linear(model), "lora_dropout": 0.0, **kind, **options}))
    random = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if parameter.requires_grad and "lora_" in name:
            std = parameter.shape[-1] ** -0.5 if "lora_A" in name else 0.1
            parameter.data = torch.randn(parameter.shape, generator=random) * std
        elif parameter.requires_grad and spread_head:
            parameter.data = parameter.data + torch.randn(parameter.shape, generator=random) * 0.05
    return model.eval()


def save_adapter(model, base, out):
    model.peft_config["default"].base_model_name_or_path = os.path.abspath(base)
    model.save_pretrained(out)


def adapter_tensors(model):
    return {plain_name(name): p.detach() for name, p in model.named_parameters() if p.requires_grad}


# ---- comparing --------------------------------------------------------------------------------------------

def apart(got, want):
    """{category: (largest relative difference, its tensor)}: max |got - want| / max |want| of each tensor.

    A gradient that is zero but for rounding (a pairwise loss leaves a head's bias none) is taken relative to the
    largest gradient of all tensors."""
    absent = sorted(want.keys() ^ got.keys())
    if absent:
        raise SystemExit(f"only on one side: {', '.join(absent[:8])} ({len(absent)} in all)")
    for name in want:
        if got[name].shape != want[name].shape:
            raise SystemExit(f"{name}: shape {list(got[name].shape)}, expected {list(want[name].shape)}")
    size = {name: value.abs().max().item() for name, value in want.items()}
    worst = {}
    for name in want:
        kind = name.split(".")[0]
        largest = max(size[other] for other in want if other.split(".")[0] == kind)
        scale = size[name] if size[name] > 1e-6 * largest else largest
        difference = (got[name].double() - want[name].double()).abs().max().item()
        ratio = float("inf") if difference != difference else difference / scale if scale else difference
        worst[kind] = max(worst.get(kind, (-1.0, "")), (ratio, name))
    return worst
