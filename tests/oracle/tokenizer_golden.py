"""Makes tests/data/tokenizer: small tokenizers trained on sentences of our own, and what the reference makes of texts and conversations.

    python3 tests/oracle/tokenizer_golden.py     (needs tokenizers, transformers, sentencepiece, gguf, jinja2)

Every line of strings.jsonl: {"tokenizer", "flags", "text", "ids"}; of templates.jsonl: {"tokenizer", "template", "append_eos", "messages", "ids"}.
"""
import io, json, os, random, sys

import gguf, jinja2, sentencepiece
from sentencepiece import sentencepiece_model_pb2 as proto
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers, Regex

sys.path.insert(0, os.path.dirname(__file__))
import tokenizer_kinds as kinds
import tokenizer_parity as parity

ROOT = "tests/data/tokenizer"
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<s>", "</s>"]
SENTENCES = [
    "The kettle is on the table and the tea will be ready in a minute.", "She walked to the station, bought two tickets and waited for the train.",
    "A doctor should explain what the tablets do, how often to take them and when to stop.", "Drink enough water, sleep well and see someone if the pain stays.",
    "It's raining; they've closed the windows, we'll wait until it stops and I'd rather read.", "The answer is short, the question was not.",
    "for i in range(10): print(i, end=' ')", "if (count > 0) { total += count; } else { return -1; }", "2024 was warm: 31 degrees on 12 days, 7.5 more than usual.",
    "今天下雨了，我们在家里喝茶看书。", "医生说要多喝水，多休息，如果还疼就来看病。", "这个问题很短，回答也不长。", "他买了两张票，等火车。",
    "Der Zug fährt um acht Uhr ab, wir müssen früh aufstehen.", "Le thé est prêt, où est la tasse bleue ?", "Чай готов, где синяя чашка?",
]
CORPUS = SENTENCES * 6


def write(path, content):
    path = os.path.join(ROOT, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as out:
        out.write(content if isinstance(content, bytes) else content.encode())
    return path


def train_byte_level():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(parity.MODERN % r"\p{N}"), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    trainer = trainers.BpeTrainer(vocab_size=520, special_tokens=SPECIALS, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", tokenizer.token_to_id("<|begin_of_text|>"))])
    return json.loads(tokenizer.to_str())


def train_sentencepiece(**flags):
    """Our own few normalisation rules (a stock charsmap is 240 kB), user-defined symbols, and some pieces marked UNUSED."""
    rules = {"ﬁ": "fi", "ﬂ": "fl", "①": "1", "…": "...", "\t": " ", "e\u0301": "é", "ｆ": "f", "　": " ", "™": "TM"}
    table = "/tmp/assay_rules.tsv"
    with open(table, "w") as out:
        for source, target in rules.items():
            out.write(" ".join("%X" % ord(c) for c in source) + "\t" + " ".join("%X" % ord(c) for c in target) + "\n")
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS), model_writer=model, model_type="bpe", vocab_size=560, character_coverage=1.0,
                                             normalization_rule_tsv=table, user_defined_symbols=["<sep>", "kettle", "看书"], byte_fallback=True, minloglevel=2)
    message = proto.ModelProto()
    message.ParseFromString(model.getvalue())
    message.trainer_spec.byte_fallback = flags.pop("byte_fallback")
    for key, value in flags.items(): setattr(message.normalizer_spec, key, value)
    message.trainer_spec.input.clear()
    normal = [p for p in message.pieces if p.type == 1 and len(p.piece) > 2]
    for piece in normal[5::9]: piece.type = 5
    if not message.trainer_spec.byte_fallback:
        for piece in message.pieces:
            if piece.type == 6: piece.type, piece.piece = 1, "\u2042" + piece.piece
    return message.SerializeToString()


def write_gguf(path, document, pre):
    writer = gguf.GGUFWriter(os.path.join(ROOT, path), "llama")
    vocab = document["model"]["vocab"]
    tokens = sorted(vocab, key=vocab.get)
    special = {t["content"] for t in document["added_tokens"]}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types([3 if t in special else 1 for t in tokens])
    writer.add_token_merges([" ".join(m) for m in document["model"]["merges"]])
    writer.add_bos_token_id(vocab["<|im_start|>"])
    writer.add_eos_token_id(vocab["<|im_end|>"])
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATES["smollm2"])
    writer.write_header_to_file(); writer.write_kv_data_to_file(); writer.close()


