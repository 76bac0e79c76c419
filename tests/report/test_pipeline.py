"""What pipelines read of a run: a summary, a badge, annotations, pytest's JUnit XML. No text of a server is obeyed there."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from contracts.judge import judge_provider
from contracts.model.document import load
from contracts.model.part import Part
from contracts.provider.target import Target
from contracts.redaction.redacted import Redacted, redact
from contracts.redaction.redactor import Redactor
from contracts.report import json as json_report
from contracts.report import summary
from contracts.report.annotations import annotations
from contracts.report.badge import badge
from contracts.report.model import DETAILED, Finding, Implementation, Report, RuleResult, report
from contracts.result import RunResult
from contracts.settings import Settings
from tests.kit.gates import Gate
from tests.kit.recordings import call
from tests.liars import LIARS

HOSTILE = {
    "control characters": "\x00\x01\x08\x0b\x1b[31m\x7f\x85",
    "the end of a CDATA": "]]><failure/>",
    "quotes": "\"'&quot;",
    "no characters": "\ufffe\uffff",
    "lone surrogates": "\ud800 \udfff",
    "line breaks": "one\r\ntwo\n\n# three\u2028four",
    "a workflow command": "\n::error title=x::y\r\n::set-output name=a::b\n##[error]z",
    "percents and separators": "100%0A, a:b",
    "a table": "a | b \\| c \\",
    "backticks": "` `` ``` x```",
    "a backtick alone": "`",
    "only spaces": "   ",
    "nothing": "",
    "HTML": "<script>alert(1)</script><img src=x onerror=y> &lt;b&gt; <!-- -->",
    "a link": "[x](https://evil.example) ![y](//evil.example/z.png) <https://evil.example> https://evil.example www.evil.example",
    "a mention and a reference": "@octocat #123 GH-1 octo/cat#1",
    "right to left": "\u202eabc\u2066",
    "very long": "x`|<" * 50_000,
}
LEVELS = {"fail": "MUST", "warn": "SHOULD", "known": "SHOULD"}


def rule(rule_id: str, actual: str, role: str = "provider", **verdicts: str) -> tuple[RuleResult, ...]:
    """What became of a rule with each implementation, with a finding for each that broke it."""
    level = LEVELS.get(next(iter(verdicts.values()), ""), "MUST")
    text = "The status of the body mirrors HTTP's, for `POST` and @all_others."
    sources = ("The bundle @salla.sa/twilight <https://store.example/twilight>", "RFC 9110")
    found = (Finding("success: true with HTTP 200", actual, 3),)
    return tuple(
        RuleResult(
            *(rule_id, level, role, text, sources, name, verdict),
            findings=found if verdict in DETAILED else (),
            again=f"pytest -k {rule_id}",
        )
        for name, verdict in verdicts.items()
    )


def made(
    verdict: str = "non-conformant",
    rules: Iterable[tuple[RuleResult, ...]] | None = None,
    *,
    name: str = "store",
    reason: str | None = "store: 1 rule broken",
    actual: str = "success is false",
) -> Redacted[Report]:
    """A report of two implementations, that has every verdict unless other rules are given."""
    usual = [
        rule("held", actual, **{name: "pass"}),
        rule("broken", actual, **{name: "fail"}),
        rule("gone", actual, **{name: "fixed"}),
        rule("crashed", actual, **{name: "error"}),
        rule("advised", actual, **{name: "warn"}),
        rule("agreed", actual, **{name: "known"}),
        rule("unseen", actual, **{name: "not-exercised"}),
        rule("closed", actual, **{name: "blocked"}),
        rule("fires-once", actual, "consumer", python="pass"),
    ]
    implementations = (
        Implementation(name, "provider", "real", None, verdict, 98),
        Implementation("python", "consumer", "mock", "0.1", "conformant", 0),
    )
    results = tuple(itertools.chain.from_iterable(usual if rules is None else rules))
    return Redacted(Report(verdict, reason, 98, 3.25, 7, implementations, results))


def everywhere(text: str) -> Redacted[Report]:
    """A report in which a server said this wherever it could."""
    report = made(actual=text, reason=text or "said", name=text).model
    first, *others = report.implementations
    results = tuple(
        replace(result, findings=tuple(replace(f, expected=text) for f in result.findings), again=text)
        for result in report.results
    )
    return Redacted(replace(report, implementations=(replace(first, version=text), *others), results=results))


@pytest.fixture(scope="module")
def real() -> Redacted[Report]:
    """The report of a liar."""
    liar = next(liar for liar in LIARS if liar.rule == "status-mirrors-http")
    with liar.make() as running:
        judgement = judge_provider(Target.at(running.base_url, running.cookie, expired_cookie=running.expired_cookie), budget=30)
    return redact(report(RunResult(Settings(), {Part.PROVIDER: judgement})), Redactor())


# --- Markdown ---------------------------------------------------------------------------------------------------------

MARKDOWN = MarkdownIt("commonmark").enable("table")
NASTY = st.text(st.sampled_from("`|\\<>&@#*_[]()!~$:/. \tab1\n\r\x00\u2028\ud800"), max_size=30)


def rendered(text: str) -> tuple[str, list[str]]:
    """What is seen of the Markdown outside code, and each piece of code; addresses of links are not seen."""
    html = MARKDOWN.render(text)
    pieces = re.findall(r"<code[^>]*>(.*?)</code>", html, re.DOTALL)
    return re.sub(r"<code[^>]*>.*?</code>", "", html, flags=re.DOTALL), [unescaped(piece) for piece in pieces]


def unescaped(html: str) -> str:
    """The text of a piece of code."""
    return html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")


def printable(text: str) -> str:
    """The text as a summary shows it."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text) or ""


