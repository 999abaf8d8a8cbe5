"""GLM-4-9B's remote layout by its own code: the published modeling_chatglm.py of THUDM/glm-4-9b, run, not rewritten.

GLM4_REMOTE_CODE names a folder with modeling_chatglm.py. The golden files were made with the copy in
github.com/ypwhs/CreativeChatGLM at 8e77164 (glm4/modeling_chatglm.py), whose sequence classifier reads
hidden_states[:, -1]. What is changed, in memory, so that today's Transformers imports it: the configuration's module is
given as a class that holds config.json's values. The head is applied here, as its class does in one line, because PEFT
wraps the head of the module that it is given.
"""
import importlib
import json
import os
import sys
import types

import torch
import transformers
from safetensors.torch import load_file


class ChatGLMConfig(transformers.PretrainedConfig):
    model_type = "chatglm"


def import_code():
    package, configuration = types.ModuleType("glm4_remote_code"), types.ModuleType("configuration_chatglm")
    package.__path__ = [os.environ["GLM4_REMOTE_CODE"]]
    configuration.ChatGLMConfig = ChatGLMConfig
    sys.modules.setdefault("glm4_remote_code", package)
    sys.modules.setdefault("glm4_remote_code.configuration_chatglm", configuration)
    return importlib.import_module("glm4_remote_code.modeling_chatglm")


class Glm4Remote(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        values = {key: value for key, value in config.items() if key not in ("model_type", "architectures", "torch_dtype")}
        self.config = ChatGLMConfig(**values, num_hidden_layers=config["num_layers"])
        self.config.torch_dtype, self.config._attn_implementation = torch.float32, "eager"
        self.transformer = import_code().ChatGLMModel(self.config, empty_init=False).float()
        self.classifier_head = torch.nn.Linear(config["hidden_size"], 1, bias=True)

    @classmethod
    def from_folder(cls, folder):
        with open(os.path.join(folder, "config.json")) as file:
            model = cls(json.load(file))
        weights = {name: value.float() for name, value in load_file(os.path.join(folder, "model.safetensors")).items()}
        missing, unexpected = model.load_state_dict(weights, strict=False)
        left = [name for name in missing if not name.endswith("inv_freq") and not name.startswith("classifier_head")]
        if left or unexpected:
            raise SystemExit(f"{folder}: missing {left}, unexpected {unexpected}")
        return model

    def forward(self, input_ids, output_hidden_states=False, **what_peft_adds):
        out = self.transformer(input_ids=input_ids, output_hidden_states=output_hidden_states, use_cache=False,
                               return_dict=True)
        logits = self.classifier_head(out.last_hidden_state[:, -1])
        if not output_hidden_states:
            return logits
        before_last_norm = len(out.hidden_states) - 1
        hidden = [*out.hidden_states[:before_last_norm], out.last_hidden_state]
        return logits, [h[0] for h in hidden]
