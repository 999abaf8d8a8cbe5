"""Counts strings on which build/tests/test_tokenizer --dump and the reference disagree, for every kind of tokenizer that is not byte-level
BPE from a tokenizer.json or plain SentencePiece BPE (those: tokenizer_parity.py, whose strings and options these are). Run by hand:

    make tests && python3 tests/oracle/tokenizer_kinds.py [--count 20000 | --every-code-point] [--only NAME,...] [--real FOLDER]
    python3 tests/oracle/tokenizer_kinds.py --speed [--real FOLDER]
    python3 tests/oracle/tokenizer_kinds.py --golden      writes tests/data/tokenizer/kinds and kinds.jsonl

Vocabularies are trained on the spot (sentencepiece, tokenizers) out of PROSE and Python's own documentation. --real: a folder of real
vocabularies, by the names in real_cases; what is missing there is skipped by name.
"""
import argparse, base64, io, json, os, pydoc_data.topics, subprocess, sys, tempfile, unicodedata

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as proto
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

sys.path.insert(0, os.path.dirname(__file__))
import tokenizer_parity as parity

HAN = "的一是不了人我在有他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让认算论百吃义科怎元社术结六功指思非流每青管夫连远资队跟带花快条院变联权往展该领传近留红治决周保达办运武半候七必城父强步完革深区即求品士转量空甚众技轻程告江语英基派满式李息写呢识极令黄德收脸钱党倒未持取设始版双历越史商千片容研像找友孩站广改议形委早房音火际则首单据导影失拿网香似斯专石若兵弟谁校读志飞观争究包组造落视济喜离虽坏兴待准响"


def corpus():
    lines = [line for text in pydoc_data.topics.topics.values() for line in text.splitlines() if line.strip()]
    prose = [line for line in parity.PROSE.splitlines() if line.strip()] * 20
    han = [HAN[i:i + 12] for i in range(0, len(HAN) - 12, 5)] * 4
    return [line.replace("\x00", "")[:2000] for line in lines + prose + han]


def train_spm(kind, size=2000, **options):
    """The bytes of a tokenizer.model."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(corpus()), model_writer=model, model_type=kind, vocab_size=size,
                                             character_coverage=0.9995, minloglevel=2, hard_vocab_limit=False, **options)
    return model.getvalue()


def parse_spm(model):
    message = proto.ModelProto()
    message.ParseFromString(model)
    return message


def added(tokens):
    return [{"id": i, "content": c, "single_word": False, "lstrip": c == "<mask>", "rstrip": False, "normalized": False, "special": True} for i, c in tokens]


def whole(model, pre=None, normalizer=None, post=None, tokens=()):
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added(tokens), "normalizer": normalizer, "pre_tokenizer": pre,
            "post_processor": post, "decoder": None, "model": model}


def unigram(message, unk, front, behind, **more):
    """XLM-R's (and T5's) way: special tokens first, then the pieces from index 3."""
    pieces = front + [[p.piece, p.score] for p in message.pieces][3:] + behind
    return {"type": "Unigram", "unk_id": unk, "vocab": pieces, "byte_fallback": False, **more}


def precompiled(message):
    return {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(message.normalizer_spec.precompiled_charsmap).decode()}


def metaspace(scheme="always", split=True):
    return {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split}


def template(first, last):
    piece = lambda t: [{"SpecialToken": {"id": t[1], "type_id": 0}}] if t else []
    text = lambda name, kind: {"Sequence": {"id": name, "type_id": kind}}
    return {"type": "TemplateProcessing", "single": piece(first) + [text("A", 0)] + piece(last), "pair": [text("A", 0), text("B", 1)],
            "special_tokens": {t[1]: {"id": t[1], "ids": [t[0]], "tokens": [t[1]]} for t in (first, last) if t}}


def json_cases():
    """name, document of a tokenizer.json, special tokens' text"""
    nmt, plain = parse_spm(train_spm("unigram")), parse_spm(train_spm("unigram", byte_fallback=True, normalization_rule_name="identity"))
    specials = ["<s>", "</s>", "<unk>", "<mask>", "<pad>", "<0x41>", "▁", "ª", "ﬁ"]
    roberta = [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0]]
    last = len(nmt.pieces) + 1
    tokens = [(0, "<s>"), (1, "<pad>"), (2, "</s>"), (3, "<unk>"), (last, "<mask>")]
    xlmr = unigram(nmt, 3, roberta, [["<mask>", 0.0]])
    yield "unigram-xlmr", whole(xlmr, parity.sequence({"type": "WhitespaceSplit"}, metaspace()), precompiled(nmt), template((0, "<s>"), (2, "</s>")), tokens), specials
    yield "unigram-first", whole(xlmr, metaspace("first"), {"type": "Sequence", "normalizers": [{"type": "Nmt"}, {"type": "NFKC"}]}, None, tokens), specials
    t5 = unigram(nmt, 2, [["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0]], [])
    yield "unigram-t5", whole(t5, metaspace(), precompiled(nmt), template(None, (1, "</s>")), [(0, "<pad>"), (1, "</s>"), (2, "<unk>")]), specials
    bytes_ = unigram(plain, 0, [["<unk>", 0.0], ["<s>", 0.0], ["</s>", 0.0]], [], byte_fallback=True)
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    yield "unigram-bytes", whole(bytes_, None, {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, replace]}, None, [(1, "<s>"), (2, "</s>")]), specials
    pieces = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": train_word_piece(True)}
    clozes = ["[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "##ing"]
    bert = lambda **flags: {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True, **flags}
    words = {"type": "BertPreTokenizer"}
    ends = {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}
    named = [(i, c) for i, c in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])]
    yield "wordpiece", whole(pieces, words, bert(), ends, named), clozes
    yield "wordpiece-cased", whole(pieces, words, bert(lowercase=False), ends, named), clozes
    yield "wordpiece-accents", whole(pieces, words, bert(lowercase=False, strip_accents=True, clean_text=False, handle_chinese_chars=False), ends, named), clozes
    short = {**pieces, "max_input_chars_per_word": 5, "continuing_subword_prefix": ""}
    yield "wordpiece-short", whole(short, {"type": "Whitespace"}, {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}, {"type": "Lowercase"}]}, ends, named), clozes
    level = {"type": "WordLevel", "unk_token": "[UNK]", "vocab": pieces["vocab"]}
    yield "wordlevel", whole(level, {"type": "Whitespace"}, {"type": "Lowercase"}, ends, named), clozes


