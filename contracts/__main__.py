"""`python -m contracts explain RULE-ID`: what a rule asks, what its source is, and why it matters."""

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
    """Run the command in `argv`, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m contracts",
        description="The contract of the token refresh.",
        epilog=OTHERS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    explaining = commands.add_parser(
        "explain", help="what a rule asks, what its source is, and why it matters; without a RULE-ID, list all rules"
    )
    explaining.add_argument("rule", nargs="*", metavar="RULE-ID")
    try:
        given = parser.parse_args(argv)
    except SystemExit as end:  # argparse exits with 2, but a usage error is 4 here
        return Exit.USAGE if end.code else 0
    if given.command is None:
        parser.print_help()
        return 0
    return explain(given.rule)


def explain(rule_ids: Sequence[str]) -> int:
    """Print the rules with these ids, or a list of all, and return the exit code."""
    rules = load().rules
    for rule_id in rule_ids:
        if rule_id not in rules:
            near = difflib.get_close_matches(rule_id, rules, 3, 0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else "`python -m contracts explain` lists them"
            print(f"there is no rule {rule_id[:80]!r}; {hint}", file=sys.stderr)
            return Exit.USAGE
    print("\n\n\n".join(terminal(rules[rule_id]) for rule_id in rule_ids) if rule_ids else listing(rules.values()))
    return 0


def run() -> int:
    """Run `main` for a terminal or a pipe, even if it cannot show every character or closes early; return the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # `head` has read enough; without this, Python would complain again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


if __name__ == "__main__":
    sys.exit(run())
