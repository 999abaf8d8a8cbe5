#!/usr/bin/env python3
"""Other projects' own clients against a running `assay serve`, every score compared bit for bit (as f32) with `assay score`.

Usage: PYTHON tests/oracle/real_clients.py [--assay build/assay] [--openrlhf CLONE] [--llama-factory CLONE] [--vllm FOLDER]... [--tei CLONE]
                                           [--only NAME] [--port 8000]

A clone is a checkout of the project's repository; vLLM's may be an unpacked source package, several folders are several releases. PYTHON should have
torch, transformers, requests and aiohttp, and what is to be tried of: cohere, litellm, huggingface_hub, tei-client, trl with datasets, schemathesis. What is
absent is skipped and said. Clients run unmodified; a program that has vLLM's address written in finds us there (--port 8000). Where a package would
pull in more than its client needs (DeepSpeed, Ray, vLLM), the module's file is loaded without its package's __init__, and Ray is a stand-in that calls at once.
The model is a tiny Llama, trained two steps. Ends with 1 if a score differed or a client failed.
"""
import argparse
import asyncio
import contextlib
import functools
import glob
import importlib
import importlib.metadata
import importlib.util
import io
import json
import math
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
import types

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
WORDS = "the heart rate of a patient rises with fever and falls with rest ward night tea".split()
TEXTS = [" ".join(WORDS[(i * 7 + j * (i % 5 + 1)) % len(WORDS)] for j in range(1 + i % 23)) for i in range(24)]
TEXTS += ["\u00e9t\u00e9 \u4f60\u597d \U0001f600", 'quotes " and \\ and \u2028', "two\nlines\tand a tab", " leading and trailing ", "<s>[INST] a </s>"]
QUERY, ANSWERS = "What does fever do to the heart?", TEXTS[3:15] + ["\u4f60\u597d", "It beats faster.\n"]


class Skip(Exception):
    pass


def pair(query, document):
    return {"prompt": query, "response": document}


def bits(value):
    return struct.pack("<f", value)


class Scores:
    """Expected scores by `assay score`, asked for once at the end."""

    def __init__(self, assay, model, work):
        self.assay, self.model, self.work, self.known = assay, model, work, {}

    def of(self, lines):
        new = [key for key in dict.fromkeys(json.dumps(line) for line in lines) if key not in self.known]
        if new:
            path = os.path.join(self.work, "lines.jsonl")
            open(path, "w").write("".join(key + "\n" for key in new))
            out = subprocess.run([self.assay, "score", "--model", self.model, "--input", path], check=True, capture_output=True, text=True).stdout
            self.known.update(zip(new, (json.loads(row)["score"] for row in out.splitlines())))
        return [self.known[json.dumps(line)] for line in lines]


def module_of(name, root, packages):
    """A module of a clone without running its packages' __init__."""
    for package in packages:
        stub = types.ModuleType(package)
        stub.__path__ = [os.path.join(root, *package.split("."))]
        sys.modules[package] = stub
    return importlib.import_module(name)


def commit(clone):
    if not os.path.isdir(os.path.join(clone, ".git")):
        info = os.path.join(clone, "PKG-INFO")
        return re.search(r"^Version: (.*)$", open(info).read(), re.M)[1] if os.path.exists(info) else "?"
    return subprocess.run(["git", "-C", clone, "log", "-1", "--format=%h %cs"], capture_output=True, text=True).stdout.strip()


def need(value, what):
    if not value:
        raise Skip(what + " is not given")
    return value


def package(name):
    try:
        return importlib.import_module(name.replace("-", "_")), importlib.metadata.version(name)
    except ImportError as error:
        raise Skip(f"{name}: {error}") from error


# --- OpenRLHF -------------------------------------------------------------------------------------------------------------------


class Engine:
    """Stands for vLLM in OpenRLHF's executor: "generates" a given text."""

    def __init__(self, tokenizer, answer):
        self.ids = tokenizer(text=answer, add_special_tokens=False)["input_ids"]

    async def generate(self, prompt_ids, sampling, multi_modal_data=None):
        return types.SimpleNamespace(outputs=[types.SimpleNamespace(token_ids=self.ids, finish_reason="stop", logprobs=None, text="")])