@given(NASTY)
def test_code_is_code_and_nothing_else(text: str) -> None:
    """In a line, in a heading and in a list, the text is one piece of code, and all of it is there."""
    for line in ("before {} after {}", "# {} and {}", "- {}, {}"):
        outside, pieces = rendered(line.format(summary.code(text), summary.code("other")))
        assert pieces == ([printable(text), "other"] if text else ["other"])
        assert not set(outside.replace("(nothing)", "")) & set("`@|*[")


@given(NASTY)
def test_a_cell_is_one_cell(text: str) -> None:
    """In a table the text neither ends its cell nor its row."""
    outside, pieces = rendered(f"| a | b |\n|---|---|\n| {summary.cell(text)} | {summary.cell('other')} |")
    assert outside.count("<td>") == 2
    assert pieces == ([printable(text.replace("|", "¦")), "other"] if text else ["other"])


@given(NASTY)
def test_a_block_is_one_block(text: str) -> None:
    """A command stands in a block of its own, however many backticks it has."""
    outside, pieces = rendered(f"before\n\n{summary.block(text)}\n\nafter")
    assert pieces == [f"{printable(text)}\n"]
    assert outside.split() == ["<p>before</p>", "<pre></pre>", "<p>after</p>"]


def test_prose_calls_nobody() -> None:
    """A rule with signs in it is read as it stands, and the name of a package is no mention."""
    html = MARKDOWN.render(summary.prose("a `b` *c* _d_ <e> [f](g) @salla.sa #1 & ~h~ \\i"))
    assert html == "<p>a `b` *c* _d_ &lt;e&gt; [f](g) @\u200bsalla.sa #\u200b1 &amp; ~h~ \\i</p>\n"


@pytest.mark.parametrize(("verdict", "sign"), [("conformant", "✅"), ("non-conformant", "❌"), ("incomplete", "⚠️")])
def test_the_summary_begins_with_the_verdict(verdict: str, sign: str) -> None:
    """The first line has the verdict, the second text the reason."""
    lines = summary.summary(made(verdict)).splitlines()
    assert lines[0] == f"## {sign} Refresh contract: {verdict}"
    assert lines[2] == "`store: 1 rule broken`"


def test_the_summary_tells_what_a_person_needs() -> None:
    """Counts, a row for each implementation, a section for each broken rule, the worst first; what is known, and what is not."""
    text = summary.summary(made())
    assert "Verdicts of rules: 2 pass, 1 fail, 1 fixed, 1 error, 1 warn, 1 known, 1 not-exercised, 1 blocked; 98 requests" in text
    assert "| `store` | provider, real |  | ❌ non-conformant | 98 | 1 | 3 | 1 | 1 | 2 |" in text
    assert "| `python` | consumer, mock | `0.1` | ✅ conformant | 0 | 1 | 0 | 0 | 0 | 0 |" in text
    assert re.findall(r"^### (.*)$", text, re.MULTILINE) == [
        "❌ `broken` (MUST), `store`",
        "❌ `gone` (MUST), `store`",
        "❌ `crashed` (MUST), `store`",
        "⚠️ `advised` (SHOULD), `store`",
        "Known deviations",
    ]
    section = text.partition("### ❌ `broken`")[2].partition("###")[0]
    assert "[The bundle @&#8203;" not in section  # signs are escaped too
    assert r"- Source: [The bundle \@&#8203;salla.sa/twilight](<https://store.example/twilight>)" in section
    assert "- Expected: `success: true with HTTP 200`\n- Actual: `success is false`" in section
    assert "```sh\npytest -k broken\n```" in section
    assert "- `agreed`, `store`: `success is false`" in text
    assert text.endswith("Not exercised: `unseen` (`store`), `closed` (`store`).\n")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_nothing_in_the_summary_is_obeyed(text: str) -> None:
    """The page has the same elements whatever was said, and nobody is called."""
    page = summary.summary(everywhere(text))
    page.encode()
    outside, _ = rendered(page)
    usual, _ = rendered(summary.summary(made()))
    tags = [tag for tag in re.findall(r"<(/?[a-z0-9]+)", outside) if tag != "pre"]
    assert tags == [tag for tag in re.findall(r"<(/?[a-z0-9]+)", usual) if tag != "pre"]
    assert re.findall(r'href="([^"]*)"', outside) == re.findall(r'href="([^"]*)"', usual)
    assert not re.findall(r"@\w|#\d|evil|onerror", outside)


