#!/usr/bin/env python3
"""Do the reference's tokenizers read what Assay wrote of a GGUF file, and encode the same?

    tokenizer_save.py FILE.gguf FOLDER [--strings tests/data/tokenizer/strings.jsonl] [--random 400]
        FOLDER: what `assay convert FILE.gguf` wrote. Assay's ids come from the GGUF file itself
        (build/tests/test_tokenizer --dump), the reference's from FOLDER by tokenizers and by AutoTokenizer.

Run from the repository's root. Fails if one string differs.
"""
import argparse
import json
import random
import subprocess
import sys

from tokenizers import Tokenizer
from transformers import AutoTokenizer


def read_texts(path, cuts):
    with open(path, encoding="utf-8") as file:
        texts = list(dict.fromkeys(json.loads(line)["text"] for line in file))
    whole, dice = " ".join(texts), random.Random(1)
    for _ in range(cuts):
        start = dice.randrange(len(whole))
        texts.append(whole[start:start + dice.randrange(1, 60)])
    return texts


def assay_ids(path, texts):
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    run = subprocess.run(["build/tests/test_tokenizer", "--dump", path, "special"], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gguf")
    parser.add_argument("folder")
    parser.add_argument("--strings", default="tests/data/tokenizer/strings.jsonl")
    parser.add_argument("--random", type=int, default=400)
    args = parser.parse_args()
    texts = read_texts(args.strings, args.random)
    wanted = assay_ids(args.gguf, texts)
    plain = Tokenizer.from_file(f"{args.folder}/tokenizer.json")
    found = {"tokenizers": [plain.encode(text).ids for text in texts], "AutoTokenizer": AutoTokenizer.from_pretrained(args.folder)(texts)["input_ids"]}
    bad = 0
    for name, ids in found.items():
        differ = [text for text, mine, theirs in zip(texts, wanted, ids) if mine != theirs]
        print(f"{name}: {len(texts)} strings, {len(differ)} differ")
        for text in differ[:3]:
            print("   ", repr(text)[:120])
        bad += len(differ)
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
