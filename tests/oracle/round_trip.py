"""Round trip of the chat template: what is saved renders, and scores, what was trained.

usage: tests/oracle/round_trip.py ASSAY [FAMILY ...]      (needs transformers and peft; folders go to a temporary place)

For each family and each built-in template a tiny model is trained (by turns in full and as LoRA), saved, and its folder loaded
by stock Transformers and PEFT. There apply_chat_template(messages) of a few conversations, encoded without adding special
tokens, must give the very ids that `assay tokenize` gives for the saved folder, and the model's scores of those ids must
be what `assay score` says of the messages, within 1e-5 of the largest of them, or of 1 (float32 sums in another order).
Families without a class for sequence classification score as their model card says: last hidden state x score.weight.

A template that no text tells (ChatGLM3's role ids) is compared by its ids alone: there is nothing to render, so its ids
are scored by the reference. Prints a line a cell that differs, and counts.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

import torch

from load_back import Heard, load_stock, score_offset
from reference import all_scores

LIMIT = 1e-5
FAMILIES = ["chatglm2", "chatglm3", "llama", "qwen2", "qwen3", "mistral", "glm", "glm4", "internlm2", "gemma", "gemma2", "gemma3",
            "olmo2", "granite", "smollm3", "phi3", "cohere", "bloom", "baichuan", "minicpm"]
CONVERSATIONS = [
    [{"role": "user", "content": "Hi there"}, {"role": "assistant", "content": "Hello"}],
    [{"role": "system", "content": "Be kind."}, {"role": "user", "content": " a {{ b }} "}, {"role": "assistant", "content": "c\n"}],
    [{"role": "user", "content": "你好"}, {"role": "assistant", "content": "好 🙂"}, {"role": "user", "content": "再见"},
     {"role": "assistant", "content": "'q' \"r\""}],
]


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, check=True, **more).stdout


def rows(text):
    return [json.loads(line) for line in text.splitlines()]


class Cells:
    def __init__(self, assay, folder, heard):
        self.assay, self.folder, self.heard = assay, folder, heard
        self.lines = "".join(json.dumps({"messages": m}) + "\n" for m in CONVERSATIONS)
        self.texts = self.ids_alone = self.scores = 0
        self.worst = 0.0

    def train(self, family, template, tuning):
        out = os.path.join(self.folder, "out")
        rate = ["--lr", "1e-2"] if tuning == "lora" else []
        run(self.assay, "train", "--model", os.path.join(self.folder, family), "--data", os.path.join(self.folder, "pairs.jsonl"),
            "--output", out, "--template", template, "--tuning", tuning, *rate, "--eval-split", "off", "--max-steps", "3",
            "--batch-pairs", "4", "--precision", "f32", "--force", "--quiet")
        return out

    def compare_texts(self, out, ours):
        """What apply_chat_template renders; "" or what differs."""
        from transformers import AutoTokenizer
        tokenizer = AutoTokenizer.from_pretrained(out)
        for one, messages in zip(ours, CONVERSATIONS):
            text = tokenizer.apply_chat_template(messages, tokenize=False)
            ids = tokenizer(text, add_special_tokens=False)["input_ids"]
            if ids != one["ids"] or text != one["text"]:
                return f"{text!r} / {one['text']!r} / {ids} / {one['ids']}"
        return ""

    def compare_scores(self, out, ours):
        model, bad = load_stock(out, self.heard)
        if bad: return f"loads with {bad}"
        got = torch.tensor([row["score"] for row in rows(run(self.assay, "score", "--model", out, "--precision", "f32", input=self.lines))],
                           dtype=torch.float64)
        want = all_scores(model, [one["ids"] for one in ours]).double() + score_offset(out)
        apart = (got - want).abs().max().item()
        apart /= max(1.0, want.abs().max().item())
        self.worst = max(self.worst, apart)
        self.scores += len(got)
        return "" if apart <= LIMIT else f"scores {got.tolist()}, the reference {want.tolist()}"

    def cell(self, family, template, tuning):
        out = self.train(family, template, tuning)
        has_text = "chat_template" in json.load(open(os.path.join(out, "assay.json")))
        ours = rows(run(self.assay, "tokenize", "--model", out, *(["--text"] if has_text else []), input=self.lines))
        found = self.compare_texts(out, ours) if has_text else ""
        self.texts, self.ids_alone = self.texts + has_text, self.ids_alone + (not has_text)
        return found or self.compare_scores(out, ours)


def main():
    assay = os.path.abspath(sys.argv[1])
    templates = ["auto"] + json.loads(run(assay, "models", "--json"))["templates"]
    torch.set_num_threads(1)
    same = different = refused = 0
    with tempfile.TemporaryDirectory() as folder:
        cells = Cells(assay, folder, Heard())
        with open(os.path.join(folder, "pairs.jsonl"), "w") as handle:
            for i in range(16):
                handle.write(json.dumps({"prompt": f"q{i}", "chosen": f"good {i}", "rejected": f"bad {i}"}) + "\n")
        for family in sys.argv[2:] or FAMILIES:
            start, before = time.time(), (same, different, refused)
            run(assay, "init", "--arch", family, "--output", os.path.join(folder, family), "--quiet")
            for at, template in enumerate(templates):
                try:
                    found = cells.cell(family, template, ("full", "lora")[at % 2])
                except subprocess.CalledProcessError as error:
                    if "needs ChatGLM3's tokenizer" in error.stderr:
                        refused += 1
                        continue
                    found = error.stderr
                different, same = different + bool(found), same + (not found)
                if found: print("DIFFERENT", family, template, found[:600], flush=True)
            print(f"{family}: {same - before[0]} equal, {different - before[1]} different, {refused - before[2]} refused, "
                  f"{time.time() - start:.0f} s", flush=True)
    print(f"{same} cells equal ({cells.texts} by text, {cells.ids_alone} by ids alone), {different} different, {refused} refused by name; "
          f"{cells.scores} scores, largest difference {cells.worst:.1e}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
