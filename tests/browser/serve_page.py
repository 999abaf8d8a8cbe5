#!/usr/bin/env python3
"""The server's page in a real browser: headless Chromium over its debugging pipe, nothing but Python's standard library.

Usage: tests/browser/serve_page.py MODEL [FOLDER]    (screenshots page-light.png and page-dark.png land in FOLDER)
Scores answers by a click, in Chinese and after earlier turns too, runs the commands it gives to copy, drops pair files of several forms, and compares what the
page shows with `assay score` and `assay eval`. Prints ok / not ok; skip where Chromium is absent.
"""
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
ASSAY = os.environ.get("ASSAY", os.path.join(ROOT, "build", "assay"))


LONGEST = "380"  # tokens: some of the example pairs are longer


def say(good, name, note=""):
    print(("ok " if good else "not ok ") + name + ("" if good else f" ({note})"), flush=True)


class Browser:
    """One page; messages end with a zero byte on descriptors 3 (to the browser) and 4 (from it)."""

    def __init__(self, program, profile):
        to_read, self.to = os.pipe()
        self.back, back_write = os.pipe()

        def wire():
            high_in, high_out = os.dup2(to_read, 30), os.dup2(back_write, 31)
            os.dup2(high_in, 3)
            os.dup2(high_out, 4)

        self.process = subprocess.Popen([program, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--user-data-dir=" + profile],
                                        preexec_fn=wire, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(back_write)
        self.count, self.pending, self.session, self.trouble = 0, b"", None, []

    def message(self):
        while b"\0" not in self.pending:
            piece = os.read(self.back, 1 << 16)
            if not piece:
                raise SystemExit("not ok browser-stays-alive")
            self.pending += piece
        text, self.pending = self.pending.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.message()
            if answer.get("method") == "Runtime.exceptionThrown" or (answer.get("method") == "Log.entryAdded" and answer["params"]["entry"]["level"] == "error"):
                self.trouble.append(json.dumps(answer["params"])[:300])
            if answer.get("id") == self.count:
                return answer.get("result", {})

    def value(self, expression):
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True).get("result", {}).get("value")

    def wait(self, expression, seconds=20):
        end = time.time() + seconds
        while time.time() < end:
            if self.value(expression):
                return True
            time.sleep(0.1)
        return False

    def open(self, url, language="en-US", width=1000):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Runtime", "Log", "Page"):
            self.call(domain + ".enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=1400, deviceScaleFactor=1, mobile=width < 500)
        self.call("Emulation.setUserAgentOverride", userAgent="test", acceptLanguage=language)
        self.call("Page.navigate", url=url)

    def shot(self, path, scheme):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        with open(path, "wb") as out:
            out.write(base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]))


def assay_scores(model, line):
    run = subprocess.run([ASSAY, "score", "--model", model], input=json.dumps(line), capture_output=True, text=True, check=True)
    return json.loads(run.stdout)["score"]


CLICK = "document.getElementById('score').click()"
RESULTS = "[...document.querySelectorAll('#results .result')].map(r => r.querySelector('.soft').textContent)"
SHOWN = "[...document.querySelectorAll('#results .score')].map(e => +e.textContent)"


def fill(browser, name, text):
    browser.value(f"(() => {{ const e = document.getElementById('{name}'); e.value = {json.dumps(text)}; e.dispatchEvent(new Event('input', {{bubbles: true}})); }})()")


def scored(browser):
    """Clicks Score and waits; True if the button could not be pressed meanwhile."""
    off = browser.value(CLICK + ", document.getElementById('score').disabled")
    browser.wait("!document.getElementById('score').disabled")
    return off


