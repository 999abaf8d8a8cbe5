"""Two threads and one scorer, with the module's own lock and past it. Run by tests/tsan/commands.sh: python3 tests/python/two_threads.py RUN"""
import ctypes
import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "python"))
import assay

LINES = [{"prompt": "a", "responses": ["b", "c d e"]}, {"text": "x"}]


def in_two_threads(score, wanted):
    wrong = []

    def work():
        for _ in range(10):
            if score() != wanted:
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, len(wrong)


def past_the_module(scorer):
    """The library's function itself, which the module lets one thread call at a time."""
    lines = (ctypes.c_char_p * len(LINES))(*[json.dumps(line).encode() for line in LINES])
    scores, total, failure = ctypes.POINTER(ctypes.c_double)(), ctypes.c_size_t(), assay._Failure()
    code = assay._lib.assay_scorer_score_lines(scorer._handle, lines, len(LINES), ctypes.byref(scores), None, ctypes.byref(total), ctypes.byref(failure))
    flat = scores[: total.value]
    assay._lib.assay_release(scores)
    return code, flat


with assay.Scorer(sys.argv[1], threads=2) as shared:
    in_two_threads(lambda: shared.score_all(LINES), shared.score_all(LINES))
    in_two_threads(lambda: past_the_module(shared), past_the_module(shared))
