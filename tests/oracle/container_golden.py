"""For the scripts that make a folder of packed weights below tests/data/container/: writes it, and beside it NAME.f32 and NAME.names as make_container_golden.py describes."""
import json
import os

import numpy as np
from safetensors.torch import save_file

OUT = "tests/data/container"


def write(name, files, values, config):
    """files: name -> tensor as it is stored; values: name -> what it is as f32; config: what config.json says besides that it is a llama's."""
    folder = f"{OUT}/{name}"
    os.makedirs(folder, exist_ok=True)
    save_file({key: part.contiguous() for key, part in files.items()}, f"{folder}/model.safetensors", metadata={"format": "pt"})
    with open(f"{folder}/config.json", "w", encoding="ascii") as file:
        json.dump({"architectures": ["LlamaForCausalLM"], "model_type": "llama", **config}, file, indent=1)
        file.write("\n")
    names = sorted(values)
    np.concatenate([values[key].contiguous().numpy().ravel() for key in names]).astype("<f4").tofile(f"{OUT}/{name}.f32")
    with open(f"{OUT}/{name}.names", "w", encoding="ascii") as file:
        for key in names:
            file.write(f"{key} {' '.join(map(str, values[key].shape))}\n")