def look_at_answers(browser, model):
    """A prompt and answers that are not English, an answer left empty, one removed, earlier turns, and what is given to copy."""
    prompt, answer = "孩子发烧39度，能先在家观察吗？", "可以先在家观察，多喝水；it's \"fine\"."
    fill(browser, "prompt", prompt)
    fill(browser, "answer1", "")
    fill(browser, "answer2", answer)
    say(scored(browser) is True, "page-has-score-off-while-it-works")
    said = browser.value(RESULTS)
    say(len(said) == 1 and "answer 2" in said[0], "page-answers-keep-their-numbers", said)
    trace = browser.value("document.querySelector('#results .trace.answer').textContent") or ""
    say(trace == answer, "page-joins-the-bytes-of-a-character", trace)
    around = browser.value("document.querySelector('#results details .trace.around').textContent") or ""
    say(prompt in around and answer not in around, "page-keeps-the-template-apart-from-the-answer", around)
    browser.value("document.getElementById('more').click()")
    fill(browser, "answer3", "喝酒。")
    browser.value("document.querySelector('#answers [data-number=\"1\"] button').click()")
    browser.value("document.getElementById('earlier').click()")
    fill(browser, "turn1", "你好")
    fill(browser, "turn1b", "你好，请讲。")
    fill(browser, "systemText", "You are a nurse.")
    scored(browser)
    said = browser.value(RESULTS)
    say(len(said) == 2 and "answer 2" in said[0] and "answer 3" in said[1], "page-removes-an-answer", said)
    turns = [{"role": "system", "content": "You are a nurse."}, {"role": "user", "content": "你好"}, {"role": "assistant", "content": "你好，请讲。"}, {"role": "user", "content": prompt}]
    scores = assay_scores(model, {"prompt": turns, "responses": [answer, "喝酒。"]})
    shown, wanted = browser.value(SHOWN), [float(f"{s:.6g}") for s in scores]
    say(shown == wanted, "page-scores-behind-earlier-turns", f"{shown} {wanted}")
    curl = subprocess.run(["bash", "-c", browser.value("document.getElementById('curl').textContent")], capture_output=True, text=True)
    if shutil.which("curl"):
        say([round(s, 5) for s in json.loads(curl.stdout or "{}").get("score", [])] == [round(s, 5) for s in scores], "page-gives-curl-to-copy", curl.stdout + curl.stderr)
    python = subprocess.run([sys.executable, "-c", browser.value("document.getElementById('python').textContent")], capture_output=True, text=True)
    say([round(s, 5) for s in json.loads(python.stdout or "[]")] == [round(s, 5) for s in scores], "page-gives-python-to-copy", python.stdout + python.stderr)
    facts = browser.value("document.getElementById('which').textContent")
    say(os.path.basename(model) in facts and "llama" in facts and "fingerprint" in facts, "page-says-which-model-it-is", facts)


def drop(browser, name, text):
    browser.value("document.getElementById('pairs').replaceChildren()")
    browser.value("(() => { const t = new DataTransfer(); t.items.add(new File([%s], '%s')); document.getElementById('drop').dispatchEvent("
                  "new DragEvent('drop', {dataTransfer: t, bubbles: true, cancelable: true})); })()" % (json.dumps(text), name))
    browser.wait("document.querySelector('#pairs #accuracy, #pairs .error') !== null", 120)


def look_at_files(browser, model, folder):
    """Pairs as CSV, and as ms-swift writes them: the accuracy is that of assay eval, and the table begins with what is wrong."""
    pairs = [("Is \"tea\", hot,\nsafe?", "Yes, it is.", "No tea."), ("头疼怎么办", "休息，喝水。", "不用管。"), ("2+2?", "4", "5"), ("a", "b", "c")]
    quote = lambda text: '"' + text.replace('"', '""') + '"'
    files = {
        "pairs.csv": "\ufeffprompt,chosen,rejected\r\n" + "".join(",".join(map(quote, p)) + "\r\n" for p in pairs),
        "swift.jsonl": "".join(json.dumps({"messages": [{"role": "user", "content": p}, {"role": "assistant", "content": c}], "rejected_response": r}) + "\n" for p, c, r in pairs),
    }
    for name, text in files.items():
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8", newline="") as out:
            out.write(text)
        drop(browser, name, text)
        run = subprocess.run([ASSAY, "eval", "--model", model, "--data", path, "--json"], capture_output=True, text=True)
        wanted = f"accuracy {json.loads(run.stdout)['accuracy']:.3f}"
        shown = browser.value("(document.getElementById('accuracy') || document.getElementById('pairs')).textContent")
        say(shown == wanted, "page-judges-" + name, f"{shown} {wanted}")
        rows = browser.value("[...document.querySelectorAll('#pairs tr.pair')].map(r => [...r.cells].map(c => c.textContent))")
        texts = sorted(row[2:] for row in rows)
        say(texts == sorted(list(p) for p in pairs), "page-shows-prompts-and-answers-of-" + name, texts)
        margins = [float(row[0]) for row in rows]
        order = browser.value("[...document.querySelectorAll('#pairs tr')].map(r => r.className || r.textContent)")
        wrong = sum(m <= 0 for m in margins)
        say(margins == sorted(margins) and order[1:] == [f"{wrong} judged wrong, the most wrong first:" if wrong else "No pair is judged wrong."] + ["pair wrong"] * wrong +
            ([f"The other {4 - wrong} are judged right; those of the smallest margins:"] + ["pair"] * (4 - wrong) if wrong < 4 else []), "page-lists-wrong-ones-first-in-" + name, order)
    drop(browser, "odd.csv", "question,good,bad\nq,a,b\n")
    said = browser.value("document.getElementById('pairs').textContent")
    say("question, good, bad" in said and "chosen" in said, "page-names-the-columns-it-cannot-use", said)