@pytest.mark.parametrize("rules", [1, 3_000])
@pytest.mark.parametrize("actual", ["x", "😀`" * 100_000], ids=["short", "long"])
def test_the_summary_is_never_too_long_for_github(rules: int, actual: str) -> None:
    """However many rules are broken and however much is said, it stays under the limit, and says that it was cut."""
    report = made(rules=[rule(f"broken-{n}", actual, store="fail") for n in range(rules)], reason=actual)
    text = summary.summary(report)
    assert len(text.encode()) < 900_000
    assert text.endswith("…cut short here; the report has all of it.\n") == (rules > 1)
    assert text.count("```") % 2 == 0 or actual != "x"


def test_many_implementations_make_no_endless_table() -> None:
    """The table and the lists end; how many are left out is said."""
    report = made(rules=[rule("unseen", "", **{f"store-{n}": "not-exercised" for n in range(500)})]).model
    many = tuple(replace(report.implementations[0], name=f"store-{n}") for n in range(500))
    text = summary.summary(Redacted(replace(report, implementations=many)))
    assert "| and 400 more |" in text
    assert "`store-99`, and 400 more)" in text


# --- the badge --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "rules", "message", "color"),
    [
        ("conformant", [rule("held", "", store="pass")], "conformant", "brightgreen"),
        ("conformant", [rule("advised", "", store="warn")], "conformant", "brightgreen"),
        ("non-conformant", [rule("broken", "", store="fail", python="pass")], "1 rule broken", "red"),
        ("non-conformant", None, "3 rules broken", "red"),
        ("non-conformant", [rule("held", "", store="pass")], "non-conformant", "red"),
        ("incomplete", [rule("broken", "", store="fail")], "incomplete", "yellow"),
    ],
)
def test_the_badge_says_the_verdict(verdict: str, rules: list[tuple[RuleResult, ...]] | None, message: str, color: str) -> None:
    """In the schema of shields.io, which knows these four members."""
    assert badge(made(verdict, rules)) == {"schemaVersion": 1, "label": "refresh contract", "message": message, "color": color}


def test_the_badge_counts_a_rule_once() -> None:
    """A rule that two implementations break is one broken rule."""
    report = made(rules=[rule("broken", "", store="fail", mock="fail")])
    assert badge(report)["message"] == "1 rule broken"


# --- annotations ------------------------------------------------------------------------------------------------------

COMMAND = re.compile(r"::(error|warning) title=((?:(?!::)[^\r\n:,])*)::([^\r\n]*)")


def commands(report: Redacted[Report]) -> list[tuple[str, str, str]]:
    """The annotations as GitHub reads them: kind, title, text."""
    found = []
    for line in annotations(report):
        assert len(line.splitlines()) == 1
        read = COMMAND.fullmatch(line)
        assert read, line
        found.append((read[1], unquote(read[2], errors="surrogatepass"), unquote(read[3], errors="surrogatepass")))
    return found


def test_each_rule_that_fails_the_run_is_annotated() -> None:
    """Those that are broken, and deviations that are gone; with what was expected, what came, and how to run it again."""
    first, *others = commands(made(name="store.example"))
    assert first[:2] == ("error", "broken (MUST), store.example")
    assert first[2].splitlines()[1:] == [
        "Expected: success: true with HTTP 200",
        "Actual: success is false",
        "Again: pytest -k broken",
    ]
    assert others[0][1:] == ("gone (MUST), store.example", "a known deviation is no longer seen; take it out of the list")
    assert [title for _, title, _ in others[1:]] == ["crashed (MUST), store.example"]


def test_a_green_run_is_not_annotated() -> None:
    """Warnings and known deviations stand in the summary."""
    assert annotations(made("conformant", [rule("advised", "", store="warn"), rule("agreed", "", store="known")])) == []


def test_an_incomplete_run_is_annotated_with_its_reason() -> None:
    """Though no rule is broken."""
    said = commands(made("incomplete", [rule("held", "", store="pass")], reason="the session was refused"))
    assert said == [("error", "refresh contract: incomplete", "the session was refused")]


