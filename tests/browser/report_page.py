#!/usr/bin/env python3
"""A run's report in a real browser: on a phone and on a wide screen, and what it says under the pointer.

Usage: tests/browser/report_page.py RUNDIR
The values are those of metrics.jsonl. Prints ok / not ok; skip where Chromium is absent.
"""
import json
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from serve_page import Browser, say  # noqa: E402

# The letters of charts as they land on the screen, in pixels.
SMALLEST = """Math.min(...[...document.querySelectorAll('svg[data-plot] text')].filter(t => t.getBoundingClientRect().width)
  .map(t => parseFloat(getComputedStyle(t).fontSize) * t.ownerSVGElement.getBoundingClientRect().width / t.ownerSVGElement.viewBox.baseVal.width))"""
COLUMNS = "new Set([...document.querySelector('.charts').querySelectorAll('figure')].map(f => f.getBoundingClientRect().left)).size"


def hover(browser, x, y):
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    return browser.value("document.querySelector('.tip').hidden ? '' : [...document.querySelector('.tip').childNodes].map(n => n.textContent).filter(t => t).join('\\n')")


def look(browser, run):
    with open(os.path.join(run, "metrics.jsonl"), encoding="utf-8") as lines:
        steps = [line for line in map(json.loads, lines) if "eval_pairs" not in line]
    url = "file://" + os.path.join(os.path.abspath(run), "report.html")
    browser.open(url, width=390)
    browser.wait("document.readyState === 'complete'")
    wide, letters = browser.value("document.documentElement.scrollWidth"), browser.value(SMALLEST)
    say(wide == 390, "report-fits-a-phone", wide)
    say(letters >= 8.5, "letters-of-charts-are-legible-on-a-phone", letters)
    browser.open(url, width=2200)
    browser.wait("document.readyState === 'complete'")
    say(browser.value(COLUMNS) >= 3, "report-uses-a-wide-screen", browser.value(COLUMNS))
    browser.value("document.querySelectorAll('svg[data-plot]')[5].scrollIntoView({block: 'center'})")
    place = browser.value("(() => { const r = document.querySelectorAll('svg[data-plot]')[5].getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; })()")
    left, right = (float(v) / 480 for v in browser.value("document.querySelectorAll('svg[data-plot]')[5].dataset.plot").split()[:2])
    for step in (steps[0], steps[len(steps) // 2], steps[-1]):
        share = step["step"] / steps[-1]["step"]  # the axis begins at 0
        said = hover(browser, place[0] + place[2] * (left + (right - left) * share), place[1] + place[3] / 2)
        name, _, value = said.split("\n")[-1].partition(": ")
        # The path has a tenth of a unit, of 186 for the whole axis.
        near = value and abs(float(value) - step["lr"]) <= 2e-3 * max(s["lr"] for s in steps)
        say(said.startswith(f"step {step['step']}\n") and name == "Learning rate" and near, f"pointer-at-step-{step['step']}-says-the-value", f"{said} {step['lr']}")
    browser.value("document.querySelector('rect.bar').scrollIntoView({block: 'center'})")
    place = browser.value("(() => { const r = [...document.querySelectorAll('rect.bar')].find(r => r.getBoundingClientRect().height > 20).getBoundingClientRect(); return [r.left + r.width / 2, r.top + 10]; })()")
    say("pairs" in hover(browser, *place), "pointer-on-a-bar-says-its-pairs", hover(browser, *place))
    say(hover(browser, 1, 1) == "", "nothing-is-said-beside-the-charts")
    say(not browser.trouble, "report-has-no-errors", browser.trouble)


def main():
    program = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
    if not program:
        print("skip report-in-a-browser (no chromium)")
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile)
        try:
            look(browser, sys.argv[1])
        finally:
            browser.process.kill()
            browser.process.wait()


if __name__ == "__main__":
    main()