def look_elsewhere(browser, url):
    """A phone, a Chinese browser, and the list of endpoints."""
    browser.open(url, "zh-CN", 390)
    browser.wait("document.querySelectorAll('#model option').length > 0")
    said = browser.value("[document.documentElement.lang, document.getElementById('score').textContent, document.querySelector('#answers label').textContent].join()")
    say(said == "zh-CN,打分,回答 1", "page-speaks-chinese-to-a-chinese-browser", said)
    fill(browser, "answer1", "x" * 300)
    scored(browser)
    drop(browser, "long.jsonl", json.dumps({"prompt": "y" * 100, "chosen": "a", "rejected": "z" * 100}))
    wide = browser.value("document.documentElement.scrollWidth")
    say(wide == 390, "page-fits-a-phone", wide)
    browser.value("document.getElementById('language').click()")
    say(browser.value("document.getElementById('score').textContent") == "Score", "page-changes-its-language")
    browser.open(url + "docs", "en-US", 390)
    say(browser.wait("document.querySelectorAll('#list details').length > 15"), "docs-list-the-endpoints")
    said, wide = browser.value("document.getElementById('list').textContent"), browser.value("document.documentElement.scrollWidth")
    say("/v1/score" in said and "curl -s " + url + "v1/score" in said and wide == 390, "docs-have-requests-and-fit-a-phone", wide)


def look(browser, model, url, folder):
    pairs = os.path.join(ROOT, "examples", "medical_eval.jsonl")
    browser.open(url)
    say(browser.wait("document.querySelectorAll('#model option').length > 0"), "page-lists-the-models")
    browser.value("document.getElementById('score').click()")
    say(browser.wait("document.querySelectorAll('#results .result').length === 2"), "page-shows-two-scores", browser.value("document.getElementById('results').textContent"))
    line = browser.value("({prompt: document.getElementById('prompt').value, responses: [...document.querySelectorAll('#answers textarea')].map(t => t.value)})")
    shown = browser.value("[...document.querySelectorAll('#results .score')].map(e => +e.textContent)")
    wanted = [float(f"{s:.6g}") for s in assay_scores(model, line)]
    say(shown == wanted, "page-shows-the-scores-of-assay-score", f"{shown} {wanted}")
    say(browser.value("document.querySelectorAll('#results .trace span').length") > 20, "page-shows-the-trace")
    text = open(pairs, encoding="utf-8").read()
    drop(browser, "pairs.jsonl", text)
    say(browser.wait("document.getElementById('accuracy') !== null", 120), "page-judges-a-dropped-file", browser.value("document.getElementById('pairs').textContent"))
    run = subprocess.run([ASSAY, "eval", "--model", model, "--data", pairs, "--max-length", LONGEST, "--json"], capture_output=True, text=True, check=True)
    judged = json.loads(run.stdout)
    accuracy = judged["accuracy"]
    shown = browser.value("document.getElementById('accuracy').textContent")
    say(shown == f"accuracy {accuracy:.3f}", "page-accuracy-is-that-of-assay-eval", f"{shown} {accuracy}")
    said = browser.value("document.getElementById('pairs').textContent")
    say(f"{judged['pairs']} pairs" in said and "left out, longer than" in said, "page-leaves-out-and-counts-what-is-too-long", said[:200])
    look_at_answers(browser, model)
    look_at_files(browser, model, folder)
    for scheme in ("light", "dark"):
        browser.shot(os.path.join(folder, f"page-{scheme}.png"), scheme)
    look_elsewhere(browser, url)
    outside = browser.value("performance.getEntriesByType('resource').filter(e => !e.name.startsWith(location.origin)).length")
    trouble = [t for t in browser.trouble if "of 413" not in t and "of 400" not in t]  # what is too long, and the columns that no form has
    say(outside == 0 and not trouble, "page-loads-nothing-from-elsewhere-and-has-no-errors", f"{outside} {trouble}")


def main():
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        print("skip browser (no chromium)")
        return
    model, folder = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp()
    server = subprocess.Popen([ASSAY, "serve", "--model", model, "--port", "0", "--quiet", "--log-level", "error", "--max-length", LONGEST], stdout=subprocess.PIPE, text=True)
    profile = tempfile.mkdtemp()
    browser = None
    try:
        url = server.stdout.readline().split()[-1] + "/"
        browser = Browser(program, profile)
        look(browser, model, url, folder)
    finally:
        if browser:
            browser.process.terminate()
            browser.process.wait()
        server.terminate()
        say(server.wait() == 0, "server-ends-cleanly")
        shutil.rmtree(profile, ignore_errors=True)


if __name__ == "__main__":
    main()
