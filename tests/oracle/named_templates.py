"""Names of a checkpoint's own chat templates, against Transformers.

usage: tests/oracle/named_templates.py ASSAY      (needs transformers, gguf; folders go to a temporary place)

A tiny model with several templates, as files, as a list in tokenizer_config.json and as keys of a GGUF file: each of its
names renders by `assay tokenize --template NAME` what apply_chat_template(chat_template=NAME) renders, with tools and
without, and ids are equal. Then a model is trained with each, saved, and loaded by Transformers alone: its default
template gives the texts that were trained, and each further name still gives what it gave. Prints what differs, and
counts.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

TURN = "{%% for m in messages %%}%s{{ m.role }}: {{ m.content }}\n{%% endfor %%}"
TOOLS = "{% if tools %}{{ tools | tojson }}\n{% endif %}"
TEXTS = {"default": TOOLS + TURN % "D ", "tool_use": "with tools " + TOOLS + TURN % "T ", "rag": TOOLS + TURN % "R ",
         "chatml": TOOLS + TURN % "C ", "a b": TOOLS + TURN % "资 "}
TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {}}}
CONVERSATIONS = [{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello 🙂"}]},
                 {"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "q"},
                               {"role": "assistant", "content": "{{ a }}"}], "tools": [TOOL]}]
counts = {"cells": 0, "different": 0}


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, check=True, **more).stdout


def ours(assay, folder, *more):
    lines = "".join(json.dumps(c) + "\n" for c in CONVERSATIONS)
    return [json.loads(line) for line in run(assay, "tokenize", "--text", "--model", folder, *more, input=lines).splitlines()]


def theirs(tokenizer, name):
    texts = [tokenizer.apply_chat_template(c["messages"], tools=c.get("tools"), chat_template=name, tokenize=False)
             for c in CONVERSATIONS]
    return [{"text": text, "ids": tokenizer(text, add_special_tokens=False)["input_ids"]} for text in texts]


def compare(what, got, want):
    counts["cells"] += len(want)
    bad = [(g["text"], w["text"]) for g, w in zip(got, want) if g["text"] != w["text"] or g["ids"] != w["ids"]]
    counts["different"] += len(bad)
    for g, w in bad: print(f"{what}: {g!r} / {w!r}")


def write_files(folder, texts):
    os.makedirs(os.path.join(folder, "additional_chat_templates"))
    for name, text in texts.items():
        path = "chat_template.jinja" if name == "default" else f"additional_chat_templates/{name}.jinja"
        with open(os.path.join(folder, path), "w", encoding="utf-8") as file: file.write(text)


def write_list(folder, texts):
    path = os.path.join(folder, "tokenizer_config.json")
    config = json.load(open(path, encoding="utf-8"))
    config["chat_template"] = [{"name": name, "template": text} for name, text in texts.items()]
    json.dump(config, open(path, "w", encoding="utf-8"))


def check_model(assay, work, form, model, source):
    """source: a folder that Transformers loads, whose names are to be the model's."""
    from transformers import AutoTokenizer
    tokenizer = AutoTokenizer.from_pretrained(source)
    compare(f"{form}, auto", ours(assay, model), theirs(tokenizer, None))
    for name in tokenizer.chat_template:
        want = theirs(tokenizer, name)
        compare(f"{form}, {name}", ours(assay, model, "--template", name), want)
        out = os.path.join(work, "out")
        run(assay, "train", "--model", model, "--data", os.path.join(work, "pairs.jsonl"), "--output", out, "--template", name,
            "--eval-split", "off", "--max-steps", "1", "--quiet", "--force")
        compare(f"{form}, {name}, saved, by us", ours(assay, out), want)
        saved = AutoTokenizer.from_pretrained(out)
        compare(f"{form}, {name}, saved", want, theirs(saved, None))
        for other in tokenizer.chat_template:
            if other in ("default", "tool_use"): continue
            compare(f"{form}, {name}, saved, {other}", ours(assay, out, "--template", other), theirs(tokenizer, other))
            compare(f"{form}, {name}, saved, {other}", theirs(saved, other), theirs(tokenizer, other))
        shutil.rmtree(out)


def gguf_with(vocabulary, target, texts):
    """A tiny Llama with the vocabulary of another file and these templates, by gguf-py's own writer."""
    import gguf
    import numpy
    reader, writer = gguf.GGUFReader(vocabulary), gguf.GGUFWriter(target, "llama")
    for key, field in reader.fields.items():
        if not key.startswith("tokenizer.") or key.startswith("tokenizer.chat_template"): continue
        writer.add_key_value(key, field.contents(), field.types[0], field.types[-1] if len(field.types) > 1 else None)
    tokens, width, inner = len(reader.fields["tokenizer.ggml.tokens"].data), 32, 64
    for add, value in ((writer.add_context_length, 512), (writer.add_embedding_length, width), (writer.add_block_count, 1),
                       (writer.add_feed_forward_length, inner), (writer.add_head_count, 2), (writer.add_vocab_size, tokens),
                       (writer.add_rope_dimension_count, 16), (writer.add_layer_norm_rms_eps, 1e-5)):
        add(value)
    writer.add_chat_template([{"name": name, "template": text} for name, text in texts.items()])
    shapes = {"token_embd": (tokens, width), "output_norm": (width,), "blk.0.attn_norm": (width,), "blk.0.ffn_norm": (width,),
              "blk.0.ffn_gate": (inner, width), "blk.0.ffn_up": (inner, width), "blk.0.ffn_down": (width, inner)}
    shapes.update({f"blk.0.attn_{part}": (width, width) for part in ("q", "k", "v", "output")})
    random = numpy.random.default_rng(5)
    for name, shape in shapes.items(): writer.add_tensor(f"{name}.weight", random.normal(0, 0.05, shape).astype("float32"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    assay = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as work:
        base = os.path.join(work, "base")
        run(assay, "init", "--arch", "llama", "--output", base, "--quiet")
        with open(os.path.join(work, "pairs.jsonl"), "w") as file:
            file.write('{"prompt": "q", "chosen": "good", "rejected": "bad"}\n' * 2)
        for form, write in (("files", write_files), ("list", write_list)):
            model = os.path.join(work, form)
            shutil.copytree(base, model)
            write(model, TEXTS)
            check_model(assay, work, form, model, model)
        texts = {name.replace(" ", "_"): text for name, text in TEXTS.items()}  # as gguf-py would write the name
        model, folder = os.path.join(work, "model.gguf"), os.path.join(work, "folder")
        gguf_with("tests/data/tokenizer/smollm.gguf", model, texts)
        run(assay, "convert", model, "--output", folder, "--quiet")
        check_model(assay, work, "gguf", model, folder)
    print(f"{counts['cells']} cells, {counts['different']} different")
    return counts["different"] != 0


if __name__ == "__main__":
    sys.exit(main())
