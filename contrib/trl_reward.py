"""Assay's server as TRL's reward function: AssayReward(url)(prompts=..., completions=...) -> [float]. Needs nothing but Python."""
import json
import time
import urllib.error
import urllib.request


class AssayReward:
    __name__ = "assay"  # the name TRL logs

    def __init__(self, url="http://127.0.0.1:8080", model=None, key=None, timeout=120):
        self.url, self.model, self.key, self.timeout = url.rstrip("/") + "/v1/score", model, key, timeout

    def __call__(self, prompts, completions, **_):
        """Texts or lists of messages, as TRL hands them over."""
        inputs = [{"prompt": p, "response": c} for p, c in zip(prompts, completions)]
        answer = self._post({"inputs": inputs, "activation": "none", **({"model": self.model} if self.model else {})})
        return [line["score"] for line in answer["data"]]

    def _post(self, body):
        headers = {"Content-Type": "application/json", **({"Authorization": "Bearer " + self.key} if self.key else {})}
        request = urllib.request.Request(self.url, json.dumps(body).encode(), headers)
        for _ in range(60):
            try:
                with urllib.request.urlopen(request, timeout=self.timeout) as response:
                    return json.load(response)
            except urllib.error.HTTPError as error:
                if error.code not in (429, 503):
                    raise RuntimeError(f"{self.url}: {error.code} {error.read().decode()[:500]}") from error
                time.sleep(float(error.headers.get("Retry-After", 1)))
        raise RuntimeError(f"{self.url}: still busy after a minute")