@pytest.mark.parametrize(("broken", "lines"), [(10, 10), (11, 11), (40, 11)])
def test_no_more_errors_than_github_shows(broken: int, lines: int) -> None:
    """Ten errors; a warning, which GitHub counts apart, says how many there are beyond."""
    said = commands(made(rules=[rule(f"broken-{n}", "", store="fail") for n in range(broken)]))
    assert len(said) == lines
    assert [kind for kind, _, _ in said].count("error") == 10
    if broken > 10:
        assert said[-1][0] == "warning"
        assert said[-1][2].startswith(f"{broken - 10} more error")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_text_begins_a_command(text: str) -> None:
    """One line for each annotation, in which the text is data, and comes out as it went in."""
    first = commands(everywhere(text))[0]
    assert first[1] == f"broken (MUST), {shown(text)}"
    assert f"\nActual: {shown(text)}\n" in first[2]


def shown(text: str) -> str:
    """The text as it is printed: line breaks are data, nothing else is there that a terminal could obey."""
    return "".join(c if c.isprintable() or c in "\r\n" else "\ufffd" for c in text)


# --- a real run -------------------------------------------------------------------------------------------------------


def test_a_liar_is_told_of_everywhere(real: Redacted[Report]) -> None:
    """In the report of a real run the broken rule has its section and its annotation, and the badge counts it."""
    jsonschema_rs.Draft202012Validator(json_report.schema()).validate(json_report.data(real))
    assert "### ❌ `status-mirrors-http` (MUST), `127.0.0.1:" in summary.summary(real)
    assert any(title.startswith("status-mirrors-http (MUST), 127.0.0.1:") for _, title, _ in commands(real))
    assert re.fullmatch(r"\d+ rules? broken", badge(real)["message"])


# --- JUnit ------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("broken")
def test_junit_has_a_test_for_each_rule(gate: Gate, tmp_path: Path) -> None:
    """The XML that pytest writes says of each rule its level, its role, its source, who was judged and the verdict."""
    gate(*BY_REPLAY, "--junitxml=junit.xml")
    found = {}
    for case in ElementTree.parse(tmp_path / "junit.xml").iter("testcase"):
        properties = {p.attrib["name"]: p.attrib["value"] for p in case.iter("property")}
        if properties:
            assert list(properties) == ["id", "level", "role", "source", "implementation", "verdict"]
            found[properties["id"]] = properties["verdict"], [e.tag for e in case if e.tag != "properties"]
    assert list(found) == [rule.id for rule in load().rules.values() if rule.role == "provider"]
    assert found["status-mirrors-http"] == ("fail", ["failure"])
    assert found["body-is-strict-json"] == ("pass", [])
    assert found["no-input-needed"] == ("not-exercised", ["skipped"])


# --- a run in GitHub Actions ------------------------------------------------------------------------------------------

BY_REPLAY = ("--refresh-replay", "saved.har")


@pytest.fixture
def broken(tmp_path: Path) -> None:
    """A recording of an endpoint that breaks two rules, with a command in what it says."""
    body = '{"status": 201, "success": "::error::x"}'
    (tmp_path / "saved.har").write_text(json.dumps({"log": {"entries": [call(text=body)]}}))


@pytest.mark.usefixtures("broken")
def test_github_gets_an_annotation_for_each_rule_and_the_summary(gate: Gate, tmp_path: Path) -> None:
    """Before the verdict, which stays last; what other steps wrote into the summary stays."""
    (tmp_path / "steps.md").write_text("of another step\n")
    ran = gate(*BY_REPLAY, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(tmp_path / "steps.md"))
    assert ran.code == 1
    said = [line for line in ran.out.splitlines() if line.startswith("::")]
    assert [line.partition("title=")[2].partition(" ")[0] for line in said] == ["success-is-boolean", "status-mirrors-http"]
    assert ran.last.startswith("non-conformant: ")
    summed = (tmp_path / "steps.md").read_text()
    assert summed.startswith("of another step\n")
    assert summed.endswith((tmp_path / "refresh-report" / "summary.md").read_text())


@pytest.mark.usefixtures("broken")
def test_nobody_else_does(gate: Gate) -> None:
    """Elsewhere a log has no commands in it."""
    assert "::" not in gate(*BY_REPLAY, "-q").out.replace(".py::", "")


@pytest.mark.usefixtures("broken")
def test_a_summary_that_cannot_be_added_to_costs_nothing_else(gate: Gate, tmp_path: Path) -> None:
    """The report is there, and the last lines say what is not."""
    ran = gate(*BY_REPLAY, GITHUB_STEP_SUMMARY=str(tmp_path))
    assert ran.code == 1
    assert f"report: refresh-report/report.html (and {tmp_path} cannot be written: Is a directory)" in ran.out
    assert ran.report["verdict"] == "non-conformant"
