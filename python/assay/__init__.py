"""Reward models from Python, by libassay and ctypes alone.

    import assay

    with assay.Scorer("my-reward") as scorer:
        scorer.score({"prompt": "2+2?", "response": "4"})             # a float
        scorer.score({"prompt": "2+2?", "responses": ["4", "5"]})     # a list of floats
        scorer.score_all([{"text": "..."}, {"messages": [...]}])      # one result an input, computed together

    assay.plan(model="base", data="pairs.jsonl", memory="6G")         # {"fits": True, "peak_bytes": ...}
    assay.train(model="base", data="pairs.jsonl", output="my-reward", lora_rank=8)

Options are the command line's, with underscores for dashes; lists are repeated options, True and False are flags, None is left out. Errors are
assay.Error with a `code`; what on_note raises ends the call and reaches its caller. Ctrl-C ends a call at its next safe point (a training run
leaves a checkpoint, and resume=True goes on from it), then KeyboardInterrupt is raised. A Scorer may be shared by threads.

The library is found by the environment variable ASSAY_LIBRARY, where `make install` put it, beside this source tree (build/libassay.so), or by the
system's loader.
"""
import ctypes
import ctypes.util
import json
import os
import signal
import threading

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
    try:
        from ._installed import LIBRARY, FROM_HERE  # written by `make install`
    except ImportError:
        yield os.path.join(here, "..", "..", "build", "libassay.so")
    else:
        yield os.path.normpath(os.path.join(here, FROM_HERE))  # also where the whole tree was moved, or is still staged
        yield LIBRARY
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


def _bytes(text):
    """A name or value for C, where a zero byte would end it. Paths that are no UTF-8 pass as os.fsdecode gave them."""
    made = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    if b"\0" in made:
        raise Error("usage", f"a zero byte in {text!r}")
    return made


def _value(value):
    return str(value).lower() if isinstance(value, bool) else os.fspath(value) if isinstance(value, (os.PathLike, bytes)) else str(value)


def _settings(options):
    pairs = []
    for name, value in options.items():
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if one is not None:
                pairs.append(_Setting(_bytes(name.replace("_", "-")), _bytes(_value(one))))
    return (_Setting * max(len(pairs), 1))(*pairs), len(pairs)


class _Calls:
    """Calls into the library with one listener: what its function raises, and Ctrl-C, stop the call and are raised when it has ended."""

    def __init__(self, on_note):
        self._stop, self._raised = ctypes.c_int(0), []
        self._note = _NOTE(self._hear) if on_note else _NOTE()
        self._on_note = on_note
        self.listener = _Listener(note=self._note, context=None, stop=ctypes.pointer(self._stop))

    def _end(self, error):
        self._raised.append(error)
        self._stop.value = 1

    def _hear(self, _, is_warning, text):
        if self._raised:
            return
        try:
            self._on_note(text.decode("utf-8", "replace"), bool(is_warning))
        except BaseException as error:  # whatever it is, it belongs to the caller
            self._end(error)

    def _wait_for(self, function, arguments):
        """Python tells of signals in its main thread alone, and only between two steps of its own: the call gets another thread."""
        done, results = threading.Event(), []

        def work():
            try:
                results.append(function(*arguments))
            finally:
                done.set()

        thread = threading.Thread(target=work, name="assay", daemon=True)
        while not done.is_set():
            try:
                if thread.ident is None:
                    thread.start()
                done.wait()
            except BaseException as error:  # of the handler of another signal than Ctrl-C's
                if thread.ident is None:
                    raise
                self._end(error)
        return results[0]

    def _in_main_thread(self, function, arguments):
        """Meanwhile what Ctrl-C's handler raises is kept, so that a second Ctrl-C cannot tear the waiting apart."""
        handler = signal.getsignal(signal.SIGINT)

        def keep(number, frame):
            try:
                handler(number, frame)
            except BaseException as error:
                self._end(error)

        if not callable(handler):
            return self._wait_for(function, arguments)
        signal.signal(signal.SIGINT, keep)
        try:
            return self._wait_for(function, arguments)
        finally:
            signal.signal(signal.SIGINT, handler)

    def run(self, function, *arguments):
        """The code that function returns; check raises what there is to raise."""
        self._stop.value = 0
        del self._raised[:]
        if threading.current_thread() is threading.main_thread():
            return self._in_main_thread(function, arguments)
        return function(*arguments)

    def check(self, code, failure):
        if self._raised:
            raise self._raised[0]
        _check(code, failure)


def _take(text):
    try:
        return json.loads(ctypes.string_at(text.value))
    finally:
        _lib.assay_release(text)


def _run(function, on_note, options):
    failure, text, calls = _Failure(), ctypes.c_void_p(), _Calls(on_note)
    settings, count = _settings(options)
    code = calls.run(function, settings, count, ctypes.byref(calls.listener), ctypes.byref(text), ctypes.byref(failure))
    result = _take(text) if text else None
    calls.check(code, failure)
    return result


def train(on_note=None, **options):
    """Trains as `assay train` does; the run's assay.json. on_note(text, is_warning) hears what the command would say."""
    return _run(_lib.assay_train_run, on_note, options)


def plan(on_note=None, **options):
    """The memory of such a run, as `assay plan --json` says it; config.json alone is enough. Not fitting is no error: look at ["fits"]."""
    return _run(_lib.assay_plan_run, on_note, options)


class Scorer:
    """A loaded model with a reward head. Threads may share it: their calls wait for each other, and so does close."""

    def __init__(self, model, on_note=None, **options):
        self._lock, self._handle, self._calls = threading.Lock(), ctypes.c_void_p(), _Calls(on_note)
        failure = _Failure()
        settings, count = _settings({"model": model, **options})
        code = self._calls.run(_lib.assay_scorer_open, ctypes.byref(self._handle), settings, count, ctypes.byref(self._calls.listener), ctypes.byref(failure))
        try:
            self._calls.check(code, failure)
        except BaseException:
            self.close()
            raise

    def close(self):
        """Waits for calls that are under way; later ones are refused."""
        with self._lock:
            handle, self._handle = self._handle, ctypes.c_void_p()
            _lib.assay_scorer_close(handle)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        if getattr(self, "_handle", None):
            self.close()

    def _call(self, function, *arguments):
        failure = _Failure()
        with self._lock:
            if not self._handle:
                raise Error("usage", "the scorer is closed")
            code = self._calls.run(function, self._handle, *arguments, ctypes.byref(failure))
            self._calls.check(code, failure)

    def score_all(self, inputs):
        """One result an input: a float, or a list of floats for a pair, for "responses" and for a list of texts."""
        inputs = list(inputs)
        lines = (ctypes.c_char_p * max(len(inputs), 1))(*[json.dumps(line).encode() for line in inputs])
        counts, total = (ctypes.c_size_t * max(len(inputs), 1))(), ctypes.c_size_t()
        scores = ctypes.POINTER(ctypes.c_double)()
        try:
            self._call(_lib.assay_scorer_score_lines, lines, len(inputs), ctypes.byref(scores), counts, ctypes.byref(total))
            flat = scores[: total.value]
        finally:
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
        text = ctypes.c_void_p()
        self._call(_lib.assay_scorer_describe, ctypes.byref(text))
        return _take(text)
