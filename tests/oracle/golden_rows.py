"""The golden files of tests/test_rows.c: how the scripts that make them end."""
import torch
from safetensors.torch import save_file


def print_distance(exact, single):
    worst = max(((single[n].double() - exact[n]).norm() / exact[n].norm()).item() for n in exact)
    print(f"float32 is at most {worst:.1e} of a tensor's norm from float64")


def save_rows(path, exact, rows, **more):
    """exact: {name: tensor}, written in float32; rows: lists of lists of ids, written as ids.ROW.PLACE; more: as they are."""
    golden = {name: value.float().contiguous() for name, value in exact.items()}
    golden |= {f"ids.{i}.{k}": torch.tensor(ids, dtype=torch.int32) for i, row in enumerate(rows) for k, ids in enumerate(row)}
    save_file(golden | more, path)
