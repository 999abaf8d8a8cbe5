"""Measures, code point by code point, where the reference's Unicode tables differ from the libraries the product uses, and prints the ranges
that src/text/unicode.c, unicode_class.c and pattern_translate.c hold. Run by hand after an update of any of them:

    python3 tests/oracle/unicode_classes.py      (needs tokenizers, libutf8proc.so.2, libpcre2-8.so.0)
"""
import ctypes
from tokenizers import Regex, normalizers, pre_tokenizers

CODES = [code for code in range(0x110000) if not 0xd800 <= code < 0xe000]
UTF8PROC = ctypes.CDLL("libutf8proc.so.2")
PCRE2 = ctypes.CDLL("libpcre2-8.so.0")


class Property(ctypes.Structure):
    _fields_ = [("category", ctypes.c_int16), ("combining_class", ctypes.c_int16)]


UTF8PROC.utf8proc_category.argtypes = UTF8PROC.utf8proc_tolower.argtypes = [ctypes.c_int32]
UTF8PROC.utf8proc_get_property.argtypes = [ctypes.c_int32]
UTF8PROC.utf8proc_get_property.restype = ctypes.POINTER(Property)
PCRE2.pcre2_compile_8.restype = PCRE2.pcre2_match_data_create_8.restype = ctypes.c_void_p


def ranges(codes):
    result = []
    for code in codes:
        if result and result[-1][1] == code - 1: result[-1][1] = code
        else: result.append([code, code])
    return " ".join(f"{a:x}-{b:x}" if a != b else f"{a:x}" for a, b in result)


def show(what, codes, theirs, ours):
    print(f"{what}: {len(codes)} differ; only theirs: {ranges([c for c in codes if theirs(c)])}; only ours: {ranges([c for c in codes if ours(c)])}")


def oniguruma_class(pattern):
    """The set of code points that one-character `pattern` matches in the reference's engine."""
    kept = normalizers.Replace(Regex(f"[^{pattern}]"), "")
    return set(map(ord, "".join(kept.normalize_str("".join(map(chr, CODES[i:i + 4096]))) for i in range(0, len(CODES), 4096))))


def pcre2_class(pattern):
    number, offset = ctypes.c_int(), ctypes.c_size_t()
    utf, ucp = 0x00080000, 0x00020000
    code = PCRE2.pcre2_compile_8(pattern.encode(), ctypes.c_size_t(len(pattern)), utf | ucp, ctypes.byref(number), ctypes.byref(offset), None)
    data = PCRE2.pcre2_match_data_create_8(1, None)
    match = lambda text: PCRE2.pcre2_match_8(ctypes.c_void_p(code), text, ctypes.c_size_t(len(text)), ctypes.c_size_t(0), 0, ctypes.c_void_p(data), None) >= 0
    return {c for c in CODES if match(chr(c).encode())}


def main():
    category = [UTF8PROC.utf8proc_category(c) if not 0xd800 <= c < 0xe000 else 0 for c in range(0x110000)]
    for name, first, last in (("L", 1, 5), ("N", 9, 11)):
        theirs = oniguruma_class(r"\p{%s}" % name)
        show(rf"\p{{{name}}} against utf8proc", [c for c in CODES if (c in theirs) != (first <= category[c] <= last)], theirs.__contains__, lambda c: c not in theirs)
    print(r"\s:", ranges(sorted(oniguruma_class(r"\s"))))
    digits = pre_tokenizers.Digits(individual_digits=True)
    theirs = {c for c in CODES if len(digits.pre_tokenize_str(f"a{chr(c)}a")) == 3}
    show("Digits against utf8proc", [c for c in CODES if (c in theirs) != (9 <= category[c] <= 11)], theirs.__contains__, lambda c: c not in theirs)
    lower = normalizers.Lowercase()
    small = {c: lower.normalize_str(chr(c)) for c in CODES}
    print("Lowercase:", ", ".join(f"{c:x}->{'+'.join('%x' % ord(x) for x in s)}" for c, s in small.items() if s != chr(UTF8PROC.utf8proc_tolower(c))))
    decompose = normalizers.NFD()
    marks = []
    for code in CODES:
        if len(decompose.normalize_str(chr(code))) != 1 or code in (0x334, 0x345): continue
        own = UTF8PROC.utf8proc_get_property(code).contents.combining_class
        after, before = decompose.normalize_str(f"a{chr(code)}\u0334"), decompose.normalize_str(f"a\u0345{chr(code)}")
        if (after[1] == "\u0334") != (own > 1) or (before[-1] == "\u0345") != (0 < own < 240): marks.append(code)
    print("combining classes:", ranges(marks))
    for name in ("NFC", "NFD", "NFKC", "NFKD"):
        form, function = getattr(normalizers, name)(), getattr(UTF8PROC, "utf8proc_" + name)
        function.restype, function.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
        print(name, ranges([c for c in CODES[1:] if ctypes.string_at(function(chr(c).encode())).decode() != form.normalize_str(chr(c))]))
    kinds = "Cn Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co".split()
    category = {c: kinds[UTF8PROC.utf8proc_category(c)] for c in CODES}
    bert = lambda **flags: normalizers.BertNormalizer(**{"clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False, **flags})
    gone = lambda normalizer: {c for c in CODES if normalizer.normalize_str(chr(c)) == ""}
    pieces = lambda step, c: [text for text, _ in step.pre_tokenize_str(f"a{chr(c)}a")]
    for what, theirs, ours in (("control (BertNormalizer)", gone(bert(clean_text=True)), lambda c: category[c] in ("Cc", "Cf", "Co")),
                               ("nonspacing (BertNormalizer)", gone(bert(strip_accents=True)), lambda c: category[c] == "Mn"),
                               ("marks (StripAccents)", gone(normalizers.StripAccents()), lambda c: category[c][0] == "M"),
                               ("punctuation", {c for c in CODES if len(pieces(pre_tokenizers.Punctuation("isolated"), c)) == 3}, lambda c: category[c][0] == "P" if c >= 0x80 else 32 < c < 127 and not chr(c).isalnum()),
                               ("word", {c for c in CODES if len(pieces(pre_tokenizers.Whitespace(), c)) == 1}, lambda c: category[c][0] in "LM" or category[c] in ("Nd", "Nl", "Pc"))):
        own = {c for c in CODES if ours(c)}
        show(what, sorted(theirs ^ own), theirs.__contains__, own.__contains__)
    for name in ("L", "N", "S", "P", "M", "Lu", "Ll", "Lt", "Lm", "Lo", "sc:Han"):
        theirs, ours = oniguruma_class(r"\p{%s}" % name.replace("sc:", "")), pcre2_class(r"\p{%s}" % name)
        show(rf"\p{{{name}}} against PCRE2", sorted(theirs ^ ours), theirs.__contains__, ours.__contains__)


if __name__ == "__main__":
    main()
