"""The page that people act on: it tells what is broken on its first screen, is for everybody, and obeys nobody but us."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.consumer.browser import lacking
from contracts.model.document import Document
from contracts.model.part import Part
from contracts.redaction.redacted import Redacted
from contracts.report import curl, files, timeline, wire
from contracts.report import json as json_report
from contracts.report.model import Report
from contracts.report.page import page
from contracts.report.publish import account
from contracts.rules.known_deviations import Deviation
from contracts.run import Run
from contracts.settings import Settings
from tests.kit.pages import ARABIC, AXE, LONG, MOCK, NASTY, SDK, STORE, Browser, Plan, Source, faults_in, sample, strings

PLANS = {
    "one-failure": Plan(),
    "everything": Plan(
        fail=14, warn=6, known=3, fixed=1, blocked=2, skipped=3, reason=f"{STORE}: 14 rules broken: " + ", ".join(["a-rule"] * 80)
    ),
    "conformant": Plan(fail=0, known=2, warn=1),
    "unreachable": Plan(reached=False),
    "nasty": Plan(fail=4, warn=2, known=1, fixed=1, said=NASTY, named=NASTY),
    "arabic": Plan(fail=4, warn=2, known=1, fixed=1, said=ARABIC, named="متجر"),
    "long": Plan(fail=4, warn=2, known=1, fixed=1, said=LONG, named=LONG[:200], reason=LONG * 6),
}
FAILING = [name for name, plan in PLANS.items() if plan.fail and plan.reached]
BESIDE = [name for name in files.NAMES if name != files.PAGE]


@functools.cache
def made(name: str) -> str:
    """The page of a plan."""
    return page(sample(PLANS[name]))


def parts(html: str, tag: str, **wanted: str) -> list[dict[str, str]]:
    """The elements of a page that have these attributes."""
    found = [attributes for name, attributes in Source(html).elements if name == tag]
    return [a for a in found if all(a.get(name.rstrip("_")) == value for name, value in wanted.items())]


def with_planted(name: str, planted: str) -> str:
    """A page with something in it that does not belong there."""
    assert "</main>" in made(name)
    return made(name).replace("</main>", f"{planted}</main>")


@pytest.fixture(params=PLANS)
def name(request: pytest.FixtureRequest) -> str:
    """A plan."""
    return str(request.param)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests."""
    if lacks := lacking():
        pytest.skip(lacks)
    browser = Browser(tmp_path_factory.mktemp("page"))
    yield browser
    browser.chromium.close()