def train_word_piece(lowercase):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=3000, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False)
    tokenizer.train_from_iterator(corpus(), trainer)
    return json.loads(tokenizer.to_str())["model"]["vocab"]


def transformers_reference(path):
    from transformers import AutoTokenizer
    tokenizer = AutoTokenizer.from_pretrained(path)
    return lambda texts: tokenizer(texts)["input_ids"]


def flagged(content, **flags):
    return {"content": content, "lstrip": False, "rstrip": False, "single_word": False, "normalized": False, "special": True, **flags}


ADDED = {"32000": flagged("<|im_start|>"), "32001": flagged("<l>", lstrip=True), "32002": flagged("<r>", rstrip=True), "32003": flagged("word", single_word=True, special=False),
         "32004": flagged("<n>", normalized=True, special=False), "32005": flagged("<lr>", lstrip=True, rstrip=True, special=False, normalized=True)}
SPECIALS = ["<s>", "</s>", "<unk>", "<|im_start|>", "<l>", "<r>", "word", "<n>", "<lr>", "<tok>", "<0x41>", "▁", "▁▁", "<mask>", "<pad>", "[MASK]", "[CLS]", "<extra_id_3>", "<sep>"]


def folder_cases(real):
    """name, files of a folder without tokenizer.json; the reference is AutoTokenizer."""
    llama = open(parity.FILES + "llama2.tokenizer.model", "rb").read()
    config = lambda name, **more: {"tokenizer_config.json": {**({"tokenizer_class": name} if name else {}), **more}}
    model = lambda bytes_, settings, **more: {"tokenizer.model": bytes_, **settings, **more}
    kind = lambda name: {"config.json": {"model_type": name}}
    yield "llama", model(llama, config("LlamaTokenizer"))
    yield "llama-legacy", model(llama, config("LlamaTokenizerFast", legacy=True, add_bos_token=True, add_eos_token=True, added_tokens_decoder=ADDED))
    yield "llama-new", model(llama, config("LlamaTokenizer", legacy=False, add_bos_token=True, added_tokens_decoder=ADDED))
    yield "llama-bare", model(llama, config("LlamaTokenizer", add_prefix_space=False, additional_special_tokens=["<|im_start|>", "<tok>"]))
    yield "llama-map", model(llama, config("LlamaTokenizer", add_bos_token=True), **{"special_tokens_map.json": {"bos_token": flagged("<l>", lstrip=True), "pad_token": "<unk>", "additional_special_tokens": ["<tok>"]}})
    yield "llama-added", model(llama, config("LlamaTokenizer", pad_token="<tok>"), **{"added_tokens.json": {"<|im_start|>": 32000, "<tok>": 32001, "<n>": 32002}})
    yield "code-llama", model(llama, config("CodeLlamaTokenizer"))
    yield "gemma", model(llama, config("GemmaTokenizer", add_bos_token=True))
    yield "generic", model(llama, kind("llama"))
    yield "generic-new", model(llama, {**config("LlamaTokenizer", legacy=False, add_bos_token=True, added_tokens_decoder=ADDED), **kind("mistral")})
    yield "internlm2", model(llama, {**config("InternLM2Tokenizer", add_bos_token=True, added_tokens_decoder={**ADDED, "5": flagged("<tok>")}), **kind("internlm2")})
    yield "baichuan", model(train_spm("bpe", normalization_rule_name="nmt_nfkc", user_defined_symbols=["<sep>", "word", "你好"]), {**config("BaichuanTokenizer", add_bos_token=True), **kind("baichuan")})
    yield "generic-unigram", model(train_spm("unigram", byte_fallback=True), config("SomeTokenizer", add_bos_token=True, add_eos_token=True))
    unigram = train_spm("unigram")
    yield "xlm-roberta", {"sentencepiece.bpe.model": unigram, **config("XLMRobertaTokenizer")}
    yield "t5", {"spiece.model": unigram, **config("T5Tokenizer", extra_ids=7)}
    deberta = train_spm("unigram", pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]")
    yield "deberta-v2", {"spm.model": deberta, **config("DebertaV2Tokenizer", do_lower_case=True, split_by_punct=True)}
    yield "deberta-v2-plain", {"spm.model": deberta, **config(None), **kind("deberta-v2")}
    for name in ("tokenizer.model.v1", "mistral_instruct_tokenizer_240323.model.v3"):
        path = os.path.join(real, name)
        if os.path.exists(path): yield name, model(open(path, "rb").read(), {**config("LlamaTokenizer", add_bos_token=True), **kind("mistral")})
        else: print(name, "is not there")


