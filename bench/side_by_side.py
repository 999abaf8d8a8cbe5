"""What the comparisons share: processes measured one after the other, peers that answer line by line, ratios with their spread.

Rounds alternate, because a shared machine drifts by several per cent between minutes: only figures of one round may be divided by each other.
A peer is the same script started again with --peer NAME: it builds its model, prints one JSON line, then answers each JSON line with another.
It stays alive while Assay is measured, but its threads sleep then (OpenMP's stop spinning after some milliseconds).
"""
import json
import os
import statistics
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
SHARED = os.environ.get("ASSAY_SHARED", os.path.join(ROOT, "..", "shared"))
MIB = 1 << 20
THREADS = 2  # of Assay and of the peer

# What suits both sides best on a CPU: both cores, memory kept by the allocator instead of given back and faulted in again, huge pages.
TUNED = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "17179869184", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1", "OMP_NUM_THREADS": str(THREADS)}


def add_common(parser, rounds):
    parser.add_argument("--rounds", type=int, default=rounds, help="rounds, in each of which every side is measured once")
    parser.add_argument("--assay", default=os.path.join(ROOT, "build", "assay"), help="the program")
    parser.add_argument("--peer", default="", help="(used by the script itself)")


def run(command, **options):
    """Runs a command to its end: (what it printed, its peak resident bytes). Raises with its last words when it fails."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}\nfailed with {process.returncode}: {output[-2000:]}")
    return output, usage.ru_maxrss * 1024


def run_json(command, tries=3, tuned=False):
    """The one JSON object a command prints on standard output; notes go to the terminal. `assay bench` gives up on a busy machine: it is asked again."""
    for _ in range(tries):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env={**TUNED, **os.environ} if tuned else None)
        if done.returncode == 0:
            return json.loads(done.stdout)
        if done.returncode != 1:
            break
    raise SystemExit(f"{' '.join(command)}\nfailed with {done.returncode}")


def train_steps(assay, options, output, skip=1):
    """Trains and returns (metrics lines of the steps after the first `skip`, peak resident bytes)."""
    _, peak = run([assay, "train", "--output", output, "--force", "--eval-split", "off", "--save-steps", "end", "--quiet", "--threads", str(THREADS), *options])
    with open(os.path.join(output, "metrics.jsonl"), encoding="utf-8") as handle:
        lines = [line for line in map(json.loads, handle) if "seconds" in line and "loss" in line]
    return lines[skip:], peak


class Peer:
    """This script again, as a process that answers; `ready` is what it said of itself."""

    def __init__(self, name, arguments=None):
        command = [sys.executable, os.path.abspath(sys.argv[0]), *(sys.argv[1:] if arguments is None else arguments), "--peer", name]
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**TUNED, **os.environ, "OMP_NUM_THREADS": str(THREADS)})
        self.ready = self._read()

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the peer {self.name} ended with {self.process.wait()}")
        return json.loads(line)

    def ask(self, question=None):
        print(json.dumps(question), file=self.process.stdin, flush=True)
        return self._read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def answer(ready, reply):
    """The peer's side: says what it is, then answers each line with reply(question)."""
    print(json.dumps(ready), flush=True)
    for line in sys.stdin:
        print(json.dumps(reply(json.loads(line))), flush=True)


def status_bytes(field):
    with open("/proc/self/status", encoding="ascii") as handle:
        return next(1024 * int(line.split()[1]) for line in handle if line.startswith(field + ":"))


def resident():
    """The resident bytes of this process now."""
    return status_bytes("VmRSS")


def resident_peak():
    """The highest resident bytes of this process since it started or since reset_resident_peak()."""
    return status_bytes("VmHWM")


def reset_resident_peak():
    with open("/proc/self/clear_refs", "w", encoding="ascii") as handle:
        handle.write("5")


def spread(values, digits=2):
    """The median with the range, as the tables print it."""
    values = list(values)
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def table(rows):
    """Rows of texts in columns; the first row is the head."""
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(str(cell).ljust(width) if i == 0 else str(cell).rjust(width) for i, (cell, width) in enumerate(zip(row, widths))).rstrip())
    sys.stdout.flush()
