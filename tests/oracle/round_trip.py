"""Round trip of the chat template: what is saved renders what was trained.

usage: tests/oracle/round_trip.py ASSAY [FAMILY ...]      (needs transformers; folders go to a temporary place)

For each family and each built-in template a tiny model is trained, saved, and its folder loaded by stock Transformers; there
apply_chat_template(messages) of a few conversations, encoded without adding special tokens, must give the very ids that
`assay tokenize` gives for the saved folder. Prints a line a cell and a count; templates that no text tells are counted apart.
"""
import json
import os
import subprocess
import sys
import tempfile

CONVERSATIONS = [
    [{"role": "user", "content": "Hi there"}, {"role": "assistant", "content": "Hello"}],
    [{"role": "system", "content": "Be kind."}, {"role": "user", "content": " a {{ b }} "}, {"role": "assistant", "content": "c\n"}],
    [{"role": "user", "content": "你好"}, {"role": "assistant", "content": "好 🙂"}, {"role": "user", "content": "再见"},
     {"role": "assistant", "content": "'q' \"r\""}],
]


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, check=True, **more).stdout


def cell(assay, folder, family, template, AutoTokenizer):
    base, out = os.path.join(folder, family), os.path.join(folder, "out")
    run(assay, "train", "--model", base, "--data", os.path.join(folder, "pairs.jsonl"), "--output", out, "--template", template,
        "--tuning", "head", "--eval-split", "off", "--max-steps", "1", "--force", "--quiet")
    notes = json.load(open(os.path.join(out, "assay.json")))
    if "chat_template" not in notes:
        return None
    lines = "".join(json.dumps({"messages": m}) + "\n" for m in CONVERSATIONS)
    ours = [json.loads(line) for line in run(assay, "tokenize", "--model", out, "--text", input=lines).splitlines()]
    tokenizer = AutoTokenizer.from_pretrained(out)
    for one, messages in zip(ours, CONVERSATIONS):
        text = tokenizer.apply_chat_template(messages, tokenize=False)
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        if ids != one["ids"] or text != one["text"]:
            return f"{text!r} / {one['text']!r} / {ids} / {one['ids']}"
    return ""


def main():
    from transformers import AutoTokenizer

    assay = os.path.abspath(sys.argv[1])
    families = sys.argv[2:] or ["llama", "qwen2", "glm"]
    templates = ["auto"] + json.loads(run(assay, "models", "--json"))["templates"]
    same = different = apart = 0
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "pairs.jsonl"), "w") as handle:
            for i in range(8):
                handle.write(json.dumps({"prompt": f"q{i}", "chosen": f"good {i}", "rejected": f"bad {i}"}) + "\n")
        for family in families:
            run(assay, "init", "--arch", family, "--output", os.path.join(folder, family), "--quiet")
            for template in templates:
                try:
                    found = cell(assay, folder, family, template, AutoTokenizer)
                except subprocess.CalledProcessError as error:
                    found = None if "needs ChatGLM3's tokenizer" in error.stderr else error.stderr
                if found is None:
                    apart += 1
                    print("no text", family, template)
                elif found:
                    different += 1
                    print("DIFFERENT", family, template, found[:400])
                else:
                    same += 1
    print(f"{same} cells equal, {different} different, {apart} templates that no text tells")
    return 1 if different else 0


sys.exit(main())