LLAMA3, QWEN2 = parity.MODERN % r"\p{N}{1,3}", parity.MODERN % r"\p{N}"
GLM4 = ["<|endoftext|>", "[MASK]", "[gMASK]", "[sMASK]", "<sop>", "<eop>", "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>", "<|begin_of_image|>",
        "<|end_of_image|>", "<|begin_of_video|>", "<|end_of_video|>"]
LLAMA3_SPECIALS = ["<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>", "<|reserved_special_token_1|>", "<|finetune_right_pad_id|>", "<|step_id|>",
                   "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>", "<|eot_id|>", "<|python_tag|>", "<|image|>"] + [f"<|reserved_special_token_{i}|>" for i in range(2, 246)]
QWEN = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"] + [f"<|extra_{i}|>" for i in range(205)]


def read_ranks(path):
    return {base64.b64decode(word): int(rank) for word, rank in (line.split() for line in open(path, "rb") if line.strip())}


def tiktoken_reference(path, pattern, specials, front=(), nfc=False):
    import tiktoken
    ranks = read_ranks(path)
    numbers = {name: len(ranks) + i for i, name in enumerate(specials)}
    encoding = tiktoken.Encoding(name="ranks", pat_str=pattern, mergeable_ranks=ranks, special_tokens=numbers)
    form = (lambda text: unicodedata.normalize("NFC", text)) if nfc else lambda text: text
    return lambda texts: [[numbers[f] for f in front] + encoding.encode(form(text), allowed_special="all") for text in texts]


def rank_cases(root, real):
    """Rank files against tiktoken, real ones."""
    config = lambda name: {"tokenizer_config.json": {"tokenizer_class": name}}
    llama, qwen = os.path.join(real, "llama3.tokenizer.model"), os.path.join(real, "qwen.tiktoken")
    if os.path.exists(llama):
        data = open(llama, "rb").read()
        yield "ranks-llama3", parity.folder(root, "ranks-llama3", {"tokenizer.model": data}), tiktoken_reference(llama, LLAMA3, LLAMA3_SPECIALS, ["<|begin_of_text|>"]), LLAMA3_SPECIALS[:12], ("special",)
        yield "ranks-glm4", parity.folder(root, "ranks-glm4", {"tokenizer.model": data, **config("ChatGLM4Tokenizer")}), tiktoken_reference(llama, LLAMA3, GLM4, ["[gMASK]", "<sop>"]), GLM4, ("special",)
        path = parity.folder(root, "ranks-plain", {"tokenizer.model": data, "tokenizer_config.json": {"tokenizer_class": "TokenizersBackend", "bos_token": "<|a|>", "add_bos_token": True,
                             "added_tokens_decoder": {"128002": flagged("<|a|>"), "128004": flagged("<|b|>", lstrip=True, special=False)}}})
        yield "ranks-plain", path, transformers_reference(path), ["<|a|>", "<|b|>", "<|reserved_token_128003|>"], ("special",)
    else: print("llama3.tokenizer.model is not there")
    if os.path.exists(qwen):
        yield "ranks-qwen", parity.folder(root, "ranks-qwen", {"qwen.tiktoken": open(qwen, "rb").read(), **config("QWenTokenizer")}), tiktoken_reference(qwen, QWEN2, QWEN, nfc=True), QWEN[:5], ("special",)
    else: print("qwen.tiktoken is not there")


