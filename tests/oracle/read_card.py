#!/usr/bin/env python3
"""Reads model cards with huggingface_hub, which validates what the hub would. Usage: read_card.py DIR ..."""
import os
import sys

from huggingface_hub import ModelCard

for folder in sys.argv[1:]:
    card = ModelCard.load(os.path.join(folder, "README.md"), ignore_metadata_errors=False)
    data = card.data
    assert data.base_model and data.library_name in ("peft", "transformers"), folder
    assert data.pipeline_tag in ("text-classification", "text-generation"), folder
    assert "assay" in data.tags, folder
    if data.pipeline_tag == "text-classification":
        assert "reward-model" in data.tags, folder
    for result in data.eval_results or []:
        assert result.metric_type == "accuracy" and 0 <= result.metric_value <= 1, folder
        assert result.task_type == "text-classification" and result.dataset_name, folder
    again = ModelCard(str(card))
    assert again.data.to_dict() == data.to_dict(), folder
    found = [f"{r.dataset_name} {r.metric_type} {r.metric_value}" for r in data.eval_results or []]
    print(f"{folder}: {data.library_name}, {data.pipeline_tag}, license {data.license}, datasets {data.datasets}, {found}")
