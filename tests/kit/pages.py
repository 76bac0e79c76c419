"""Reports made by hand for the page to show, and what a look at a page finds: in its source, and in a browser.

sample()      a report and its details, as a run would give them
faults_in()   what is wrong in the source of a page
Browser       one Chromium for many looks
└── Seen      what one look saw
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from contracts import __version__
from contracts.consumer.browser import Chromium
from contracts.model.answers import json_answer
from contracts.model.document import load
from contracts.model.exchange import Exchange, Request
from contracts.model.outcome import Call, Outcome
from contracts.model.scenario import Scenario, success_body
from contracts.redaction.redactor import Redactor
from contracts.report.cards import SHOWN, Card
from contracts.report.drawing import draw

if TYPE_CHECKING:
    from playwright.async_api import Page
    from playwright.async_api import Request as Asked

AXE: Final = Path(__file__).parent.parent / "node_modules/axe-core/axe.min.js"

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


def sample(plan: Plan) -> tuple[dict[str, Any], dict[str, Any]]:
    """The data of `report.json`, and the details, of a run that found this."""
    rules = load().rules
    providers, consumers = (plan.named, MOCK), (PYTHON, SDK)
    verdicts = {id: dict.fromkeys(providers if r.role == "provider" else consumers, "pass") for id, r in rules.items()}
    cards: list[Card] = []
    # Rules of providers and of clients take turns, so that either kind of card is there early.
    of = {level: sorted((r for r in rules.values() if r.level == level), key=lambda r: r.role) for level in ("MUST", "SHOULD")}
    turns = {level: [r for pair in zip(rs, reversed(rs), strict=True) for r in pair] for level, rs in of.items()}
    left = {level: list(dict.fromkeys(r.id for r in rs)) for level, rs in turns.items()}
    kinds = (
        ("fail", "MUST"),
        ("fixed", "MUST"),
        ("warn", "SHOULD"),
        ("known", "MUST"),
        ("blocked", "SHOULD"),
        ("skipped", "SHOULD"),
    )
    for kind, level in kinds:
        for _ in range(getattr(plan, kind)):
            id = left[level].pop(0)
            name = plan.named if rules[id].role == "provider" else SDK
            verdicts[id][name] = verdict = "not-exercised" if kind == "skipped" else kind
            if verdict in SHOWN:
                cards.append(card(id, verdict, name, plan.said))
    seen = dict.fromkeys((*providers, *consumers), "pass" if plan.reached else "not-exercised")
    if not plan.reached:
        verdicts = {id: {name: seen[name] for name in found} for id, found in verdicts.items()}
        cards = []
    broken = plan.reached and plan.fail + plan.fixed > 0
    verdict = "non-conformant" if broken else "conformant" if plan.reached else "incomplete"
    return report(plan, verdict, verdicts), details(plan, cards, verdicts)


def report(plan: Plan, verdict: str, verdicts: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """As in `report.json`."""
    document = load()
    those = [
        (plan.named, "provider", "real"),
        (MOCK, "provider", "mock"),
        (PYTHON, "consumer", "mock"),
        (SDK, "consumer", "real"),
    ]
    bad = {"non-conformant": f"{plan.named}: {plan.fail} rules broken", "incomplete": f"{plan.named} cannot be reached"}
    return {
        "schema": 1,
        "verdict": verdict,
        "reason": plan.reason or bad.get(verdict),
        "requests": 1209,
        "seconds": 31.562,
        "seed": 0,
        "contract": {"version": document.version, "sha256": document.sha256},
        "implementations": [
            {
                "name": n,
                "role": role,
                "kind": kind,
                "version": None if n == plan.named else "1.0",
                "verdict": verdict,
                "requests": 98,
            }
            for n, role, kind in those
        ],
        "rules": [
            {
                "id": r.id,
                "level": r.level,
                "role": r.role,
                "text": r.text,
                "source": [document.source(s) for s in r.source],
                "verdicts": dict(verdicts[r.id]),
                "findings": [],
            }
            for r in document.rules.values()
        ],
        "recorded": [
            {
                "exchange": 1,
                "answer": plan.said,
                "provider": ["status-is-number"],
                "consumers": {PYTHON: [], SDK: ["failure-rejects"]},
            }
        ],
        "power": {
            name: {id: {"exercised": 55, "would_see": 0.053} for id, found in verdicts.items() if name in found}
            for name, *_ in those
        },
    }


def details(plan: Plan, cards: Sequence[Card], verdicts: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """As `contracts.report.details` gives them."""
    skipped = [
        (id, name) for id, found in verdicts.items() for name, verdict in found.items() if verdict in ("not-exercised", "blocked")
    ]
    return {
        "cards": [asdict(card) for card in cards],
        "command": f"REFRESH_COOKIE=… pytest --pyargs contracts --base-url http://{STORE}",
        "configuration": [["target", f"http://{STORE}/auth/refresh"], ["session", "given"], ["CA", plan.said]],
        "checks": [
            {"implementation": plan.named, "what": "reached", "ok": plan.reached, "said": "98 of 98 requests were answered"},
            {"implementation": plan.named, "what": "session accepted", "ok": None, "said": plan.said},
        ],
        "unverified": [
            {
                "rule": id,
                "level": load().rules[id].level,
                "implementation": name,
                "verdict": "not-exercised",
                "why": f"by {plan.said}",
            }
            for id, name in skipped
        ],
        "evidence": "refresh-report/evidence.har",
        "started": "2026-01-31T07:28:54+00:00",
        "suite": __version__,
    }


def card(id: str, verdict: str, name: str, said: str) -> Card:
    """A card in which everything stands that a card can have."""
    document, rule = load(), load().rules[id]
    made = Card(
        id,
        rule.level,
        rule.role,
        verdict,
        name,
        rule.text,
        tuple(document.source(s) for s in rule.source),
        expected=f"success: true ({said})",
        actual=said,
        also=("http-204", said),
        why=(f"every scenario: {said}",) if verdict in ("known", "fixed") else (),
        shared="currency USD (in every request that broke it)",
        seen="in 10 of 55 exchanges, first in number 10",
        again=f"REFRESH_COOKIE=… pytest --pyargs contracts -m provider -k {id} --base-url http://{STORE}",
    )
    if rule.role == "provider":
        wire = ("number 10: usd; after: bare", "> POST http://store.example/auth/refresh", "< HTTP 200 after 0.01 s", f"< {said}")
        return replace(made, exchange=wire, curl=f"curl -i -X POST http://{STORE}/auth/refresh -H 'x: {said}'")
    scenario = Scenario("made-up", json_answer(200, success_body("t" * 20)))
    x = Exchange(Request("POST", "http://127.0.0.1/auth/refresh"), scenario.came, index=1, started=10.0)
    outcome = Outcome(scenario, (Call("rejected", 0.01, error=said),), exchanges=(x,), started=10.0)
    picture = draw(outcome, [id], client=name, redactor=Redactor()) if verdict != "known" else ""
    return replace(made, timeline=(" 0.00 s  page     refresh()", f" 0.01 s  promise  rejected: {said}"), picture=picture)


def strings(value: object) -> set[str]:
    """Every text in a report or its details."""
    if isinstance(value, str):
        return {value}
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
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
