"""Makes tests/data/template/constructs.jsonl: every construct of the template language, what the reference prints, and where it raises.

    python3 tests/oracle/jinja_golden.py     (needs transformers 5.24 and jinja2; the templates are in jinja_cases.py)

Every line: {"template", "variables"?, "date", "text"}, or without "text" where the reference raises. "refused": true marks what the reference
renders and Assay refuses by name. All cases share the variables of the first line unless they have their own.
"""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
import jinja_cases
import jinja_reference as reference

OUT = "tests/data/template/constructs.jsonl"


def main():
    os.makedirs(os.path.dirname(OUT), exist_ok=True)
    seen, raised = set(), 0
    with open(OUT, "w", encoding="utf-8") as handle:
        handle.write(json.dumps({"shared": jinja_cases.VARIABLES}, ensure_ascii=False) + "\n")
        for template in jinja_cases.CASES:
            if template in seen:
                continue
            seen.add(template)
            case = {"template": template}
            text, error = reference.render({"template": template, "variables": jinja_cases.VARIABLES})
            if template in jinja_cases.REFUSED:
                case["refused"] = True
            elif error is None:
                case["text"] = text
            else:
                raised += 1
            handle.write(json.dumps(case, ensure_ascii=False) + "\n")
    print(f"{len(seen)} cases, {raised} raise")


main()