def ice_reference(model):
    """ChatGLM-6B: white space put into pieces, then SentencePiece; [gMASK] <sop> behind. Special tokens' text cuts the text first."""
    import re
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    ends = [processor.piece_to_id(p) for p in ("[gMASK]", "<sop>")]

    def spaces(text):
        text = text.replace("\n", "<n>").replace("\t", "<|tab|>")
        for count in range(80, 1, -1): text = text.replace(" " * count, f"<|blank_{count}|>")
        return text

    def run(text):
        ids = []
        for part in re.split("(<eop>|<sop>|\\[gMASK\\]|</s>|<s>)", text):
            if part: ids += [processor.piece_to_id(part)] if re.fullmatch("<eop>|<sop>|\\[gMASK\\]|</s>|<s>", part) else processor.encode(spaces(part))
        return ids + ends
    return lambda texts: [run(text) for text in texts]


def more_folder_cases(root, real):
    gpt2 = parity.gguf_fields(parity.FILES + "ggml-vocab-gpt-2.gguf")
    files = {"vocab.json": {t: i for i, t in enumerate(gpt2["tokenizer.ggml.tokens"])}, "merges.txt": ("#version: 0.2\n" + "\n".join(gpt2["tokenizer.ggml.merges"]) + "\n").encode()}
    config = lambda name, **more: {"tokenizer_config.json": {**({"tokenizer_class": name} if name else {}), **more}}
    names = {"gpt2": config("GPT2Tokenizer", add_bos_token=True), "gpt2-spaced": config("GPT2TokenizerFast", add_prefix_space=True, additional_special_tokens=["<tok>", "<|im_start|>"]),
             "qwen2": config("Qwen2Tokenizer", added_tokens_decoder={"50256": flagged("<|endoftext|>"), "50257": flagged("<|im_start|>"), "50258": flagged("<n>", special=False, normalized=True)}),
             "roberta": {"config.json": {"model_type": "roberta"}, **config(None)}}
    for name, more in names.items():
        path = parity.folder(root, "merges-" + name, {**files, **more})
        yield "merges-" + name, path, transformers_reference(path), SPECIALS + ["<|endoftext|>"], ("special",)
    words = train_word_piece(True)
    listed = "\n".join(sorted(words, key=words.get)).encode() + b"\n"
    real_words = os.path.join(real, "vocab.txt")
    for name, data, more in (("vocab-bert", listed, config("BertTokenizer")), ("vocab-cased", listed, {"config.json": {"model_type": "bert"}, **config(None, do_lower_case=False, strip_accents=True)}),
                             ("vocab-real", open(real_words, "rb").read() if os.path.exists(real_words) else None, config("BertTokenizerFast", tokenize_chinese_chars=False))):
        if not data: print("vocab.txt is not there"); continue
        path = parity.folder(root, name, {"vocab.txt": data, **more})
        yield name, path, transformers_reference(path), SPECIALS, ("special",)
    for kind in ("bpe", "unigram"):
        model = train_spm(kind, byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False, control_symbols=["[gMASK]", "<sop>", "<eop>"],
                          user_defined_symbols=["<n>", "<|tab|>"] + [f"<|blank_{i}|>" for i in range(2, 81)])
        path = parity.folder(root, "ice-" + kind, {"ice_text.model": model, **config("ChatGLMTokenizer", eos_token="<eop>")})
        yield "ice-" + kind, path, ice_reference(model), ["<n>", "<|tab|>", "<eop>", "[gMASK]", "   ", "<|blank_3|>"], ("special",)


def write_gguf(path, model, tokens, types, merges=None, scores=None, **keys):
    import gguf
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model(model)
    writer.add_token_list(tokens); writer.add_token_types(types)
    if merges: writer.add_token_merges(merges)
    if scores: writer.add_token_scores(scores)
    for key, value in keys.items():
        add = writer.add_array if isinstance(value, list) else writer.add_bool if isinstance(value, bool) else writer.add_string if isinstance(value, str) else writer.add_uint32
        add("tokenizer.ggml." + key, value)
    writer.write_header_to_file(); writer.write_kv_data_to_file(); writer.close()
    return path