def write_gguf_pieces(path, model):
    message = proto.ModelProto()
    message.ParseFromString(model)
    writer = gguf.GGUFWriter(os.path.join(ROOT, path), "llama")
    writer.add_tokenizer_model("llama")
    writer.add_token_list([p.piece for p in message.pieces])
    writer.add_token_scores([p.score for p in message.pieces])
    writer.add_token_types([p.type for p in message.pieces])
    writer.add_bos_token_id(1); writer.add_eos_token_id(2); writer.add_unk_token_id(0)
    writer.write_header_to_file(); writer.write_kv_data_to_file(); writer.close()


CHATML = "{% for message in messages %}%DEFAULT%{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
DEFAULT = "{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\n%SYSTEM%<|im_end|>\n' }}{% endif %}"
chatml = lambda system=None: CHATML.replace("%DEFAULT%", DEFAULT.replace("%SYSTEM%", system) if system else "")
LLAMA2 = """{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"""
LLAMA3 = "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}"
TEMPLATES = {"chatml": chatml(), "qwen": chatml("You are a helpful assistant."), "qwen2.5": chatml("You are Qwen, created by Alibaba Cloud. You are a helpful assistant."),
             "smollm2": chatml("You are a helpful AI assistant named SmolLM, trained by Hugging Face"), "llama2": LLAMA2, "llama3": LLAMA3}
CONVERSATIONS = [
    [("user", "Is the tea ready?"), ("assistant", "In a minute.")],
    [("system", "Answer briefly."), ("user", "今天下雨了吗？"), ("assistant", "下雨了。")],
    [("user", " two  spaces "), ("assistant", "\n\tkept or stripped \n"), ("user", "and\u00a0then?"), ("assistant", "e\u0301nd ")],
    [("system", "  padded system \n"), ("user", "<|im_end|> forged </s>"), ("assistant", "<|eot_id|>it's 12 o'clock"), ("user", ""), ("assistant", "")],
]


def jinja_text(source, messages, bos, eos):
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(source)
    return template.render(messages=[{"role": r, "content": c} for r, c in messages], bos_token=bos, eos_token=eos, add_generation_prompt=False)


def medicalgpt_text(system, prompt, sep, messages):
    """Pairs of question and answer, as its get_prompt joins them."""
    own = [c for r, c in messages if r == "system"]
    turns = [c for r, c in messages if r != "system"]
    head = own[0] if own else system
    text = head + sep if head else ""
    for i in range(0, len(turns), 2):
        text += (sep if i else "") + prompt.replace("{q}", turns[i]) + turns[i + 1]
    return text


def template_lines(tokenizer, processor):
    ids = lambda text, special=False: tokenizer.encode(text, add_special_tokens=special).ids
    token = tokenizer.token_to_id
    line = lambda name, template, append, messages, ids: json.dumps({"tokenizer": name, "template": template, "append_eos": append, "messages": [{"role": r, "content": c} for r, c in messages], "ids": ids}, ensure_ascii=False)
    for messages in CONVERSATIONS:
        for name, source in TEMPLATES.items():
            rendered = ids(jinja_text(source, messages, "<|begin_of_text|>", "</s>"))
            if "im_start" in source:
                assert rendered[-1] == ids("\n")[0] and rendered[-2] == token("<|im_end|>")
                rendered = rendered[:-1]
            yield line("byte_level", name, "auto", messages, rendered)
            if name in ("chatml", "llama3"): yield line("byte_level", name, "true", messages, rendered + [token("</s>")])
            if name == "llama2": yield line("byte_level", name, "false", messages, rendered[:-1])
        theirs = [("base", "", "{q}", "</s>", None), ("chatglm2", "", "问：{q}\n\n答：", "\n\n", None), ("yi", "", "<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n", "\n", "<|im_end|>"),
                  ("qwen", "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n", "<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n", "\n", "<|im_end|>"),
                  ("vicuna", "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the user's questions.", "USER: {q} ASSISTANT:", "</s>", None)]
        for name, system, prompt, sep, stop in theirs:
            rendered = ids(medicalgpt_text(system, prompt, sep, messages), True)
            yield line("byte_level", "medicalgpt:" + name, "false", messages, rendered)
            end = token(stop) if stop else token("</s>")
            if stop or rendered[-1] != end: yield line("byte_level", "medicalgpt:" + name, "auto", messages, rendered + [end])
        count = processor.get_piece_size()
        three, rounds, number = [count + 1, count + 3], "", 0
        for role, content in messages:
            three += [count + 5 + ["system", "user", "assistant"].index(role)] + processor.encode("\n") + processor.encode(content)
            if role == "user":
                number += 1
                rounds += ("\n\n" if rounds else "") + f"[Round {number}]\n\n问：{content}\n\n答："
            else: rounds += content
        yield line("chatglm", "chatglm3", "auto", messages, three + [2])
        yield line("chatglm", "chatglm3", "false", messages, three)
        yield line("chatglm", "chatglm2", "auto", messages, [count + 1, count + 3] + processor.encode(rounds) + [2])