def openrlhf_now(at):
    """openrlhf/utils/agent.py: the executor that PPO's rollout workers run, prompt to reward."""
    clone = need(at.openrlhf, "--openrlhf")
    if not os.path.exists(os.path.join(clone, "openrlhf/utils/agent.py")):
        raise Skip("no openrlhf/utils/agent.py in that clone")
    agent = module_of("openrlhf.utils.agent", clone, ["openrlhf", "openrlhf.utils"])
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(at.base)
    url, sampling = at.url + "/get_reward", types.SimpleNamespace(max_tokens=64, logprobs=None)
    got, lines = [], []

    async def rollouts():
        executor = agent.SingleTurnAgentExecutor(url)
        runs = [executor.execute(QUERY + " ", "", sampling, 512, tokenizer, Engine(tokenizer, answer)) for answer in TEXTS]
        for out in await asyncio.gather(*runs):
            got.append(out["reward"][0])
            lines.append({"text": tokenizer.decode(out["observation_tokens"], skip_special_tokens=False)})
        two = agent.SingleTurnAgentExecutor([url, url])
        for part in await two._fetch_rewards_via_http(TEXTS, TEXTS, TEXTS):
            got.extend(part["rewards"])
        lines.extend({"text": text} for text in TEXTS)

    asyncio.run(rollouts())
    return commit(clone), len(TEXTS) + 2, got, lines


def stand_in_for_ray():
    ray = types.ModuleType("ray")

    def remote(thing):
        thing.remote = thing
        return thing

    ray.remote, ray.get = remote, lambda value: value
    return ray


def openrlhf_older(at):
    """openrlhf/utils/remote_rm_utils.py of two releases, out of the clone's history: with prompts and labels, and before with queries alone."""
    clone = need(at.openrlhf, "--openrlhf")
    log = subprocess.run(["git", "-C", clone, "log", "--format=%h", "--", "openrlhf/utils/remote_rm_utils.py"], capture_output=True, text=True).stdout.split()
    sources = {}
    for mark in log:
        text = subprocess.run(["git", "-C", clone, "show", mark + ":openrlhf/utils/remote_rm_utils.py"], capture_output=True, text=True).stdout
        kind = "prompts" if "def remote_rm_fn_ray(api_url, queries, prompts" in text else "queries" if "def remote_rm_fn(api_url, queries" in text else None
        if kind and kind not in sources:
            sources[kind] = (mark, text)
    if not sources:
        raise Skip("no remote_rm_utils.py in that clone's history")
    module_of("openrlhf.utils.logging_utils", clone, ["openrlhf", "openrlhf.utils"])
    sys.modules.setdefault("ray", stand_in_for_ray())
    got = []
    for kind, (mark, text) in sources.items():
        module = types.ModuleType("remote_rm_utils_" + mark)
        exec(compile(text, f"remote_rm_utils.py@{mark}", "exec"), module.__dict__)
        url = at.url + "/get_reward"
        got += module.remote_rm_fn_ray(url, TEXTS, TEXTS, TEXTS)["rewards"] if kind == "prompts" else module.remote_rm_fn(url, TEXTS).tolist()
    return " ".join(mark for mark, _ in sources.values()), len(sources), got, [{"text": text} for text in TEXTS] * len(sources)


# --- LLaMA-Factory ----------------------------------------------------------------------------------------------------------------


def llama_factory(at):
    """src/llamafactory/train/ppo/ppo_utils.py: get_rewards_from_server, what PPO with reward_model_type api calls."""
    clone = need(at.llama_factory, "--llama-factory")
    names = ["llamafactory", "llamafactory.train", "llamafactory.train.ppo", "llamafactory.extras"]
    utils = module_of("llamafactory.train.ppo.ppo_utils", os.path.join(clone, "src"), names)
    rewards = utils.get_rewards_from_server(at.url + "/v1/score/evaluation", TEXTS)
    alone = [utils.get_rewards_from_server(at.url + "/v1/score/evaluation", [text]) for text in TEXTS]
    got = rewards.tolist() + [float(one[0]) for one in alone]
    return commit(clone), 1 + len(TEXTS), got, [{"text": text} for text in TEXTS] * 2


