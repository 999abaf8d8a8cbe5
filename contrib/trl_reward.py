"""Assay's server as TRL's reward function: AssayReward(url)(prompts=..., completions=...) -> [float]. Needs nothing but Python.

A text longer than the server takes ends the run, unless truncate says which side to cut ("left" or "right"). A server that is
busy, stopping or not there yet is asked again for `patience` seconds."""
import json
import time
import urllib.error
import urllib.request


class AssayReward:
    __name__ = "assay"  # the name TRL logs

    def __init__(self, url="http://127.0.0.1:8080", model=None, key=None, timeout=120, truncate=None, patience=120):
        self.url, self.model, self.key, self.timeout = url.rstrip("/") + "/v1/score", model, key, timeout
        self.truncate, self.patience = truncate, patience

    def __call__(self, prompts, completions, **_):
        """Texts or lists of messages, as TRL hands them over."""
        inputs = [{"prompt": p, "response": c} for p, c in zip(prompts, completions)]
        body = {"inputs": inputs, "activation": "none", "model": self.model, "truncate": self.truncate}
        answer = self._post({name: value for name, value in body.items() if value is not None})
        return [line["score"] for line in answer["data"]]

    def _ask(self, request):
        """The answer, or how many seconds to wait before asking again."""
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as response:
                return json.load(response), 0
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503):
                raise RuntimeError(f"{self.url}: {error.code} {error.read().decode()[:500]}") from error
            return None, float(error.headers.get("Retry-After", 1))
        except (urllib.error.URLError, ConnectionError) as error:
            if not isinstance(getattr(error, "reason", error), ConnectionError):
                raise
            return None, 1.0  # refused, or closed before an answer came: it is being started again

    def _post(self, body):
        headers = {"Content-Type": "application/json", **({"Authorization": "Bearer " + self.key} if self.key else {})}
        request = urllib.request.Request(self.url, json.dumps(body).encode(), headers)
        end = time.monotonic() + self.patience
        while True:
            answer, wait = self._ask(request)
            if answer is not None:
                return answer
            if time.monotonic() + wait > end:
                raise RuntimeError(f"{self.url}: busy or not there for {self.patience} seconds")
            time.sleep(wait)
