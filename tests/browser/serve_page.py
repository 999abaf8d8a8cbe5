#!/usr/bin/env python3
"""The server's page in a real browser: headless Chromium over its debugging pipe, nothing but Python's standard library.

Usage: tests/browser/serve_page.py MODEL [FOLDER]    (screenshots page-light.png and page-dark.png land in FOLDER)
Scores two answers by a click, drops a pairs file, and compares what the page shows with `assay score`. Prints ok / not ok; skip where Chromium is absent.
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

    def open(self, url):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Runtime", "Log", "Page"):
            self.call(domain + ".enable")
        self.call("Emulation.setDeviceMetricsOverride", width=1000, height=1400, deviceScaleFactor=1, mobile=False)
        self.call("Page.navigate", url=url)

    def shot(self, path, scheme):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        with open(path, "wb") as out:
            out.write(base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]))


def assay_scores(model, line):
    run = subprocess.run([ASSAY, "score", "--model", model], input=json.dumps(line), capture_output=True, text=True, check=True)
    return json.loads(run.stdout)["score"]


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
    browser.value("(() => { const t = new DataTransfer(); t.items.add(new File([%s], 'pairs.jsonl')); document.getElementById('drop').dispatchEvent("
                  "new DragEvent('drop', {dataTransfer: t, bubbles: true, cancelable: true})); })()" % json.dumps(text))
    say(browser.wait("document.getElementById('accuracy') !== null", 120), "page-judges-a-dropped-file", browser.value("document.getElementById('pairs').textContent"))
    run = subprocess.run([ASSAY, "eval", "--model", model, "--data", pairs, "--max-length", LONGEST, "--json"], capture_output=True, text=True, check=True)
    judged = json.loads(run.stdout)
    accuracy = judged["accuracy"]
    shown = browser.value("document.getElementById('accuracy').textContent")
    say(shown == f"accuracy {accuracy:.3f}", "page-accuracy-is-that-of-assay-eval", f"{shown} {accuracy}")
    said = browser.value("document.getElementById('pairs').textContent")
    say(f"{judged['pairs']} pairs" in said and "left out, longer than" in said, "page-leaves-out-and-counts-what-is-too-long", said[:200])
    for scheme in ("light", "dark"):
        browser.shot(os.path.join(folder, f"page-{scheme}.png"), scheme)
    outside = browser.value("performance.getEntriesByType('resource').filter(e => !e.name.startsWith(location.origin)).length")
    say(outside == 0 and not [t for t in browser.trouble if "413" not in t], "page-loads-nothing-from-elsewhere-and-has-no-errors", f"{outside} {browser.trouble}")


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
