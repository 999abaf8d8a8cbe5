"""llama.cpp's own vocabularies and vectors: models/ggml-vocab-*.gguf with .inp (strings) and .out (ids) beside them.

usage: make tests && tests/oracle/llama_vocabs.py FOLDER          (the folder is vendor/llama.cpp/models in the sources of
                                                                   the Python package llama-cpp-python)
Prints a line a file, and a count. Where the ids differ from .out, what Transformers' own class gives decides, and says so:
llama.cpp does not normalise text, Qwen's tokenizers do (NFC).
"""
import glob
import json
import os
import subprocess
import sys

DUMP = os.environ.get("ASSAY_DUMP", "build/tests/test_tokenizer")
SEPARATOR = "\n__ggml_vocab_test__\n"


def run(path, texts):
    data = "".join(json.dumps(text) + "\n" for text in texts).encode()
    done = subprocess.run([DUMP, "--dump", path], input=data, capture_output=True)
    if done.returncode: return done.stderr.decode().strip()
    return [json.loads(line) for line in done.stdout.splitlines()]


def transformers_ids(path, text):
    """Qwen3.5's class over the file's own vocabulary."""
    from gguf import GGUFReader
    from transformers import Qwen3_5Tokenizer
    fields = GGUFReader(path).fields
    tokens, merges = (fields[f"tokenizer.ggml.{name}"].contents() for name in ("tokens", "merges"))
    tokenizer = Qwen3_5Tokenizer({t: i for i, t in enumerate(tokens)}, [tuple(m.split(" ")) for m in merges])
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def main():
    lines = wrong = decided = 0
    for path in sorted(glob.glob(os.path.join(sys.argv[1], "*.gguf"))):
        name = os.path.basename(path)
        if not os.path.exists(path + ".inp"):
            ours = run(path, ["hello"])
            wrong += isinstance(ours, str)
            print(f"{name}: no vectors; {'opens' if isinstance(ours, list) else ours}")
            continue
        texts = open(path + ".inp", encoding="utf-8", newline="").read().split(SEPARATOR)
        wanted = [list(map(int, line.split())) for line in open(path + ".out")]
        texts += [""] * (len(wanted) - len(texts)) # an empty last one
        ours = run(path, texts)
        if isinstance(ours, str):
            print(f"{name}: {ours}")
            wrong += len(wanted)
            continue
        apart = [i for i in range(len(wanted)) if ours[i] != wanted[i]]
        reference = [i for i in apart if "qwen35" in name and transformers_ids(path, texts[i]) == ours[i]]
        lines, wrong, decided = lines + len(wanted), wrong + len(apart) - len(reference), decided + len(reference)
        print(f"{name}: {len(wanted)} lines, {len(apart)} differ from .out, of which {len(reference)} are as Transformers' class has them")
    print(f"{lines} lines, {wrong} wrong, {decided} decided by Transformers")
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
