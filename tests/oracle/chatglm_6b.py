"""ChatGLM-6B by its own code, with a head beside it: the published modeling_chatglm.py, run, not rewritten.

CHATGLM_6B_CODE names a folder with modeling_chatglm.py and configuration_chatglm.py of THUDM/chatglm-6b. The golden
files were made with the copy in github.com/greensheng/chatglm-6b at 8b7d335. What is changed in it, in memory, so that
today's Transformers imports it: names it no longer exports (docstring decorators, generation's helpers, beam-search
types) are given as empty ones, and the relative import and the CPU kernels' module (quantization) are taken out. The
mathematics is untouched. The model is made in half precision there, its rotary frequencies with it, and widened.
"""
import importlib
import os
import sys
import types

import torch
import transformers
from safetensors.torch import load_file

GONE = ("add_code_sample_docstrings", "add_start_docstrings", "add_start_docstrings_to_model_forward")


def nothing(*_, **__):
    return lambda function: function


def import_code():
    folder = os.environ["CHATGLM_6B_CODE"]
    package = types.ModuleType("chatglm_6b_code")
    package.__path__ = [folder]
    sys.modules["chatglm_6b_code"] = package
    for name in GONE:
        setattr(transformers.utils, name, nothing) if not hasattr(transformers.utils, name) else None
    configuration = importlib.import_module("chatglm_6b_code.configuration_chatglm")
    return configuration, importlib.import_module("chatglm_6b_code.modeling_chatglm")


class ChatGLM6B(torch.nn.Module):
    def __init__(self, config, head):
        super().__init__()
        configuration, modeling = import_code()
        values = {key: value for key, value in config.items() if key not in ("model_type", "architectures", "id2label", "label2id")}
        self.config = configuration.ChatGLMConfig(**values)
        self.transformer = modeling.ChatGLMModel(self.config, empty_init=False).float()
        self.score = torch.nn.Linear(config["hidden_size"], 1, bias=False)
        if head is not None:
            self.score.weight.data.copy_(head)

    @classmethod
    def from_folder(cls, folder):
        import json
        weights = load_file(os.path.join(folder, "model.safetensors"))
        with open(os.path.join(folder, "config.json")) as file:
            model = cls(json.load(file), weights.get("score.weight"))
        own = {name: value.float() for name, value in weights.items() if name.startswith("transformer.")}
        missing, unexpected = model.load_state_dict(own, strict=False)
        left = [name for name in missing if not name.endswith("inv_freq") and name != "score.weight"]
        if left or unexpected:
            raise SystemExit(f"{folder}: missing {left}, unexpected {unexpected}")
        return model

    def forward(self, input_ids, output_hidden_states=False, **what_peft_adds):
        out = self.transformer(input_ids=input_ids, output_hidden_states=output_hidden_states, use_cache=False,
                               return_dict=True)
        logits = self.score(out.last_hidden_state[-1])  # [s, b, h]
        return (logits, [h[:, 0] for h in out.hidden_states]) if output_hidden_states else logits