# --- vLLM -------------------------------------------------------------------------------------------------------------------------

VLLM_EXAMPLES = {"classification_online", "score_api_online", "rerank_api_online", "using_template_online", "qwen3_reranker_online", "sequence_reward_online",
                 "token_reward_online", "pooling_online", "openai_cross_encoder_score", "openai_pooling_client", "openai_classification_client",
                 "jinaai_rerank_client", "jinjaai_rerank_client", "online_qwen3_reranker", "online_using_template"}


def lines_of(body, at):
    """What a vLLM request asks to be scored."""
    one_of = lambda *names: next((body[name] for name in names if name in body), None)  # noqa: E731
    listed = lambda value: value if isinstance(value, list) else [value]  # noqa: E731
    documents = one_of("documents", "text_2", "data_2")
    if documents is not None:
        documents, queries = listed(documents), listed(one_of("query", "queries", "text_1", "data_1"))
        return [pair(q, d) for q, d in zip(queries * len(documents) if len(queries) == 1 else queries, documents)]
    if "messages" in body:  # vLLM hands a template that adds strings the text parts of a message, joined by newlines
        told = lambda content: content if isinstance(content, str) else "\n".join(part["text"] for part in content)  # noqa: E731
        return [{"messages": [{**message, "content": told(message["content"])} for message in body["messages"]]}]
    return [{"text": at.texts_of.get(tuple(one), one) if isinstance(one, list) else one} for one in listed(body["input"])]


def values_of(answer):
    if "results" in answer:
        return [one["relevance_score"] for one in sorted(answer["results"], key=lambda one: one["index"])]
    return [one["score"] if "score" in one else one["probs"][0] if "probs" in one else one["data"][0] for one in answer["data"]]


@contextlib.contextmanager
def recorded(seen):
    """Keeps what goes through requests.post while the program runs."""
    import requests

    real = requests.post

    @functools.wraps(real)
    def post(url, *args, **kwargs):
        answer = real(url, *args, **kwargs)
        seen.append((kwargs.get("json"), answer))
        return answer

    requests.post = post
    try:
        yield
    finally:
        requests.post = real


def vllm_examples(at):
    """The example programs that score, run as they are."""
    seen, ran = [], []
    for folder in need(at.vllm, "--vllm"):
        for path in sorted(glob.glob(os.path.join(folder, "**", "*.py"), recursive=True)):
            name = os.path.basename(path)[:-3]
            if name not in VLLM_EXAMPLES:
                continue
            spec = importlib.util.spec_from_file_location("example_" + name, path)
            module = importlib.util.module_from_spec(spec)
            arguments, sys.argv = sys.argv, [path] + (["--port", str(at.port)] if "--port" in open(path).read() else [])
            try:
                with recorded(seen), contextlib.redirect_stdout(io.StringIO()):
                    spec.loader.exec_module(module)
                    module.main(module.parse_args()) if hasattr(module, "parse_args") else module.main()
            finally:
                sys.argv = arguments
            ran.append(name)
    got, lines = [], []
    for body, answer in seen:
        if answer.status_code != 200:
            raise RuntimeError(f"{json.dumps(body)[:200]}: {answer.status_code} {answer.text[:200]}")
        if "tokens" in answer.json():
            at.texts_of[tuple(answer.json()["tokens"])] = body["prompt"]
            continue
        got += values_of(answer.json())
        lines += lines_of(body, at)
    if not ran:
        raise Skip("no known example there")
    return f"{' '.join(commit(folder) for folder in at.vllm)}, {len(ran)} programs", len(seen), got, lines


