"""What Transformers makes of a chat template: used by jinja_golden.py and jinja_parity.py. Needs transformers 5.24 and jinja2 3.1.6."""
import copy
import datetime

from transformers.utils import chat_template_utils as utils

DAY = "2024-07-26"


class Noon(datetime.datetime):
    """A clock that stands still, so that strftime_now gives the same every day."""

    @classmethod
    def now(cls, tz=None):
        return cls.fromisoformat(DAY)


utils.datetime = Noon


def render(case):
    """The variables are copied: `list|indent` changes its list before it fails. {"template", "variables"} or {"template", "messages", "tools", ...} -> (text, None) or (None, error)."""
    try:
        if "messages" not in case:
            return utils._compile_jinja_template(case["template"]).render(**copy.deepcopy(case.get("variables", {}))), None
        messages = utils._normalize_chat_messages(case["messages"])
        values = {**case.get("special_tokens", {}), **case.get("variables", {})}
        rendered, _ = utils.render_jinja_template(
            [messages], tools=case.get("tools"), documents=case.get("documents"), chat_template=case["template"],
            add_generation_prompt=case.get("add_generation_prompt", False), **values)
        text = rendered[0]
        text.encode("utf-8")
        return text, None
    except Exception as error:  # whatever a template raises
        return None, f"{type(error).__name__}: {error}"
    except RecursionError as error:
        return None, f"RecursionError: {error}"
