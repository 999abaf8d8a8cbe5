#!/usr/bin/env python3
"""Reads a run's event file with TensorBoard itself and compares every scalar with metrics.jsonl.

    python -m venv tb && tb/bin/pip install tensorboard
    tb/bin/python tests/oracle/read_events.py RUNDIR
"""
import json
import os
import struct
import sys

from tensorboard.backend.event_processing import event_accumulator

STEP = ["loss", "accuracy", "ties", "margin", "reward_chosen", "reward_rejected", "grad_norm", "lr", "epoch"]


def expected(folder):
    found = {}
    with open(os.path.join(folder, "metrics.jsonl"), encoding="utf-8") as handle:
        for line in map(json.loads, handle):
            evaluation = "eval_accuracy" in line
            for key, value in line.items():
                if value is None or key == "eval_seconds":
                    continue
                if evaluation and key.startswith("eval_"):
                    found.setdefault("eval/" + key[5:], []).append((line["step"], value))
                elif not evaluation and key in STEP:
                    found.setdefault("train/" + key, []).append((line["step"], value))
    return found


def as_f32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def main(folder):
    reader = event_accumulator.EventAccumulator(folder, size_guidance={event_accumulator.SCALARS: 0})
    reader.Reload()
    wanted, tags = expected(folder), set(reader.Tags()["scalars"])
    assert tags == set(wanted), (sorted(tags), sorted(wanted))
    points = 0
    for tag, series in wanted.items():
        read = [(event.step, event.value) for event in reader.Scalars(tag)]
        assert read == [(step, as_f32(value)) for step, value in series], (tag, read[:3], series[:3])
        assert all(event.wall_time == event.step for event in reader.Scalars(tag)), tag
        points += len(read)
    print(f"TensorBoard reads {len(tags)} tags, {points} points, all equal to metrics.jsonl")


main(sys.argv[1])
