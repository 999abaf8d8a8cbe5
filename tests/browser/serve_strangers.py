#!/usr/bin/env python3
"""A page of another origin in a real browser tries to use the local server: by fetch in every mode, a form, a frame, a script.

Usage: tests/browser/serve_strangers.py MODEL
Two servers: one as it is started by default, one with --allow-host for the page's host. What reached the scorer is told by the servers' own
metrics. Prints ok / not ok; skip where Chromium is absent.
"""
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from serve_page import ASSAY, Browser, say  # noqa: E402

TRY = """async (address) => {
  const outcome = {}, body = JSON.stringify({query: ["burn"]});
  const attempt = async (name, options) => {
    try {
      const answer = await fetch(address + "/get_reward", {method: "POST", body, ...options});
      outcome[name] = answer.type === "opaque" ? "opaque" : answer.status + " " + (await answer.text());
    } catch (error) { outcome[name] = "failed"; }
  };
  await attempt("plain", {headers: {"Content-Type": "text/plain"}});
  await attempt("blind", {mode: "no-cors", headers: {"Content-Type": "text/plain"}});
  await attempt("json", {headers: {"Content-Type": "application/json"}});
  await attempt("bare", {mode: "no-cors", body: new Blob([body])});
  try { await navigator.sendBeacon(address + "/get_reward", body); } catch (error) {}
  try { outcome.read = (await fetch(address + "/v1/models")).status; } catch (error) { outcome.read = "failed"; }
  const form = document.createElement("form"), frame = document.createElement("iframe");
  frame.name = "target"; frame.src = address + "/";
  document.body.replaceChildren(frame, form);
  await new Promise(done => { frame.onload = done; });
  try { outcome.frame = frame.contentDocument ? "readable" : "sealed"; } catch (error) { outcome.frame = "sealed"; }
  form.method = "post"; form.enctype = "text/plain"; form.target = "target"; form.action = address + "/get_reward";
  const field = document.createElement("input"); field.name = '{"query":["burn"],"x":"'; field.value = '"}'; form.append(field);
  form.submit();
  await new Promise(done => { frame.onload = done; });
  return JSON.stringify(outcome);
}"""


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = b"<!doctype html><title>another origin</title><body></body>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def start(model, *more):
    server = subprocess.Popen([ASSAY, "serve", "--model", model, "--port", "0", "--quiet", *more], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return server, "http://127.0.0.1:" + re.search(r":(\d+)$", server.stdout.readline().strip()).group(1)


def scored(address):
    text = urllib.request.urlopen(address + "/metrics", timeout=60).read().decode()
    return int(float(re.search(r"^assay_texts_total (\S+)", text, re.M).group(1)))


def look(browser, page, closed, allowing):
    browser.open(page)
    browser.wait("document.title === 'another origin'")
    got = json.loads(browser.value(f"({TRY})({json.dumps(closed)})") or "{}")
    say(got.get("plain") == got.get("json") == got.get("read") == "failed", "a-page-of-another-origin-reads-nothing", got)
    say(got.get("frame") == "sealed", "nor-in-a-frame", got)
    say(scored(closed) == 0, "nothing-it-sent-was-scored", scored(closed))
    got = json.loads(browser.value(f"({TRY})({json.dumps(allowing)})") or "{}")
    say(str(got.get("json", "")).startswith("200 ") and got.get("read") == 200, "a-page-of-an-allowed-host-asks-and-reads", got)
    say(str(got.get("plain", "")).startswith("415 "), "but-sends-no-plain-text", got)
    say(scored(allowing) == 2, "what-it-sent-otherwise-was-scored", scored(allowing))


def main():
    program = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
    if not program:
        print("skip browser-of-strangers (no chromium)")
        return
    pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    closed, closed_at = start(sys.argv[1])
    allowing, allowing_at = start(sys.argv[1], "--allow-host", "localhost")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile)
        try:
            look(browser, f"http://localhost:{pages.server_port}/", closed_at, allowing_at)
        finally:
            browser.process.kill()
            browser.process.wait()
            for server in (closed, allowing):
                server.terminate()
                server.wait()


if __name__ == "__main__":
    main()
