"""`junit.xml`: the run for the test viewers of pipelines. One suite for each implementation, one case for each rule of its role.

    testsuites ──► testsuite "refresh contract" ──► testcase "verdict"     (the run as a whole: incomplete is never green)
               └─► testsuite "provider: store"  ──► testcase "no-redirect" (and so on)

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from xml.etree import ElementTree

from contracts.report.cases import ERROR, FIXED, NEEDS_SESSION, Case, cases

SHOWN: Final = 3  # findings of a rule that are told in full

_ILLEGAL: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what no XML document can hold
_SKIPPED: Final = {"not-exercised": "nothing in this run exercised it", "blocked": NEEDS_SESSION}
_PASSED: Final = {"warn": "WARN: a SHOULD is broken", "known": "KNOWN: it is broken as listed"}


def junit(report: dict[str, Any]) -> str:
    """The report as JUnit XML. Time is known of the run alone."""
    root = ElementTree.Element("testsuites", name="refresh contract", time=f"{report['seconds']:.3f}")
    _run(root, report)
    found = list(cases(report))
    for i in report["implementations"]:
        suite = ElementTree.SubElement(root, "testsuite", name=f"{i['role']}: {i['name']}")
        _properties(suite, {**_contract(report), **{key: i[key] for key in ("verdict", "kind", "version", "requests")}})
        for case in found:
            if (case.role, case.implementation) == (i["role"], i["name"]):
                _case(suite, case)
    for element in (*root, root):
        _count(element)
    ElementTree.indent(root)
    whole = _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", ElementTree.tostring(root, encoding="unicode"))
    return f'<?xml version="1.0" encoding="utf-8"?>\n{whole}\n'


def _run(root: ElementTree.Element, report: Mapping[str, Any]) -> None:
    """The verdict of the whole run, as a case of its own."""
    verdict, reason = report["verdict"], report["reason"] or ""
    suite = ElementTree.SubElement(root, "testsuite", name="refresh contract", time=f"{report['seconds']:.3f}")
    _properties(suite, {**_contract(report), "verdict": verdict, "reason": reason, "requests": report["requests"]})
    case = ElementTree.SubElement(suite, "testcase", name="verdict", classname="refresh", time=f"{report['seconds']:.3f}")
    text = f"{verdict}: {reason}" if reason else verdict
    if verdict == "conformant":
        ElementTree.SubElement(case, "system-out").text = text
    else:
        tag = "error" if verdict == "incomplete" else "failure"
        ElementTree.SubElement(case, tag, message=text, type=verdict).text = text


def _contract(report: Mapping[str, Any]) -> dict[str, object]:
    contract = report["contract"]
    return {"contract.version": contract["version"], "contract.sha256": contract["sha256"], "seed": report["seed"]}


def _case(suite: ElementTree.Element, case: Case) -> None:
    name = re.sub(r"[^\w-]+", "_", case.implementation)  # viewers split a classname at its dots
    element = ElementTree.SubElement(suite, "testcase", name=case.rule, classname=f"refresh.{case.role}.{name}")
    about = {"level": case.level, "role": case.role, "verdict": case.verdict}
    _properties(element, about, case.sources)
    told = "\n".join(_told(case))
    if case.verdict in ("fail", "fixed"):
        actual = case.findings[0]["actual"] if case.findings else case.text
        message = FIXED if case.verdict == "fixed" else actual
        ElementTree.SubElement(element, "failure", message=message, type=case.verdict).text = told
    elif case.verdict == "error":
        ElementTree.SubElement(element, "error", message=ERROR, type=case.verdict).text = told
    elif case.verdict in _SKIPPED:
        ElementTree.SubElement(element, "skipped", message=_SKIPPED[case.verdict], type=case.verdict)
    elif case.verdict in _PASSED:
        ElementTree.SubElement(element, "system-out").text = f"{_PASSED[case.verdict]}\n{told}"


def _told(case: Case) -> Iterator[str]:
    yield f"Rule      {case.text}"
    yield from (f"Source    {source}" for source in case.sources)
    for finding in case.findings[:SHOWN]:
        yield f"Expected  {finding['expected']}"
        yield f"Actual    {finding['actual']}"
        yield f"Again     {finding['rerun']}"
    if left := len(case.findings[SHOWN:]):
        yield f"and {left} more in report.json"


def _properties(parent: ElementTree.Element, values: Mapping[str, object], sources: Sequence[str] = ()) -> None:
    """What is known, each as a property; there can be several sources."""
    properties = ElementTree.SubElement(parent, "properties")
    named = [(name, str(value)) for name, value in values.items() if value not in (None, "")]
    for name, value in (*named, *(("source", source) for source in sources)):
        ElementTree.SubElement(properties, "property", name=name, value=value)


def _count(element: ElementTree.Element) -> None:
    """Say on a suite how its cases ended, or on the whole how those of all suites did."""
    counts = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
    for attribute, tag in counts.items():
        element.set(attribute, str(len(list(element.iter(tag)))))