@pytest.fixture
def axe() -> None:
    """Skips where axe-core is not installed."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; `npm ci` brings it")


# --- its source ---------------------------------------------------------------------------------------------------------


def test_the_samples_are_reports(name: str) -> None:
    """What is shown here has the shape of `report.json`."""
    json_report.text(sample(PLANS[name]))


def test_links_lead_somewhere_and_nothing_runs(name: str) -> None:
    """Every link has its target, every id is there once, and the page holds nothing that could run or load something."""
    assert faults_in(made(name), BESIDE) == []


@pytest.mark.parametrize(
    ("planted", "fault"),
    [
        ('<a href="#nowhere">x</a>', "nothing is at #nowhere"),
        ('<p id="judged">x</p>', "the id judged is there 2 times"),
        ('<a href="javascript:alert(1)">x</a>', "a link to javascript:alert(1)"),
        ('<a href="other.html">x</a>', "a link to other.html"),
        ('<img src="https://other.example/x.png" alt="x">', "something is loaded: https://other.example/x.png"),
        ('<img src="data:image/svg+xml;base64,">', "an image without alt"),
        ("<script>1</script>", "an element script"),
        ('<p onclick="1">x</p>', "an attribute onclick"),
        ('<p aria-labelledby="nobody">x</p>', "nothing has the id nobody"),
    ],
)
def test_a_planted_fault_is_seen(planted: str, fault: str) -> None:
    """The check of the source finds each kind of fault."""
    assert faults_in(with_planted("one-failure", planted), BESIDE) == [fault]


def test_what_is_broken_leads_to_its_card_and_back() -> None:
    """The list, the matrix and the card of a broken rule are linked to one another."""
    html = made("one-failure")
    (card,) = parts(html, "article", class_="card is-fail")
    assert len(parts(html, "a", href=f"#{card['id']}")) == 2
    assert parts(html, "tr", id="rule-" + card["id"].removeprefix("card-").partition("-at-")[0])


def test_cards_of_names_that_look_alike_are_told_apart() -> None:
    """Two implementations whose names differ only in signs, or have no letters that an id can hold, get anchors of their own."""
    report = sample(PLANS["one-failure"]).model
    (first,) = report.cards
    names = ("a.b", "a-b", "متجر", "مخزن", "a-b-2")
    html = page(Redacted(replace(report, results=tuple(replace(first, implementation=name) for name in names))))
    assert faults_in(html, BESIDE) == []
    assert len(parts(html, "article")) == len(names)


@pytest.mark.parametrize(
    "source",
    [
        "A title <javascript:alert(1)>",
        "A title <data:text/html,x>",
        "A title <//other.example>",
        "A title <https://>",
        "A title <https://[>",
        'A title <https://a.example/" onclick="alert(1)>',
        "A title alone",
    ],
)
def test_only_addresses_of_the_web_become_links(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """A source whose address is of another kind is shown as text."""
    report = sample(PLANS["one-failure"]).model
    results = tuple(replace(result, sources=(source,)) for result in report.results)
    monkeypatch.setattr(Document, "source", lambda self, name: source)
    html = page(Redacted(replace(report, results=results)))
    assert faults_in(html, BESIDE) == []
    assert parts(html, "a", rel="noreferrer") == []


def test_sources_are_links() -> None:
    """A source with an address of the web is one, and does not say where it was followed from."""
    assert {a["rel"] for a in parts(made("one-failure"), "a") if a["href"].startswith("http")} == {"noreferrer"}


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (Plan(), "Non-conformant: 1 rule is broken."),
        (Plan(fail=2, fixed=1), "Non-conformant: 2 rules are broken, and 1 known deviation is no longer seen."),
        (Plan(fail=0, fixed=2), "Non-conformant: 2 known deviations are no longer seen."),
        (Plan(fail=0), "Conformant: every MUST holds."),
        (Plan(fail=0, known=1, warn=2), "Conformant: every MUST holds, 1 known deviation aside, with 2 warnings."),
        (Plan(fail=0, reason="only the refusals were judged"), "Conformant, with a reservation."),
        (Plan(reached=False), "Incomplete: not everything could be judged."),
    ],
)
def test_the_verdict_is_one_sentence(plan: Plan, said: str) -> None:
    """The heading says the verdict, and what it is due to."""
    assert f"<span>{said}</span></h1>" in page(sample(plan))


def test_a_run_that_wrote_no_evidence_links_to_none() -> None:
    """What is judged again lies elsewhere."""
    html = page(Redacted(replace(sample(PLANS["one-failure"]).model, evidence=None)))
    assert parts(html, "a", href=files.EVIDENCE) == []
    assert "--refresh-replay" not in html
    assert "--refresh-replay refresh-report/evidence.har" in "".join(made("one-failure").replace("<span>", "").split("</span>"))


def ended(run: Run) -> Redacted[Report]:
    """The report of a run that judged the mock by one rule."""
    run.observe(Part.MOCK, "named").rules |= {"no-redirect"}
    result = run.finish()
    assert result is not None
    return account(result, run.learned()).report


def test_the_page_of_a_run(tmp_path: Path) -> None:
    """What a run knows is all that the page needs."""
    run = Run(Settings(report=tmp_path), ["--pyargs", "contracts", "-m", "mock"])
    html = page(ended(run))
    assert faults_in(html, BESIDE) == []
    assert "<bdi>mock</bdi>" in html


def test_the_reason_of_a_known_deviation_is_told(tmp_path: Path) -> None:
    """Of an endpoint, too: why a deviation was accepted stands in the card that says that it is gone."""
    listed = Deviation("no-redirect", "The gateway redirects until spring.", "fail", MOCK, since="1.2")
    run = Run(Settings(report=tmp_path, known=(listed,)), ["--pyargs", "contracts", "-m", "mock"])
    assert ">The gateway redirects until spring. (since 1.2)</li>" in page(ended(run))


# --- in a browser -------------------------------------------------------------------------------------------------------

WIDE = "() => [document.documentElement.scrollWidth, innerWidth]"
BOTTOMS = """() => Object.fromEntries(["h3", ".sentence", ".sources", ".expected", ".actual", ".command"].map(what =>
  [what, document.querySelector(`.card ${what}`).getBoundingClientRect().bottom]))"""
LOOSE = r"""given => {
  const turning = /[\u0590-\u08ff\u202a-\u202e\u2066-\u2069]/, holds = ["isolate", "isolate-override", "plaintext"], loose = [];
  const known = new Set(given);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = texts.nextNode());) {
    if (!turning.test(text.data)) continue;
    let e = text.parentElement, held = false;
    for (; e !== document.body && !held; e = e.parentElement)
      held = holds.includes(getComputedStyle(e).unicodeBidi) && known.has(e.textContent);
    if (!held) loose.push(text.parentElement.outerHTML.slice(0, 200));
  }
  return loose;
}"""
HIDDEN = """what => [...document.querySelectorAll(what)].filter(e => !e.checkVisibility()).length"""
ACTUAL = """() => [...document.querySelectorAll(".pair .actual dd")].map(e => e.textContent)"""


@pytest.mark.parametrize(("name", "width"), [*((name, 375) for name in PLANS), ("long", 1280), ("everything", 1280)])
def test_nothing_is_asked_said_or_too_wide(browser: Browser, name: str, width: int) -> None:
    """The page asks nothing of the network, the console stays empty, and only parts of it scroll sideways, never the page."""
    seen = browser.look(made(name), WIDE, width=width)
    assert (seen.requests, seen.console) == ([], [])
    assert seen.measured == [width, width]


def test_what_is_too_wide_is_seen(browser: Browser) -> None:
    """The measure finds a page that scrolls sideways."""
    table = "<table><tr><td><pre>" + "x" * 300 + "</pre></td></tr></table>"
    wide, inner = browser.look(with_planted("one-failure", table), WIDE, width=375).measured
    assert wide > inner


def test_the_policy_lets_nothing_run_or_load(browser: Browser) -> None:
    """Were something to get into the page, it would not be obeyed; without the policy it is, and would be seen."""
    image = '<img src="https://other.example/x.png" alt="x">'
    planted = f'{image}<script>document.title = "run"</script><style>h1 {{ display: none }}</style>'
    measure = """() => [document.title === "run", document.querySelector("h1").checkVisibility()]"""
    html = with_planted("one-failure", planted)
    guarded, free = browser.look(html, measure), browser.look(html, measure, guarded=False)
    assert (guarded.stopped, guarded.measured) == (["https://other.example/x.png"], [False, True])
    assert len(guarded.console) == 3
    assert (free.requests, free.stopped, free.measured) == (guarded.requests, [], [True, False])


@pytest.mark.parametrize("name", FAILING)
def test_the_first_screen_tells_cause_source_and_how_to_run_it_again(browser: Browser, name: str) -> None:
    """At 1280 by 800 the first card of a failing run is there down to its command, however many rules are broken."""
    bottoms = browser.look(made(name), BOTTOMS).measured
    assert {what: bottom for what, bottom in bottoms.items() if bottom > 800} == {}


def test_what_is_below_the_first_screen_is_seen(browser: Browser) -> None:
    """The measure finds a card that begins too far down."""
    html = made("one-failure").replace("<main", "<p>x" + "<br>" * 30 + "</p><main")
    assert browser.look(html, BOTTOMS).measured[".command"] > 800


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["everything", "unreachable"])
@pytest.mark.usefixtures("axe")
def test_everybody_can_use_it(browser: Browser, name: str, dark: bool) -> None:
    """axe-core finds nothing against WCAG 2.2 A and AA or its best practice."""
    assert browser.look(made(name), axe=True, dark=dark).axe == []


@pytest.mark.usefixtures("axe")
def test_what_axe_should_find_is_found(browser: Browser) -> None:
    """An image without alt and grey on grey are seen."""
    planted = '<img src="data:image/svg+xml;base64,"><p style="color: #999; background: #aaa">A sentence</p>'
    found = {fault.partition(":")[0] for fault in browser.look(with_planted("conformant", planted), axe=True).axe}
    assert found == {"image-alt", "color-contrast"}


@pytest.mark.parametrize("name", ["nasty", "arabic", "long"])
def test_what_was_said_stays_text(browser: Browser, name: str) -> None:
    """Markup, signs that turn the direction and words without end are shown as they came."""
    seen = browser.look(made(name), ACTUAL).measured
    assert set(seen) == {PLANS[name].said}


def test_a_text_from_right_to_left_turns_nothing_else(browser: Browser) -> None:
    """Each text that could turn the direction is isolated from what stands beside it, and only it is in there."""
    report = sample(PLANS["arabic"]).model
    texts = strings(report)
    for card in report.cards:
        texts |= {*wire.lines(card.wire), curl.line(card.wire)} if card.wire else set()
        texts |= {*timeline.lines(card.story)} if card.story else set()
    given = sorted(texts | {word for text in texts for word in text.split(" ")})  # each word of a command is isolated
    assert browser.look(made("arabic"), LOOSE, given).measured == []
    planted = (f"<p>{ARABIC} and more</p>", f"<span>{ARABIC}</span>")
    html = with_planted("arabic", f"{planted[0]}<p>{planted[1]} and more</p>")
    assert browser.look(html, LOOSE, given).measured == list(planted)


def test_an_arabic_name_stands_where_any_name_stands(browser: Browser) -> None:
    """In the list of what is broken, the rule comes first and the name of the implementation after it."""
    lefts = """() => ["code", "bdi"].map(what => document.querySelector(`.found ${what}`).getBoundingClientRect().left)"""
    rule, implementation = browser.look(made("arabic"), lefts).measured
    assert rule < implementation


def test_on_paper_all_of_a_card_is_there(browser: Browser) -> None:
    """What is folded on the screen is printed, and what only helps on a screen is not."""
    inside = ".card .pair, .card .command, .card .lines, .card .facts"
    html = made("nasty")
    assert browser.look(html, HIDDEN, inside).measured > 0
    assert browser.look(html, HIDDEN, inside, printed=True).measured == 0
    assert browser.look(html, HIDDEN, "nav", printed=True).measured == 1


def test_a_command_is_copied_as_it_is(browser: Browser) -> None:
    """One click selects a command, without a line break in it."""
    selected = """() => {
      getSelection().selectAllChildren(document.querySelector(".card .command"));
      return getSelection().toString();
    }"""
    assert browser.look(made("one-failure"), selected, width=375).measured == sample(PLANS["one-failure"]).model.cards[0].again


def test_a_picture_keeps_its_words_beside_it() -> None:
    """Each timeline that is drawn stands there in words too."""
    html = page(sample(replace(PLANS["everything"], known=0)))
    pictures = parts(html, "img")
    assert pictures
    assert html.count("The same in words") == len(pictures)
    assert f" at {SDK}" in html
