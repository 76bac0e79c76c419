"""`python -m contracts explain RULE-ID`: what a rule asks, on whose word, and why."""

from __future__ import annotations

import argparse
import difflib
import io
import os
import sys
from collections.abc import Sequence

from contracts.model.document import load
from contracts.model.explain import listing, terminal
from contracts.rules.verdict import Exit

OTHERS = """other commands:
  pytest --pyargs contracts                      judge an endpoint, the mock and clients
  python -m contracts.provider.store --port N   start the built-in store"""


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the argv say; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m contracts",
        description="The contract of the token refresh.",
        epilog=OTHERS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    explaining = commands.add_parser(
        "explain", help="what rules ask, on whose word, and why; without a rule, all of them in short"
    )
    explaining.add_argument("rule", nargs="*", metavar="RULE-ID")
    try:
        given = parser.parse_args(argv)
    except SystemExit as end:  # argparse ends with 2; here a mistake is 4
        return Exit.USAGE if end.code else 0
    if given.command is None:
        parser.print_help()
        return 0
    return explain(given.rule)


def explain(ids: Sequence[str]) -> int:
    """Print the rules; the exit code."""
    rules = load().rules
    for id in ids:
        if id not in rules:
            near = difflib.get_close_matches(id, rules, 3, 0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else "`python -m contracts explain` lists them"
            print(f"there is no rule {id[:80]!r}; {hint}", file=sys.stderr)
            return Exit.USAGE
    print("\n\n\n".join(terminal(rules[id]) for id in ids) if ids else listing(rules.values()))
    return 0


def run() -> int:
    """The same for a terminal or a pipe, whatever it can show and however much of it is read; the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # `head` has seen enough; Python would complain once more when it closes the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


if __name__ == "__main__":
    sys.exit(run())
