"""Reward models from Python, by libassay and ctypes alone.

    import assay

    with assay.Scorer("my-reward") as scorer:
        scorer.score({"prompt": "2+2?", "response": "4"})             # a float
        scorer.score({"prompt": "2+2?", "responses": ["4", "5"]})     # a list of floats
        scorer.score_all([{"text": "..."}, {"messages": [...]}])      # one result an input, computed together

    assay.plan(model="base", data="pairs.jsonl", memory="6G")         # {"fits": True, "peak_bytes": ...}
    assay.train(model="base", data="pairs.jsonl", output="my-reward", lora_rank=8)

Options are the command line's, with underscores for dashes; lists are repeated options, True and False are flags, None is left out. Errors are
assay.Error with a `code`. The library is found by the environment variable ASSAY_LIBRARY, beside this source tree (build/libassay.so), beside an
installed copy, or by the system's loader.
"""
import ctypes
import ctypes.util
import json
import os

__all__ = ["Error", "Scorer", "plan", "train", "version", "CODES"]

CODES = ["ok", "io", "format", "unsupported", "memory", "numeric", "usage", "no_fit", "unequal", "stopped"]


class Error(RuntimeError):
    """What went wrong, in one sentence; code is a word of CODES."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class _Failure(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("text", ctypes.c_char * 2048)]


class _Setting(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("value", ctypes.c_char_p)]


_NOTE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p)


class _Listener(ctypes.Structure):
    _fields_ = [("note", _NOTE), ("context", ctypes.c_void_p), ("stop", ctypes.POINTER(ctypes.c_int))]


def _candidates():
    here = os.path.dirname(os.path.abspath(__file__))
    named = os.environ.get("ASSAY_LIBRARY")
    if named:
        yield named
        return
    yield os.path.join(here, "..", "..", "build", "libassay.so")
    yield os.path.join(here, "..", "..", "..", "..", "lib", "libassay.so.1")
    yield "libassay.so.1"
    found = ctypes.util.find_library("assay")
    if found:
        yield found


def _load():
    tried = []
    for path in _candidates():
        try:
            return ctypes.CDLL(path)
        except OSError as error:
            tried.append(str(error))
    raise ImportError("libassay was not found (make builds it; ASSAY_LIBRARY names it): " + "; ".join(tried))


def _declare(lib):
    settings, listener, failure = ctypes.POINTER(_Setting), ctypes.POINTER(_Listener), ctypes.POINTER(_Failure)
    text, numbers = ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.POINTER(ctypes.c_double))
    lib.assay_library_version.restype = ctypes.c_char_p
    lib.assay_release.argtypes, lib.assay_release.restype = [ctypes.c_void_p], None
    lib.assay_scorer_open.argtypes = [ctypes.POINTER(ctypes.c_void_p), settings, ctypes.c_size_t, listener, failure]
    lib.assay_scorer_close.argtypes, lib.assay_scorer_close.restype = [ctypes.c_void_p], None
    lib.assay_scorer_score_lines.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_char_p), ctypes.c_size_t, numbers, ctypes.POINTER(ctypes.c_size_t),
                                             ctypes.POINTER(ctypes.c_size_t), failure]
    lib.assay_scorer_describe.argtypes = [ctypes.c_void_p, text, failure]
    lib.assay_train_run.argtypes = lib.assay_plan_run.argtypes = [settings, ctypes.c_size_t, listener, text, failure]
    if lib.assay_library_api() < 1:
        raise ImportError("this libassay is older than its Python module")
    return lib


_lib = _declare(_load())


def version():
    return _lib.assay_library_version().decode()


def _check(code, failure):
    if code:
        raise Error(CODES[code] if code < len(CODES) else str(code), failure.text.decode("utf-8", "replace"))


def _value(value):
    return str(value).lower() if isinstance(value, bool) else os.fspath(value) if isinstance(value, os.PathLike) else str(value)


def _settings(options):
    pairs = []
    for name, value in options.items():
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if one is not None:
                pairs.append(_Setting(name.replace("_", "-").encode(), _value(one).encode()))
    return (_Setting * max(len(pairs), 1))(*pairs), len(pairs)


def _listener(on_note):
    def note(_, is_warning, text):
        on_note(text.decode("utf-8", "replace"), bool(is_warning))

    return _Listener(note=_NOTE(note) if on_note else _NOTE(), context=None, stop=None)


def _take(text):
    try:
        return json.loads(ctypes.string_at(text.value))
    finally:
        _lib.assay_release(text)


def _run(function, on_note, options):
    failure, text = _Failure(), ctypes.c_void_p()
    settings, count = _settings(options)
    listener = _listener(on_note)
    _check(function(settings, count, ctypes.byref(listener), ctypes.byref(text), ctypes.byref(failure)), failure)
    return _take(text)


def train(on_note=None, **options):
    """Trains as `assay train` does; the run's assay.json. on_note(text, is_warning) hears what the command would say."""
    return _run(_lib.assay_train_run, on_note, options)


def plan(on_note=None, **options):
    """The memory of such a run, as `assay plan --json` says it; config.json alone is enough. Not fitting is no error: look at ["fits"]."""
    return _run(_lib.assay_plan_run, on_note, options)


class Scorer:
    """A loaded model with a reward head. For one thread at a time."""

    def __init__(self, model, on_note=None, **options):
        self._handle, failure = ctypes.c_void_p(), _Failure()
        settings, count = _settings({"model": model, **options})
        self._listener = _listener(on_note)
        _check(_lib.assay_scorer_open(ctypes.byref(self._handle), settings, count, ctypes.byref(self._listener), ctypes.byref(failure)), failure)

    def close(self):
        if self._handle:
            _lib.assay_scorer_close(self._handle)
            self._handle = ctypes.c_void_p()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        if getattr(self, "_handle", None):
            self.close()

    def _open(self):
        if not self._handle:
            raise Error("usage", "the scorer is closed")
        return self._handle

    def score_all(self, inputs):
        """One result an input: a float, or a list of floats for a pair, for "responses" and for a list of texts."""
        inputs = list(inputs)
        lines = (ctypes.c_char_p * max(len(inputs), 1))(*[json.dumps(line, ensure_ascii=False).encode() for line in inputs])
        counts, total = (ctypes.c_size_t * max(len(inputs), 1))(), ctypes.c_size_t()
        scores, failure = ctypes.POINTER(ctypes.c_double)(), _Failure()
        handle = self._open()
        _check(_lib.assay_scorer_score_lines(handle, lines, len(inputs), ctypes.byref(scores), counts, ctypes.byref(total), ctypes.byref(failure)), failure)
        flat = scores[: total.value]
        _lib.assay_release(scores)
        results, at = [], 0
        for line, count in zip(inputs, counts):
            several = count > 1 or "responses" in line or isinstance(line.get("text"), list)
            results.append(flat[at : at + count] if several else flat[at])
            at += count
        return results

    def score(self, line):
        return self.score_all([line])[0]

    def describe(self):
        failure, text = _Failure(), ctypes.c_void_p()
        _check(_lib.assay_scorer_describe(self._open(), ctypes.byref(text), ctypes.byref(failure)), failure)
        return _take(text)
