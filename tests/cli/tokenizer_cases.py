"""Folders with a SentencePiece model and a tokenizer_config.json that went wrong elsewhere (../shared/data/cases/sp-*): Assay's ids against the
reference's tokens.

usage: tokenizer_cases.py ASSAY SHARED WORK      prints "ok NAME" or "not ok NAME" lines
"""
import glob
import json
import os
import subprocess
import sys

assay, shared, work = sys.argv[1:]
MODEL = os.path.join(shared, "tokenizers", "llama2.tokenizer.model")


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
        if byte < 128: return value, at


def fields(data):
    """(number, bytes) of a message's length-delimited fields."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 2:
            size, at = varint(data, at)
            yield key >> 3, data[at:at + size]
            at += size
        elif key & 7 == 0: at = varint(data, at)[1]
        else: at += 4 if key & 7 == 5 else 8


def pieces():
    model = open(MODEL, "rb").read()
    return [next(value for number, value in fields(piece) if number == 1).decode() for number, piece in fields(model) if number == 1]


ids = {text: number for number, text in enumerate(pieces())}
folder = os.path.join(work, "sp")
os.makedirs(folder, exist_ok=True)
with open(os.path.join(folder, "tokenizer.model"), "wb") as out: out.write(open(MODEL, "rb").read())
for path in sorted(glob.glob(os.path.join(shared, "cases", "sp-*.json"))):
    for number, case in enumerate(json.load(open(path, encoding="utf-8"))["cases"]):
        config = {"tokenizer_class": "LlamaTokenizer", **case["tokenizer_config"]}
        config.setdefault("added_tokens_decoder", {str(i): {"content": text, "special": True} for text, i in config.pop("added", {}).items()})
        # Transformers numbers added tokens on from the vocabulary's end; it puts <s> in front only where the config says so, and one case leaves that out.
        added = {token["content"]: len(ids) + i for i, token in enumerate(config["added_tokens_decoder"].values())}
        config.setdefault("add_bos_token", case["reference"][0] == "<s>")
        json.dump(config, open(os.path.join(folder, "tokenizer_config.json"), "w", encoding="utf-8"))
        run = subprocess.run([assay, "tokenize", "--model", folder], input=json.dumps(case["text"]) + "\n", capture_output=True, text=True)
        found = json.loads(run.stdout)["ids"] if run.returncode == 0 else run.stderr
        wanted = [added.get(token, ids.get(token)) for token in case["reference"]]
        name = f"{os.path.basename(path)[:-5]}-{number + 1}"
        print(f"{'ok' if found == wanted else 'not ok'} {name}" + ("" if found == wanted else f" ({case['text']!r}: {found}, the reference {wanted})"))
