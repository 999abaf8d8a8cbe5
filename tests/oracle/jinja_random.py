"""Random templates through jinja2 and through Assay: bytes equal, or both refuse. What Assay refuses by name is counted apart.

    python3 tests/oracle/jinja_random.py SEED COUNT [--program build/tests/test_jinja]

One difference is known and left: jinja2 folds constants, and a slice of a constant that has none ({}[1:]) is then undefined instead of an error.
"""
import random
import re
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])
import jinja_cases
import jinja_parity
import jinja_reference

ATOMS = ["x", "y", "f", "s", "zh", "l", "ls", "d", "e", "people", "msgs", "n", "t", "nothing", "empty", "'a'", "'b c'", "1", "0", "2.5", "[]", "{}", "(1,2)", "none", "true", "nl",
         "html", "d.a", "people[0]", "msgs[0].content", "ns.a", "a", "b", "loop.index", "loop.last", "q", "low", "num"]
FILTERS = ["upper", "lower", "title", "trim", "length", "string", "list", "first", "last", "join(',')", "sort", "unique|list", "reverse|list", "tojson", "default('D')",
           "default('D',true)", "int", "float", "abs", "round", "capitalize", "replace('a','Z')", "map('string')|list", "map(attribute='name')|list", "select|list", "reject('none')|list",
           "selectattr('age')|list", "sum", "min", "max", "items|list", "dictsort", "indent", "center(9)", "truncate(5,true,'',0)", "e", "safe", "batch(2)|list", "slice(2)|list",
           "wordcount", "urlencode", "tojson(indent=1)", "groupby('age')|list", "format(1)"]
TESTS = ["defined", "none", "string", "number", "mapping", "sequence", "iterable", "odd", "even", "true", "false", "boolean", "undefined", "integer", "float", "eq 1", "in [1,'a']",
         "lower", "upper", "divisibleby 2"]
METHODS = ["upper()", "strip()", "split()", "split('l')", "items()", "keys()", "get('a')", "startswith('H')", "replace('l','L')", "a", "name", "foo", "title()", "count('l')", "index(1)",
           "find('o')", "join(ls)", "splitlines()", "format(1,2)", "values()", "copy()", "isdigit()"]
BINARY = ["+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", ">", "<=", ">=", "and", "or", "in", "not in"]
KEYS = ["0", "-1", "1", "x", '"a"', '"items"', "1:", "::-1", ":2", "::2", "-2:", ":-1"]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.pick = self.random.choice

    def expression(self, depth):
        shapes = [lambda a, b: f"{a} {self.pick(BINARY)} {b}", lambda a, b: f"({a})|{self.pick(FILTERS)}", lambda a, b: f"({a}) is {self.pick(['', 'not '])}{self.pick(TESTS)}",
                  lambda a, b: f"({a}).{self.pick(METHODS)}", lambda a, b: f"({a})[{self.pick(KEYS)}]", lambda a, b: f"[{a}, {b}]", lambda a, b: "{'k': " + a + ", x: " + b + "}",
                  lambda a, b: f"({a} if {b})", lambda a, b: f"({a} if x else {b})", lambda a, b: f"{self.pick(['not ', '-'])}{a}", lambda a, b: f"'%s|%s' % ({a}, {b})"]
        if depth <= 0 or self.random.random() < 0.2:
            return self.pick(ATOMS)
        return self.pick(shapes)(self.expression(depth - 1), self.expression(depth - 1))

    def tag(self, text):
        return "{%" + self.pick(["", "-", "+", ""]) + f" {text} " + self.pick(["", "-", "+", ""]) + "%}"

    def output(self):
        return self.pick([" ", "\n", "a", "\n  ", "", "中"]) + "{{" + self.pick(["", "-"]) + f" {self.expression(self.random.randint(0, 2))} " + self.pick(["", "-"]) + "}}"

    def statement(self, depth, loop):
        kind = self.random.random()
        if depth <= 0 or kind < 0.35:
            return self.output()
        if kind < 0.5:
            other = self.tag("else") + self.body(depth - 1, loop) if self.random.random() < 0.5 else ""
            return self.tag("if " + self.expression(2)) + self.body(depth - 1, loop) + other + self.tag("endif")
        if kind < 0.66:
            source = self.pick(["l", "ls", "msgs", "people", "d", "d.items()", "range(3)", self.expression(1)])
            test = " if " + self.expression(1) if self.random.random() < 0.3 else ""
            return self.tag("for " + self.pick(["a", "b", "x", "a, b"]) + " in " + source + test) + self.body(depth - 1, True) + self.tag("endfor")
        if kind < 0.78:
            return self.tag("set " + self.pick(["a", "b", "x", "s", "ns.a"]) + " = " + self.expression(2))
        if kind < 0.83:
            return self.tag("set " + self.pick("abxs")) + self.body(depth - 1, loop) + self.tag("endset")
        if kind < 0.89:
            return self.tag("macro " + self.pick("mk") + "(" + self.pick(["", "a", "a, b=1", "x"]) + ")") + self.body(depth - 1, False) + self.tag("endmacro")
        if kind < 0.94:
            return "{{ " + self.pick("mk") + "(" + self.pick(["", "1", "x", "a=2", "1, 2"]) + ") }}"
        if kind < 0.96 and loop:
            return self.tag(self.pick(["break", "continue"]))
        if kind < 0.98:
            return self.tag("filter " + self.pick(["upper", "trim", "replace('a','b')"])) + self.body(depth - 1, loop) + self.tag("endfilter")
        return self.tag("generation") + self.body(depth - 1, False) + self.tag("endgeneration")

    def body(self, depth, loop):
        return "".join(self.statement(depth, loop) for _ in range(self.random.randint(1, 3))) + self.pick(["", " ", "\n"])

    def template(self):
        if self.random.random() < 0.5:
            return "{{ " + self.expression(3) + " }}"
        return "{% set ns = namespace(a=1) %}" + self.body(3, False)


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    program = sys.argv[4] if len(sys.argv) > 4 else "build/tests/test_jinja"
    maker = Maker(seed)
    cases = [{"template": maker.template(), "variables": jinja_cases.VARIABLES} for _ in range(count)]
    rendered = refused = wrong = folded = 0
    for case, answer in zip(cases, jinja_parity.render_all(program, cases)):
        text, error = jinja_reference.render(case)
        rendered += text is not None
        if answer.get("status") == 3 or (text and re.search(r" at 0x[0-9a-f]+", text)):
            refused += 1
        elif (text is None) != ("error" in answer) or text != answer.get("text"):
            if "cannot be sliced" in answer.get("error", ""):
                folded += 1
                continue
            wrong += 1
            if wrong <= 10:
                print(f"{case['template']!r}\n  reference {error or repr(text)}\n  assay     {answer}")
    print(f"seed {seed}: {count} templates, {rendered} render, {refused} refused by name, {folded} folded slices, {wrong} different")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
