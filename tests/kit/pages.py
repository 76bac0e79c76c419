"""Reports made by hand for the page to show, and what a look at a page finds: in its source, and in a browser.

sample()      a report, as a run would give it
faults_in()   what is wrong in the source of a page
Browser       one Chromium for many looks
└── Seen      what one look saw
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from contracts.consumer.browser import Chromium
from contracts.model.answers import json_answer
from contracts.model.document import load
from contracts.model.exchange import Exchange, Request, Response, Situation
from contracts.model.outcome import Call, Outcome
from contracts.model.scenario import Scenario, success_body
from contracts.redaction.redacted import Redacted
from contracts.report.model import CARDS, UNVERIFIED, Check, Finding, Implementation, Recorded, Report, RuleResult
from contracts.report.timeline import Story, story
from contracts.report.wire import Wire, wire

if TYPE_CHECKING:
    from playwright.async_api import Page
    from playwright.async_api import Request as Asked

AXE: Final = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"

# --- reports ----------------------------------------------------------------------------------------------------------

STORE, MOCK, PYTHON, SDK = "store.example:8123", "mock", "python", "twilight"
NASTY: Final = (
    """</pre></style></title></script><script>alert(1)</script><img src="x" onerror="alert(1)">'" onfocus=alert(1) """
    "{{ 7 * 7 }} {% include 'x' %} &lt;"
)
ARABIC: Final = "تم تحديث الجلسة (200) \u202eobvious\u202c [1]"
LONG: Final = "unbroken" * 40  # longer than what is shown of any text


@dataclass(frozen=True)
class Plan:
    """What a made-up run found: how many rules of each verdict, and what the texts say that an implementation can choose."""

    fail: int = 1
    warn: int = 0
    known: int = 0
    fixed: int = 0
    blocked: int = 0
    skipped: int = 0
    reached: bool = True
    said: str = "success is false"
    named: str = STORE
    reason: str = ""


def sample(plan: Plan) -> Redacted[Report]:
    """The report of a run that found this, with every text as it is given."""
    rules = load().rules
    verdict = "conformant" if plan.reached else "incomplete"
    if plan.reached and plan.fail + plan.fixed > 0:
        verdict = "non-conformant"
    bad = {"non-conformant": f"{plan.named}: {plan.fail} rules broken", "incomplete": f"{plan.named} cannot be reached"}
    kinds = [
        (plan.named, "provider", "real"),
        (MOCK, "provider", "mock"),
        (PYTHON, "consumer", "mock"),
        (SDK, "consumer", "real"),
    ]
    verdicts = dict(planned(plan)) if plan.reached else {}
    return Redacted(
        Report(
            verdict,
            plan.reason or bad.get(verdict),
            requests=1209,
            seconds=31.562,
            implementations=tuple(
                Implementation(name, role, kind, None if name == plan.named else "1.0", verdict, 98) for name, role, kind in kinds
            ),
            results=tuple(
                result(rule_id, verdicts.get((rule_id, name), "pass" if plan.reached else "not-exercised"), name, plan.said)
                for name, role, _ in kinds
                for rule_id in rules
                if rules[rule_id].role == role
            ),
            checks=(
                Check(plan.named, "reached", plan.reached, "98 of 98 requests were answered"),
                Check(plan.named, "session accepted", None, plan.said),
            ),
            recorded=(Recorded(1, plan.said, ("status-is-number",), {PYTHON: (), SDK: ("failure-rejects",)}),),
            command=f"REFRESH_COOKIE=… pytest --pyargs contracts --base-url http://{STORE}",
            configuration=(("target", f"http://{STORE}/auth/refresh"), ("session", "given"), ("CA", plan.said)),
            started="2026-01-31T07:28:54+00:00",
            evidence="refresh-report/evidence.har",
        )
    )


def planned(plan: Plan) -> Iterator[tuple[tuple[str, str], str]]:
    """Rule and implementation to each verdict of the plan; rules of providers and of clients take turns."""
    rules = load().rules
    of = {level: sorted((r for r in rules.values() if r.level == level), key=lambda r: r.role) for level in ("MUST", "SHOULD")}
    turns = {level: [r for pair in zip(rs, reversed(rs), strict=True) for r in pair] for level, rs in of.items()}
    left = {level: list(dict.fromkeys(r.id for r in rs)) for level, rs in turns.items()}
    levels = {"fail": "MUST", "fixed": "MUST", "warn": "SHOULD", "known": "MUST", "blocked": "SHOULD", "skipped": "SHOULD"}
    for kind, level in levels.items():
        for _ in range(getattr(plan, kind)):
            rule_id = left[level].pop(0)
            name = plan.named if rules[rule_id].role == "provider" else SDK
            yield (rule_id, name), "not-exercised" if kind == "skipped" else kind


def result(rule_id: str, verdict: str, name: str, said: str) -> RuleResult:
    """What became of a rule, with everything that such a result can have."""
    document, rule = load(), load().rules[rule_id]
    about = (rule_id, rule.level, rule.role, rule.text, tuple(document.source(source) for source in rule.source))
    plain = RuleResult(*about, name, verdict, exercised=55, unverified=f"by {said}" if verdict in UNVERIFIED else "")
    if verdict not in CARDS:
        return plain
    again = f"REFRESH_COOKIE=… pytest --pyargs contracts -m provider -k {rule_id} --base-url http://{STORE}"
    reasons = (f"every scenario: {said}",) if verdict in ("known", "fixed") else ()
    if verdict == "fixed":
        return replace(plain, reasons=reasons, again=again)
    return replace(
        plain,
        findings=(Finding(f"success: true ({said})", said, 10),),
        wire=answered(said) if rule.role == "provider" else None,
        story=told(said) if rule.role == "consumer" else None,
        also=("http-204", said),
        reasons=reasons,
        shared="currency USD (in every request that broke it)",
        seen="in 10 of 55 exchanges, first in number 10",
        again=again,
    )