def phantom(words):
    """WordPiece as llama.cpp's converter writes it: U+2581 where a word begins, nothing inside."""
    return [w if w.startswith("[") and w.endswith("]") else w[2:] if w.startswith("##") else "\u2581" + w for w in words]


PRE_NAMES = open("src/tokenizer/gguf_pre.c").read().split("rules[] = {")[1].split("};")[0].split('.name = "')[1:]


def gguf_cases(root, real):
    """Every word of tokenizer.ggml.pre over GPT-2's vocabulary (and a real one where there is one), against tokenizers reading what Assay writes of the file."""
    gpt2 = parity.gguf_fields(parity.FILES + "ggml-vocab-gpt-2.gguf")
    write = lambda name, *more, **keys: write_gguf(os.path.join(root, name + ".gguf"), *more, **keys)

    def written(name, path):
        folder = parity.folder(root, "written-" + name, {})
        subprocess.run([parity.DUMP, "--save", path, folder], check=True)
        return parity.tokenizers_reference(json.load(open(folder + "/tokenizer.json")), special=True)

    tokens, types = gpt2["tokenizer.ggml.tokens"] + ["<|im_start|>"], gpt2["tokenizer.ggml.token_type"] + [3]
    seen = set()
    for entry in PRE_NAMES:
        name, rule = entry.split('"')[0], entry.split('",')[1].split(".add_")[0].strip().rstrip("},").strip()
        if rule in seen: continue
        seen.add(rule)
        path = write("pre-" + name, "gpt2", tokens, types, gpt2["tokenizer.ggml.merges"], pre=name, bos_token_id=50257)
        yield "pre-" + name, path, written(name, path), ["<|im_start|>", "<|endoftext|>"], ("special",)
    words = train_word_piece(True)
    listed = sorted(words, key=words.get)
    reference = next(document for name, document, _ in json_cases() if name == "wordpiece")
    reference["model"]["vocab"] = words
    path = write("gguf-bert", "bert", phantom(listed), [3 if w in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]") else 1 for w in listed], unknown_token_id=1, cls_token_id=2, seperator_token_id=3, padding_token_id=0)
    yield "gguf-bert", path, parity.tokenizers_reference(reference, special=True), ["[CLS]", "[MASK]", "##ing"], ("special",)
    model = train_spm("unigram")
    message = parse_spm(model)
    path = write("gguf-t5", "t5", [p.piece for p in message.pieces], [p.type for p in message.pieces], scores=[p.score for p in message.pieces], unknown_token_id=0, bos_token_id=1, eos_token_id=2,
                 precompiled_charsmap=list(message.normalizer_spec.precompiled_charsmap), add_space_prefix=True, remove_extra_whitespaces=True)
    generic = parity.folder(root, "gguf-t5-twin", {"tokenizer.model": model, "tokenizer_config.json": {"add_eos_token": True}})
    yield "gguf-t5", path, transformers_reference(generic), ["<s>", "</s>", "x"], ("special",)


def cases(root, real):
    """name, path, reference, specials, flags"""
    for name, document, specials in json_cases():
        yield name, parity.folder(root, name, {"tokenizer.json": document}), parity.tokenizers_reference(document, special=True), specials, ("special",)
    for name, files in folder_cases(real):
        path = parity.folder(root, name, files)
        yield name, path, transformers_reference(path), SPECIALS, ("special",)
    for make in (more_folder_cases, rank_cases, gguf_cases): yield from make(root, real)
    path = os.path.join(real, "minilm.json")
    if os.path.exists(path):
        document = json.load(open(path))
        document["truncation"] = document["padding"] = None
        yield "bert-real", parity.folder(root, "bert-real", {"tokenizer.json": document}), parity.tokenizers_reference(document, special=True), ["[CLS]", "[SEP]", "[MASK]"], ("special",)


def small_spm(kind, more=(), **options):
    """A SentencePiece model of a few hundred pieces with our own few normalisation rules (a stock charsmap is 240 kB)."""
    import tokenizer_golden as golden
    rules = {"ﬁ": "fi", "①": "1", "\t": " ", "\n": " ", "e\u0301": "é", "ｆ": "f", "\u3000": " ", "™": "TM", "\u00a0": " "}
    with open("/tmp/assay_rules.tsv", "w") as out:
        for source, target in rules.items(): out.write(" ".join("%X" % ord(c) for c in source) + "\t" + " ".join("%X" % ord(c) for c in target) + "\n")
    model = io.BytesIO()
    options = {"normalization_rule_tsv": "/tmp/assay_rules.tsv", "vocab_size": 520 if options.get("byte_fallback") else 400, **options}
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter([*golden.CORPUS, *more]), model_writer=model, model_type=kind, character_coverage=1.0, minloglevel=2, hard_vocab_limit=False, **options)
    return model.getvalue()