def vllm_cohere_example(at):
    """vLLM's example of Cohere's SDK, its own function with our texts."""
    package("cohere")
    import cohere

    found = [path for folder in need(at.vllm, "--vllm") for path in glob.glob(os.path.join(folder, "**", "cohere_rerank_client.py"), recursive=True)]
    if not found:
        raise Skip("no cohere_rerank_client.py there")
    got, lines = [], []
    for path in found:
        spec = importlib.util.spec_from_file_location("cohere_example", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        with contextlib.redirect_stdout(io.StringIO()):
            module.main()
        for client in (cohere.Client(base_url=at.url, api_key="sk-fake-key"), cohere.ClientV2("sk-fake-key", base_url=at.url)):
            answer = module.cohere_rerank(client, module.model, QUERY, ANSWERS)
            got += [one.relevance_score for one in answer.results]
            lines += [pair(QUERY, ANSWERS[one.index]) for one in answer.results]
    return " ".join(commit(folder) for folder in at.vllm), 4 * len(found), got, lines


# --- SDKs of rerankers ---------------------------------------------------------------------------------------------------------------


def cohere_sdk(at):
    """Cohere's Python SDK: /v1/rerank with documents returned, /v2/rerank with top_n, and asynchronously."""
    cohere, version = package("cohere")
    old, new = cohere.Client(base_url=at.url, api_key="none"), cohere.ClientV2("none", base_url=at.url)
    replies = [old.rerank(model="m", query=QUERY, documents=ANSWERS, return_documents=True), old.rerank(model="m", query=QUERY, documents=[{"text": a} for a in ANSWERS]),
               new.rerank(model="m", query=QUERY, documents=ANSWERS), new.rerank(model="m", query=QUERY, documents=ANSWERS, top_n=3)]
    replies.append(asyncio.run(cohere.AsyncClientV2("none", base_url=at.url).rerank(model="m", query=QUERY, documents=ANSWERS)))
    if any(one.document.text != ANSWERS[one.index] for one in replies[0].results) or len(replies[3].results) != 3:
        raise RuntimeError("documents or top_n are not what was asked for")
    got = [one.relevance_score for reply in replies for one in reply.results]
    for reply in replies:
        scores = [one.relevance_score for one in reply.results]
        if scores != sorted(scores, reverse=True):
            raise RuntimeError("not sorted")
    return version, len(replies), got, [pair(QUERY, ANSWERS[one.index]) for reply in replies for one in reply.results]


def litellm_sdk(at):
    """LiteLLM's rerank in the dialects of four providers: cohere, jina_ai, hosted_vllm, huggingface (TEI)."""
    litellm, version = package("litellm")
    litellm.suppress_debug_info = True
    got, lines, asked, odd, squashed = [], [], 0, [], []
    for model, base in (("cohere/m", "/v1/rerank"), ("jina_ai/m", "/v1/rerank"), ("hosted_vllm/m", "/v1/rerank"), ("huggingface/m", "")):
        answer = litellm.rerank(model=model, query=QUERY, documents=ANSWERS, top_n=len(ANSWERS), api_base=at.url + base, api_key="none")
        results = answer.results if hasattr(answer, "results") else answer["results"]
        asked += 1
        if len(results) != len(ANSWERS):
            odd.append(f"{model}: {len(results)} results")
        soft = model.startswith("huggingface")  # sends raw_scores false: TEI's sigmoid
        got += [logit(one["relevance_score"]) if soft else one["relevance_score"] for one in results]
        lines += [pair(QUERY, ANSWERS[one["index"]]) for one in results]
        squashed += [soft] * len(results)
    if odd:
        raise RuntimeError("; ".join(odd))
    return version, asked, got, lines, squashed


# --- Text Embeddings Inference -----------------------------------------------------------------------------------------------------------


def hub_client(at):
    """huggingface_hub's InferenceClient with an endpoint's address: to /predict, and to the bare address as an Inference Endpoint is asked."""
    hub, version = package("huggingface_hub")
    got, lines, kinds = [], [], []
    for address in (at.url + "/predict", at.url + "/", at.url):
        client = hub.InferenceClient(model=address, token="none")
        for function in (None, "none", "sigmoid"):
            for text in TEXTS[::3]:
                answer = client.text_classification(text, **({"function_to_apply": function} if function else {}))
                got.append((answer[0] if isinstance(answer, list) else answer).score)
                lines.append({"text": text})
                kinds.append(function)
    return version, len(got), [logit(value) if kind == "sigmoid" else value for value, kind in zip(got, kinds)], lines, [k == "sigmoid" for k in kinds]


def logit(value):
    return math.log(value / (1 - value))


def tei_documents(at):
    """Every curl line of TEI's README and guides that goes to /rerank or /predict, run by a shell with our address in it."""
    clone = need(at.tei, "--tei")
    got, lines, squashed, asked = [], [], [], 0
    for path in [os.path.join(clone, "README.md")] + sorted(glob.glob(os.path.join(clone, "docs", "**", "*.md"), recursive=True)):
        for block in re.findall(r"```(?:bash|shell)\n(curl [^`]*?8080/(?:rerank|predict)[^`]*)```", open(path).read()):
            command = re.sub(r"(?:https?://)?(?:127\.0\.0\.1|localhost):8080", at.url, block)
            answer = json.loads(subprocess.run(["bash", "-c", command.replace("curl ", "curl -s ", 1)], capture_output=True, text=True, check=True).stdout)
            body, asked = json.loads(re.search(r"-d '(.*?)' ", command.replace("\\\n", " "), re.S)[1]), asked + 1
            if "texts" in body:
                got += [one["score"] for one in answer]
                lines += [pair(body["query"], body["texts"][one["index"]]) for one in answer]
            else:
                many = isinstance(body["inputs"], list)
                got += [one[0]["score"] for one in answer] if many else [answer[0]["score"]]
                lines += [{"text": one[0] if isinstance(one, list) else one} for one in (body["inputs"] if many else [body["inputs"]])]
            squashed += [body.get("raw_scores") is False] * (len(got) - len(squashed))
    if not asked:
        raise Skip("no such command in its documents")
    return commit(clone), asked, [logit(value) if flag else value for value, flag in zip(got, squashed)], lines, squashed


def trl_trainer(at):
    """TRL's GRPOTrainer on the tiny model, two steps, contrib/trl_reward.py as its reward function."""
    trl, version = package("trl")
    datasets, _ = package("datasets")
    sys.path.insert(0, os.path.join(ROOT, "contrib"))
    from trl_reward import AssayReward

    class Watched(AssayReward):
        seen = []

        def __call__(self, prompts, completions, **more):
            rewards = super().__call__(prompts, completions, **more)
            self.seen += zip(prompts, completions, rewards)
            return rewards

    data = datasets.Dataset.from_list([{"prompt": text} for text in TEXTS[5:13]])
    options = trl.GRPOConfig(output_dir=os.path.join(at.work, "grpo"), max_steps=2, per_device_train_batch_size=8, num_generations=4, max_completion_length=12,
                             report_to=[], use_cpu=True, bf16=False, save_strategy="no", logging_steps=1, disable_tqdm=True)
    trainer = trl.GRPOTrainer(model=at.base, reward_funcs=Watched(at.url), args=options, train_dataset=data)
    trainer.train()
    logged = [row for row in trainer.state.log_history if "rewards/assay/mean" in row]
    if len(logged) != 2:
        raise RuntimeError(f"rewards/assay/mean was logged {len(logged)} times, not 2")
    return version, 2, [reward for _, _, reward in Watched.seen], [pair(p, c) for p, c, _ in Watched.seen]


def schemathesis_run(at):
    """Requests made up from our OpenAPI document: no 5xx, answers of documented codes and types."""
    package("schemathesis")
    version = importlib.metadata.version("schemathesis")
    tool = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"]
    log = os.path.join(at.work, "schemathesis.log")
    with open(log, "w") as out:
        code = subprocess.run(tool + ["run", at.url + "/openapi.json", "--max-examples", str(at.examples), "--seed", "1", "--exclude-path", "/admin/reload",
                               "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"],
                              stdout=out, stderr=subprocess.STDOUT).returncode
    text = open(log).read()
    found = re.search(r"(\d+) generated", text)
    if code:
        raise RuntimeError("see below\n" + text[-6000:])
    return version, int(found[1]) if found else 0, [], []


CLIENTS = [("OpenRLHF", openrlhf_now), ("OpenRLHF-older", openrlhf_older), ("LLaMA-Factory", llama_factory), ("vLLM-examples", vllm_examples),
           ("vLLM-cohere", vllm_cohere_example), ("cohere", cohere_sdk), ("litellm", litellm_sdk), ("huggingface_hub", hub_client), ("TEI-documents", tei_documents),
           ("TRL", trl_trainer), ("schemathesis", schemathesis_run)]


def prepare(at):
    data = os.path.join(at.work, "train.jsonl")
    open(data, "w").writelines(open(os.path.join(ROOT, "examples", "medical_train.jsonl")).readlines()[:24])
    at.base, at.model = os.path.join(at.work, "base"), os.path.join(at.work, "model")
    run = functools.partial(subprocess.run, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run([at.assay, "init", "--arch", "llama", "--output", at.base, "--quiet"])
    run([at.assay, "train", "--model", at.base, "--output", at.model, "--data", data, "--eval-data", data, "--max-steps", "2", "--batch-pairs", "4", "--quiet"])
    server = subprocess.Popen([at.assay, "serve", "--model", at.model, "--port", str(at.port), "--quiet"], stdout=subprocess.PIPE, text=True)
    at.url = server.stdout.readline().split()[-1]
    return server


def compare(scores, got, lines, squashed=None):
    """(equal, all, the first that differs). What went through a sigmoid and back is compared to 1e-6: the reward is not in it exactly."""
    wanted, squashed = scores.of(lines), squashed or [False] * len(lines)
    if len(got) != len(wanted):
        return 0, len(wanted), f"{len(got)} scores for {len(wanted)} texts"
    same = [abs(a - b) < 1e-6 if soft else bits(a) == bits(b) for a, b, soft in zip(got, wanted, squashed)]
    first = next((f"{line}: {a!r}, not {b!r}" for ok, a, b, line in zip(same, got, wanted, lines) if not ok), "")
    return sum(same), len(same), first


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--assay", default=os.path.join(ROOT, "build", "assay"))
    for name in ("--openrlhf", "--llama-factory", "--tei", "--only"):
        parser.add_argument(name)
    parser.add_argument("--vllm", action="append")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--examples", type=int, default=30)
    at = parser.parse_args()
    at.texts_of, failed, good = {}, 0, 0
    os.environ.update(HF_HUB_DISABLE_TELEMETRY="1", LITELLM_LOCAL_MODEL_COST_MAP="True", TOKENIZERS_PARALLELISM="false", NO_PROXY="127.0.0.1,localhost")
    with tempfile.TemporaryDirectory() as at.work:
        server = prepare(at)
        scores = Scores(at.assay, at.model, at.work)
        try:
            for name, client in CLIENTS:
                if at.only and at.only not in name:
                    continue
                start = time.time()
                try:
                    version, asked, got, lines, *squashed = client(at)
                    equal, count, first = compare(scores, got, lines, *squashed)
                    ok = equal == count
                    print(f"{'ok' if ok else 'not ok'} {name} ({version}): {asked} requests, {equal} of {count} scores equal, {time.time() - start:.0f} s {first}", flush=True)
                except Skip as why:
                    print(f"skipped {name}: {why}", flush=True)
                    continue
                except Exception as error:  # a client that breaks is a finding, and the others still run
                    ok = False
                    print(f"not ok {name}: {type(error).__name__}: {error}", flush=True)
                good, failed = good + ok, failed + (not ok)
        finally:
            server.terminate()
            server.wait()
    print(f"{good} passed, {failed} failed")
    return failed > 0 or good == 0


if __name__ == "__main__":
    sys.exit(main())