def answered(said: str) -> Wire:
    """An exchange in which the answer says this."""
    request = Request("POST", f"http://{STORE}/auth/refresh", (("x", said),))
    situation = Situation("usd", "valid", "bare")
    return wire(Exchange(request, Response(200, (), said.encode("utf-8", "replace"), 0.01), situation, 10))


def told(said: str) -> Story:
    """The story of a call that is rejected with these words."""
    scenario = Scenario("made-up", json_answer(200, success_body("t" * 20)))
    exchange = Exchange(Request("POST", "http://127.0.0.1/auth/refresh"), scenario.came, index=1, started=10.0)
    return story(Outcome(scenario, (Call("rejected", 0.01, error=said),), exchanges=(exchange,), started=10.0))


def strings(value: object) -> set[str]:
    """Every text in a report."""
    if isinstance(value, str):
        return {value}
    if is_dataclass(value) and not isinstance(value, type):
        value = [getattr(value, field.name) for field in fields(value)]
    inner = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return {text for part in inner for text in strings(part)}


# --- the source of a page ---------------------------------------------------------------------------------------------


class Source(HTMLParser):
    """The elements of a page and their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def values(self, *names: str) -> list[str]:
        """Values of these attributes."""
        return [attributes[name] for _, attributes in self.elements for name in names if name in attributes]


def faults_in(html: str, beside: Sequence[str] = ()) -> list[str]:
    """What is wrong in a page: ids, links, and whatever could run or load something. `beside` are files that may be linked."""
    source = Source(html)
    ids = Counter(source.values("id"))
    faults = [f"the id {id} is there {count} times" for id, count in ids.items() if count > 1]
    faults += [f"{id!r} is no id" for id in ids if not id or re.search(r"\s", id)]
    for href in source.values("href"):
        if href.startswith("#"):
            faults += [f"nothing is at {href}"] if href[1:] not in ids else []
        elif not href.startswith(("https://", "http://")) and href not in beside:
            faults.append(f"a link to {href}")
    labels = [id for value in source.values("aria-labelledby", "aria-describedby", "for") for id in value.split()]
    faults += [f"nothing has the id {id}" for id in labels if id not in ids]
    faults += [
        f"something is loaded: {src[:60]}"
        for src in source.values("src", "srcset")
        if not src.startswith("data:image/svg+xml;base64,")
    ]
    for tag, attributes in source.elements:
        faults += [f"an element {tag}"] if tag in ("script", "iframe", "object", "embed", "form", "link", "base") else []
        faults += [f"an attribute {name}" for name in attributes if name.startswith("on") or name == "style"]
        faults += ["an image without alt"] if tag == "img" and not attributes.get("alt") else []
    return faults


# --- a browser --------------------------------------------------------------------------------------------------------

WCAG: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN_AXE: Final = """async tags => {
  for (const details of document.querySelectorAll("details")) details.open = true;
  const { violations } = await axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] });
  return violations.flatMap(v => v.nodes.map(node => `${v.id}: ${node.html.slice(0, 200)}`));
}"""


@dataclass
class Seen:
    """What one look at a page saw: what the console said, what the network was asked, what axe-core finds, what was measured."""

    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)  # also those that the page's policy stopped before they were sent
    stopped: list[str] = field(default_factory=list)  # those
    axe: list[str] = field(default_factory=list)
    measured: Any = None


class Browser:
    """One Chromium for many looks."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "report.html"
        self.chromium = Chromium()

    def look(
        self,
        html: str,
        measure: str = "() => null",
        given: object = None,
        *,
        width: int = 1280,
        height: int = 800,
        dark: bool = False,
        printed: bool = False,
        axe: bool = False,
        guarded: bool = True,
    ) -> Seen:
        """Open a page and measure something in it. Not `guarded`: without the page's own policy, as axe-core needs it."""
        self.file.write_text(html, "utf-8")

        async def looking() -> Seen:
            browser = await self.chromium.browser()
            context = await browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if dark else "light",
                bypass_csp=axe or not guarded,
            )
            seen = Seen()
            try:
                context.on("request", lambda asked: note(asked, seen.requests))
                context.on("requestfailed", lambda asked: note(asked, seen.stopped) if asked.failure == "csp" else None)
                page = await context.new_page()
                page.on("console", lambda message: seen.console.append(message.text))
                page.on("pageerror", lambda error: seen.console.append(str(error)))
                await page.goto(self.file.as_uri())
                if printed:
                    await page.emulate_media(media="print")
                seen.measured = await page.evaluate(measure, given)
                if axe:
                    seen.axe = await accused(page)
            finally:
                await context.close()
            return seen

        def note(asked: Asked, where: list[str]) -> None:
            if asked.url != self.file.as_uri() and not asked.url.startswith("data:"):
                where.append(asked.url)

        return self.chromium.run(looking())


async def accused(page: Page) -> list[str]:
    """What axe-core finds, with everything unfolded."""
    await page.add_script_tag(path=AXE)
    return list(await page.evaluate(RUN_AXE, WCAG))
