"""The Python module against the command: same scores, same run, errors as exceptions. Run by tests/cli/library.sh:

    python3 tests/python/test_assay.py ASSAY WORKDIR        (WORKDIR holds a model folder `model` and pairs.jsonl)
"""
import json
import os
import shutil
import subprocess
import sys
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
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
            self.assertEqual(assay.plan(model=folder, max_length=64, memory=memory), json.loads(run.stdout))


unittest.main(argv=sys.argv[:1])
