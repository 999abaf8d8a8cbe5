"""The Python module against the command: same scores, same run, errors as exceptions. Run by tests/cli/library.sh:

    python3 tests/python/test_assay.py ASSAY WORKDIR [installed]        (WORKDIR holds a model folder `model` and pairs.jsonl;
                                                                         installed: the module that Python finds by itself)
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import unittest
import unittest.mock

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
if "installed" not in sys.argv:
    sys.path.insert(0, os.path.join(ROOT, "python"))
import assay

COMMAND, WORK = sys.argv[1], sys.argv[2]
MODEL, PAIRS, RUN = (os.path.join(WORK, name) for name in ("model", "pairs.jsonl", "python-run"))
LINES = [{"prompt": "What is 2?", "response": "two"}, {"prompt": "What is 2?", "responses": ["two", "a number", "二"]}, {"text": "plain"},
         {"prompt": "a", "chosen": "b", "rejected": "c"}, {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]}]


def by_command(lines):
    text = "".join(json.dumps(line) + "\n" for line in lines)
    run = subprocess.run([COMMAND, "score", "--model", RUN], input=text, capture_output=True, text=True, check=True)
    return [json.loads(line)["score"] for line in run.stdout.splitlines()]


def nine_digits(value):
    return [nine_digits(one) for one in value] if isinstance(value, list) else float("%.9g" % value)


class Assay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.notes = []
        cls.result = assay.train(model=MODEL, data=[PAIRS], output=RUN, batch_pairs=4, max_steps=3, eval_split=0.25, threads=1,
                                 on_note=lambda text, is_warning: cls.notes.append(text))

    def test_train(self):
        self.assertIn("accuracy", self.result["evaluation"])
        self.assertEqual(self.result["options"]["batch-pairs"], 4)
        self.assertTrue(any("training pairs" in note for note in self.notes), self.notes)
        self.assertTrue(os.path.exists(os.path.join(RUN, "report.html")))

    def test_train_twice_is_refused(self):
        with self.assertRaises(assay.Error) as caught:
            assay.train(model=MODEL, data=PAIRS, output=RUN)
        self.assertEqual(caught.exception.code, "usage")
        self.assertIn("--resume", str(caught.exception))

    def test_scores_are_the_commands(self):
        with assay.Scorer(RUN) as scorer:
            self.assertEqual([nine_digits(score) for score in scorer.score_all(LINES)], by_command(LINES))

    def test_alone_together_and_turned_around(self):
        with assay.Scorer(RUN, threads=2) as scorer:
            together = scorer.score_all(LINES * 20)
            self.assertEqual(together, [scorer.score(line) for line in LINES] * 20)
            self.assertEqual(scorer.score_all(LINES[::-1]), together[: len(LINES)][::-1])
            self.assertEqual(scorer.score_all([]), [])

    def test_more_answers_than_rows(self):
        answers = [f"answer {i}" for i in range(1500)]
        with assay.Scorer(RUN) as scorer:
            scores = scorer.score({"prompt": "q", "responses": answers})
            self.assertEqual(len(scores), 1500)
            self.assertEqual(scores[1499], scorer.score({"prompt": "q", "response": answers[1499]}))

    def test_describe(self):
        with assay.Scorer(RUN) as scorer:
            about = scorer.describe()
        self.assertEqual(about["architecture"], "llama")
        self.assertEqual(about["fingerprint"], self.result["fingerprints"]["base"])

    def test_errors(self):
        with assay.Scorer(RUN) as scorer:
            for bad, word in (({"nothing": 1}, "line 1"), ({"text": ""}, "empty")):
                with self.assertRaises(assay.Error) as caught:
                    scorer.score_all([LINES[0], bad])
                self.assertEqual(caught.exception.code, "format")
                self.assertIn(word, str(caught.exception))
            self.assertEqual(len(scorer.score_all(LINES)), len(LINES))
        with self.assertRaises(assay.Error):
            scorer.score(LINES[0])
        for options, code in ((dict(model=os.path.join(WORK, "none")), "io"), (dict(model=RUN, tempo=1), "usage")):
            with self.assertRaises(assay.Error) as caught:
                assay.Scorer(**options)
            self.assertIn(caught.exception.code, (code, "format"))

    def test_zero_bytes_and_odd_texts_are_refused(self):
        for call in (lambda: assay.Scorer(RUN + "\0/x"), lambda: assay.plan(model=MODEL, **{"data\0x": PAIRS}), lambda: assay.train(model=MODEL, data=b"a\0b", output=RUN)):
            with self.assertRaises(assay.Error) as caught:
                call()
            self.assertEqual(caught.exception.code, "usage")
        with assay.Scorer(pathlib.Path(RUN)) as scorer, self.assertRaises(assay.Error) as caught:
            scorer.score({"text": "\ud800"})
        self.assertEqual(caught.exception.code, "format")
        with self.assertRaises(assay.Error) as caught:
            assay.Scorer(os.fsdecode(b"/nowhere/caf\xe9"))
        self.assertIn("caf\\xe9", str(caught.exception))

    def test_what_a_listener_raises_reaches_the_caller(self):
        def listen(text, is_warning):
            raise LookupError(text)

        output = os.path.join(WORK, "listener-run")
        with self.assertRaises(LookupError):
            assay.train(model=MODEL, data=PAIRS, output=output, max_steps=100000, threads=1, on_note=listen)
        self.assertFalse(os.path.exists(os.path.join(output, "adapter_model.safetensors")))
        with self.assertRaises(LookupError):
            assay.plan(model=MODEL, data=[PAIRS, PAIRS], eval_data=PAIRS, on_note=listen)

    def test_interrupted_training_leaves_a_checkpoint(self):
        output, heard = os.path.join(WORK, "interrupted-run"), []

        def listen(text, is_warning):
            heard.append(text)
            if "memory planned" in text:
                os.kill(os.getpid(), signal.SIGINT)
                os.kill(os.getpid(), signal.SIGINT)

        options = dict(model=MODEL, data=PAIRS, output=output, threads=1, eval_split=0, batch_pairs=4)
        with self.assertRaises(KeyboardInterrupt):
            assay.train(max_steps=100000, on_note=listen, **options)
        self.assertTrue(heard)
        self.assertTrue(any(name.startswith("checkpoint-") for name in os.listdir(output)), os.listdir(output))
        self.assertEqual(signal.getsignal(signal.SIGINT), signal.default_int_handler)

    def test_interrupted_scoring(self):
        real = assay._lib.assay_scorer_score_lines
        arrived = threading.Event()

        def handler(number, frame):
            arrived.set()
            raise KeyboardInterrupt

        def interrupted(*arguments):
            os.kill(os.getpid(), signal.SIGINT)
            arrived.wait()
            return real(*arguments)

        before = signal.signal(signal.SIGINT, handler)
        try:
            with assay.Scorer(RUN, threads=1) as scorer:
                with unittest.mock.patch.object(assay._lib, "assay_scorer_score_lines", interrupted), self.assertRaises(KeyboardInterrupt):
                    scorer.score_all(LINES)
                self.assertEqual(len(scorer.score_all(LINES)), len(LINES))  # it goes on working
        finally:
            signal.signal(signal.SIGINT, before)

    def test_a_signal_of_another_kind(self):
        class Told(Exception):
            pass

        def handler(number, frame):
            raise Told

        before = signal.signal(signal.SIGUSR1, handler)
        try:
            with self.assertRaises(Told):
                assay.train(model=MODEL, data=PAIRS, output=os.path.join(WORK, "told-run"), threads=1, eval_split=0, max_steps=100000,
                            on_note=lambda text, is_warning: os.kill(os.getpid(), signal.SIGUSR1))
        finally:
            signal.signal(signal.SIGUSR1, before)

    def test_a_scorer_shared_by_threads(self):
        with assay.Scorer(RUN, threads=2) as scorer:
            expected, wrong = [scorer.score(line) for line in LINES], []

            def work(turn):
                lines = LINES[turn:] + LINES[:turn]
                for _ in range(15):
                    if scorer.score_all(lines) != expected[turn:] + expected[:turn] or scorer.score(lines[0]) != expected[turn]:
                        wrong.append(turn)
                    scorer.describe()

            threads = [threading.Thread(target=work, args=(turn,)) for turn in range(len(LINES))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(wrong, [])

    def test_closing_while_others_score(self):
        scorer, begun, ends = assay.Scorer(RUN, threads=1), threading.Barrier(5), []

        def work():
            begun.wait()
            try:
                while True:
                    scorer.score_all(LINES)
            except assay.Error as error:
                ends.append((error.code, str(error)))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        begun.wait()
        scorer.close()
        for thread in threads:
            thread.join()
        self.assertEqual(ends, [("usage", "the scorer is closed")] * 4)
        scorer.close()

    def test_plan(self):
        plan = assay.plan(model=MODEL, data=PAIRS)
        self.assertTrue(plan["fits"])
        self.assertGreater(plan["peak_bytes"], 0)
        self.assertFalse(assay.plan(model=MODEL, data=PAIRS, memory="100K")["fits"])

    def test_plan_of_a_config_is_the_commands(self):
        folder = os.path.join(WORK, "config-only")
        os.makedirs(folder, exist_ok=True)
        shutil.copy(os.path.join(MODEL, "config.json"), folder)
        for memory in "1G", "100K":
            run = subprocess.run([COMMAND, "plan", "--model", folder, "--max-length", "64", "--memory", memory, "--json"], capture_output=True, text=True)
            # In a process of its own: rss_bytes counts what a process has already.
            ask = "import sys, json; sys.path.insert(0, sys.argv[1]); import assay; print(json.dumps(assay.plan(model=sys.argv[2], max_length=64, memory=sys.argv[3])))"
            ours = subprocess.run([sys.executable, "-c", ask, os.path.dirname(os.path.dirname(assay.__file__)), folder, memory], capture_output=True, text=True)
            self.assertEqual(json.loads(ours.stdout), json.loads(run.stdout))


unittest.main(argv=sys.argv[:1])