def golden_words():
    """A small vocabulary of WordPiece: the committed one where it is, for training orders equal counts by chance."""
    import tokenizer_golden as golden
    path = "tests/data/tokenizer/kinds/bert/vocab.txt"
    if os.path.exists(path): return open(path).read().splitlines()
    words = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    words.normalizer, words.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    words.train_from_iterator(golden.CORPUS, trainers.WordPieceTrainer(vocab_size=400, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False))
    vocab = json.loads(words.to_str())["model"]["vocab"]
    return sorted(vocab, key=vocab.get)


def golden_cases():
    """name, files of a folder, reference of the folder's path, special tokens' text"""
    import tokenizer_golden as golden
    config = lambda name, **more: {"tokenizer_config.json": {"tokenizer_class": name, **more}}
    bpe, unigram_ = small_spm("bpe", byte_fallback=True, vocab_size=460), small_spm("unigram")
    flags = {"460": flagged("<|im_start|>"), "461": flagged("<l>", lstrip=True), "462": flagged("<r>", rstrip=True), "463": flagged("tea", single_word=True, special=False), "464": flagged("<n>", normalized=True, special=False)}
    yield "llama", {"tokenizer.model": bpe, **config("LlamaTokenizer", legacy=False, add_bos_token=True, added_tokens_decoder=flags)}, transformers_reference
    yield "llama-legacy", {"tokenizer.model": bpe, **config("LlamaTokenizerFast", legacy=True, additional_special_tokens=["<tok>"]), "special_tokens_map.json": {"bos_token": flagged("<l>", lstrip=True)}}, transformers_reference
    yield "llama-bare", {"tokenizer.model": bpe, **config("LlamaTokenizer", add_prefix_space=False, add_eos_token=True), "added_tokens.json": {"<n>": 460}}, transformers_reference
    yield "generic", {"tokenizer.model": small_spm("bpe", user_defined_symbols=["<sep>", "kettle"], vocab_size=360), **config("BaichuanTokenizer", add_bos_token=True)}, transformers_reference
    yield "xlm-roberta", {"sentencepiece.bpe.model": unigram_, **config("XLMRobertaTokenizer")}, transformers_reference
    yield "deberta-v2", {"spm.model": small_spm("unigram", pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]"), **config("DebertaV2Tokenizer", split_by_punct=True)}, transformers_reference
    yield "bert", {"vocab.txt": "\n".join(golden_words()).encode() + b"\n", **config("BertTokenizer")}, transformers_reference
    level = golden.train_byte_level()
    plain = {t: i for t, i in level["model"]["vocab"].items()}
    yield "qwen2", {"vocab.json": plain, "merges.txt": ("#version: 0.2\n" + "\n".join(" ".join(m) for m in level["model"]["merges"]) + "\n").encode(), **config("Qwen2Tokenizer", pad_token="<|pad|>")}, transformers_reference
    letters = {c: b for b, c in letters_of_bytes().items()}
    tokens = [bytes(letters[c] for c in t) for t in sorted(plain, key=plain.get) if t not in golden.SPECIALS]
    ranks = sorted((t for t in tokens if len(t) == 1)) + [t for t in tokens if len(t) > 1]
    lines = b"".join(base64.b64encode(t) + b" %d\n" % i for i, t in enumerate(ranks))
    yield "qwen", {"qwen.tiktoken": lines, **config("QWenTokenizer")}, lambda path: tiktoken_reference(path + "/qwen.tiktoken", QWEN2, QWEN, nfc=True)
    yield "glm4", {"tokenizer.model": lines, **config("ChatGLM4Tokenizer")}, lambda path: tiktoken_reference(path + "/tokenizer.model", LLAMA3, GLM4, ["[gMASK]", "<sop>"])
    doubled = ["====== !!! ??? = == === ! !! ---- - --"] * 20 # two cuts of equal pieces: which one wins hangs on the sums before it
    for name, kind, more in ("ice", "bpe", ()), ("ice-unigram", "unigram", doubled):
        ice = small_spm(kind, more, byte_fallback=True, normalization_rule_name="identity", normalization_rule_tsv="", remove_extra_whitespaces=False, control_symbols=["[gMASK]", "<sop>", "<eop>"],
                        user_defined_symbols=["<n>", "<|tab|>"] + [f"<|blank_{i}|>" for i in range(2, 81)], vocab_size=520)
        yield name, {"ice_text.model": ice, **config("ChatGLMTokenizer", eos_token="<eop>")}, lambda path, ice=ice: ice_reference(ice)
    roberta = [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0]]
    message = parse_spm(unigram_)
    document = whole(unigram(message, 3, roberta, [["<mask>", 0.0]]), metaspace("first"), {"type": "Sequence", "normalizers": [{"type": "Nmt"}, precompiled(message), {"type": "StripAccents"}]}, template((0, "<s>"), (2, "</s>")), [(0, "<s>"), (2, "</s>")])
    yield "unigram-json", {"tokenizer.json": document}, lambda path: parity.tokenizers_reference(document, special=True)