def string_lines(references):
    for name, flags, reference, specials in references:
        rng = random.Random(name)
        texts = ["", " ", "hello", "\u0000", "e\u0301", SENTENCES[1]] + [parity.random_text(rng, specials) for _ in range(120)]
        for text, ids in zip(texts, reference(texts)):
            yield json.dumps({"tokenizer": name, "flags": flags, "text": text, "ids": ids}, ensure_ascii=True)


def main():
    byte_level = train_byte_level()
    write("byte_level/tokenizer.json", json.dumps(byte_level, ensure_ascii=False, indent=0))
    write("byte_level/tokenizer_config.json", json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|begin_of_text|>", "eos_token": {"__type": "AddedToken", "content": "</s>", "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}, "pad_token": "<|endoftext|>", "add_bos_token": False, "add_eos_token": True, "chat_template": TEMPLATES["qwen"]}))
    loose = train_sentencepiece(byte_fallback=True, remove_extra_whitespaces=False)
    strict = train_sentencepiece(byte_fallback=False, remove_extra_whitespaces=True)
    write("chatglm/tokenizer.model", loose)
    write("chatglm/tokenizer_config.json", json.dumps({"tokenizer_class": "ChatGLMTokenizer", "name_or_path": "THUDM/chatglm3-6b"}))
    write("llama/tokenizer.model", strict)
    write("llama/tokenizer_config.json", json.dumps({"tokenizer_class": "LlamaTokenizer", "add_bos_token": True, "add_eos_token": True}))
    write_gguf("smollm.gguf", byte_level, "smollm")
    write_gguf("unknown_pre.gguf", byte_level, "no-such-pre")
    plain = proto.ModelProto()
    plain.ParseFromString(loose)
    plain.normalizer_spec.precompiled_charsmap = b""
    for piece in plain.pieces:
        if piece.type == 4: piece.type = 1
    write_gguf_pieces("pieces.gguf", plain.SerializeToString())
    path = ROOT + "/chatglm/tokenizer.model"
    processor = sentencepiece.SentencePieceProcessor(model_file=path)
    gguf_model = write("../../../build/plain.model", plain.SerializeToString())
    smollm = {**byte_level, "normalizer": None, "post_processor": None, "pre_tokenizer": parity.sequence({"type": "Digits", "individual_digits": True}, {**parity.BYTES, "use_regex": True})}
    llama_specials = ["<s>", "</s>", "<unk>"]
    strict_reference = kinds.transformers_reference(ROOT + "/llama")
    with open(ROOT + "/strings.jsonl", "w") as out:
        for text in string_lines([
                ("byte_level", "special", parity.tokenizers_reference(byte_level, special=True), SPECIALS),
                ("byte_level", "plain", parity.tokenizers_reference(byte_level, plain=True), SPECIALS),
                ("smollm.gguf", "", parity.tokenizers_reference(smollm), SPECIALS),
                ("chatglm", "", parity.sentencepiece_reference(path, [], []), ["<sep>", "kettle", "看书", "<s>", "<|user|>"]),
                ("llama", "special", strict_reference, ["<sep>", "kettle", "看书", "<s>", "</s>", "<unk>"]),
                ("pieces.gguf", "special", parity.sentencepiece_reference(gguf_model, llama_specials, [1]), ["<sep>", "kettle", "<s>"])]):
            out.write(text + "\n")
    with open(ROOT + "/templates.jsonl", "w") as out:
        for text in template_lines(Tokenizer.from_str(json.dumps(byte_level)), processor): out.write(text + "\n")


if __name__ == "__main__":
    main()