def letters_of_bytes():
    """GPT-2's alphabet: byte -> letter."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    return {**{b: chr(b) for b in printable}, **{b: chr(256 + i) for i, b in enumerate(others)}}


CASED = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+%s|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*%s|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
ENDING = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"


GEMMA4 = ["<pad>", "<eos>", "<bos>", "<|turn>", "<turn|>"]


def gemma4_document():
    """Gemma 4's kind: merges over SentencePiece's letters, without words, with byte fallback."""
    import tokenizer_golden as golden
    bytes_ = [f"<0x{b:02X}>" for b in range(256)]
    trained = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    trained.normalizer = normalizers.Replace(" ", "\u2581")
    trained.train_from_iterator(golden.CORPUS, trainers.BpeTrainer(vocab_size=560, special_tokens=GEMMA4[:3] + ["<unk>"] + GEMMA4[3:] + bytes_, show_progress=False))
    body = json.loads(trained.to_str())["model"]
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}
    split = {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False}
    named = [(body["vocab"][t], t) for t in GEMMA4 + ["<unk>"]]
    return whole({**body, "byte_fallback": True, "fuse_unk": True, "unk_token": "<unk>"}, split, replace, template((2, "<bos>"), None), named)


def golden_gguf():
    """name, path of a GGUF file, reference"""
    import tokenizer_golden as golden
    root = "tests/data/tokenizer/kinds/"
    level = golden.train_byte_level()
    vocab, merges = level["model"]["vocab"], [" ".join(m) for m in level["model"]["merges"]]
    tokens = sorted(vocab, key=vocab.get)
    digits = {"type": "Digits", "individual_digits": True}
    steps = {"tekken": (parity.sequence(parity.split(CASED % ("", "", "")), parity.BYTES), None, True), "gpt-4o": (parity.sequence(parity.split(CASED % (ENDING, ENDING, "{1,3}")), parity.BYTES), None, False),
             "deepseek-v3": (parity.sequence(parity.split(r"\p{N}{1,3}"), parity.split(r"[一-龥\u3040-ゟ゠-ヿ]+"), parity.split(parity.DEEPSEEK), parity.BYTES), None, False),
             "command-r": (parity.sequence(digits, {**parity.BYTES, "use_regex": True}), {"type": "NFC"}, False)}
    for name, (pre, normalizer, whole_words) in steps.items():
        path = write_gguf(root + name + ".gguf", "gpt2", tokens, [3 if t in golden.SPECIALS else 1 for t in tokens], merges, pre=name, add_bos_token=False)
        yield name + ".gguf", path, parity.tokenizers_reference(parity.document(vocab, merges, pre, normalizer, [(t, {}) for t in golden.SPECIALS], ignore_merges=whole_words), special=True)
    document = gemma4_document()
    tokens = sorted(document["model"]["vocab"], key=document["model"]["vocab"].get)
    kind = lambda t: 3 if t in GEMMA4 else 2 if t == "<unk>" else 6 if t.startswith("<0x") else 1
    path = write_gguf(root + "gemma4.gguf", "gemma4", tokens, [kind(t) for t in tokens], [" ".join(m) for m in document["model"]["merges"]], bos_token_id=2, eos_token_id=1, unknown_token_id=3, padding_token_id=0)
    yield "gemma4.gguf", path, parity.tokenizers_reference(document, special=True)
    listed = open(root + "bert/vocab.txt").read().splitlines()
    names = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    path = write_gguf(root + "bert.gguf", "bert", phantom(listed), [3 if w in names else 1 for w in listed], unknown_token_id=1, cls_token_id=2, seperator_token_id=3, padding_token_id=0)
    yield "bert.gguf", path, transformers_reference(root + "bert")
    model = small_spm("unigram")
    message = parse_spm(model)
    path = write_gguf(root + "t5.gguf", "t5", [p.piece for p in message.pieces], [p.type for p in message.pieces], scores=[p.score for p in message.pieces], unknown_token_id=0, bos_token_id=1, eos_token_id=2,
                      precompiled_charsmap=list(message.normalizer_spec.precompiled_charsmap), add_space_prefix=True, remove_extra_whitespaces=True)
    with tempfile.TemporaryDirectory() as twin:
        yield "t5.gguf", path, transformers_reference(parity.folder(twin, "t5", {"tokenizer.model": model, "tokenizer_config.json": {"add_eos_token": True}}))


def timed(reference, texts):
    import time
    start = time.perf_counter()
    reference(texts)
    return time.perf_counter() - start


def speed(real):
    """MB/s of each kind beside its reference, one thread, on texts of about 2 KB: prose, code and Chinese. The best of three."""
    import random
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    rng, lines = random.Random(1), corpus()
    rng.shuffle(lines)
    joined = "\n".join(lines)
    texts = [joined[i:i + 2000] for i in range(0, min(len(joined), 600000), 2000)]
    size = sum(len(t.encode()) for t in texts)
    with tempfile.TemporaryDirectory() as root:
        for name, path, reference, _, _ in cases(root, real):
            data = "".join(json.dumps(t) + "\n" for t in texts).encode()
            ours = min(float(subprocess.run([parity.DUMP, "--time", path], input=data, stdout=subprocess.PIPE, check=True).stdout.split()[1]) for _ in range(3))
            theirs = min(timed(reference, texts) for _ in range(3))
            print(f"{name:40s} assay {size / ours / 1e6:6.1f} MB/s   reference {size / theirs / 1e6:6.1f} MB/s", flush=True)


def weighed(ids):
    """One number for a long list of ids, places and all."""
    return sum((i + 1) * number for i, number in enumerate(ids)) % 2 ** 32


def write_golden():
    """Also kinds_long.jsonl: texts of 100 KB and more, a part many times over, whose ids stand there as a count and a weighed sum."""
    import random
    texts = ["<|im_start|>", "<l>", "<r>", "tea", "<n>", "<tok>", "<s>", "</s>", "<mask>", "[MASK]", "<sep>", "kettle", "<|endoftext|>", "<eop>", "<|user|>", "<|extra_3|>", "  ", "\n"]
    folders = ((name, lambda name=name, files=files, make=make: make(parity.folder("tests/data/tokenizer/kinds", name, files))) for name, files, make in golden_cases())
    files = ((name, lambda reference=reference: reference) for name, _, reference in golden_gguf())
    with open("tests/data/tokenizer/kinds.jsonl", "w") as out, open("tests/data/tokenizer/kinds_long.jsonl", "w") as long:
        for name, make in (case for group in (folders, files) for case in group):
            reference, rng = make(), random.Random(name)
            parts = ["<n>", "<|tab|>", "<|blank_3|>", "<0x41>", "===", "=====", "!!!", "!!!!!", "-----", "???", " ", "a ", "the ", "\n", "  "]
            tied = ["".join(rng.choice(parts) for _ in range(rng.randrange(4, 24))) for _ in range(60 if name == "ice-unigram" else 0)]
            strings = tied + ["", " ", "hello", "\x00", "e\u0301 the kettle", "\x01x", "=" * 40, "a <l> b", "a <r> b", "teapot tea"] + [parity.random_text(rng, texts) for _ in range(40)]
            for text, ids in zip(strings, reference(strings)):
                out.write(json.dumps({"tokenizer": "kinds/" + name, "flags": "special", "text": text, "ids": ids}) + "\n")
            part = "".join(rng.choice(parts) + parity.random_text(rng, texts) for _ in range(10))
            if tied: part = "".join(tied[:20])  # its sum of scores passes the 100,000 where SentencePiece begins anew
            times = (400000 if tied else 100000) // len(part) + 1
            ids = reference([part * times])[0]
            long.write(json.dumps({"tokenizer": "kinds/" + name, "flags": "special", "text": part, "times": times, "count": len(ids), "sum": weighed(ids)}) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--only", default="")
    parser.add_argument("--real", default="")
    parser.add_argument("--every-code-point", action="store_true")
    parser.add_argument("--golden", action="store_true")
    parser.add_argument("--speed", action="store_true")
    options = parser.parse_args()
    if options.golden: return write_golden()
    if options.speed: return speed(options.real)
    if options.every_code_point: options.count = 0
    total = 0
    with tempfile.TemporaryDirectory() as root:
        for name, path, reference, specials, flags in cases(root, options.real):
            if options.only and name not in options.only.split(","): continue
            total += parity.compare(name, path, reference, specials, options.count, flags)
    print("mismatches in all:", total)
    return total != 0


if __name__ == "__main__":
    sys.exit(main())
