"""Answers that set cookies that no browser should take, or that nobody could send back."""

from __future__ import annotations

from functools import partial

from tests.hostile.kit import FAULTLESS, NEXT, SESSION, Asked, Behave, Behaviour, Lines, honestly

cookies = partial(Behaviour, "cookies")


def sets(*values: bytes) -> Behave:
    """An honest answer that sets cookies."""
    return honestly(*(b"Set-Cookie: " + value for value in values))


def replaces(value: str) -> Behave:
    """An honest answer that puts a value in the session's place; `{}` in it is the number of the connection."""
    return honestly(
        saying=lambda asked: (f"Set-Cookie: session={value.replace('{}', str(asked.number))}; Path=/".encode("latin-1"),)
    )


def many_new(asked: Asked) -> Lines:
    """Cookies that are new in each answer: each could be a secret."""
    return tuple(f"Set-Cookie: c{n}={NEXT}-{asked.number}-{n}-{'/+' * 120}".encode() for n in range(250))


def unstorable(asked: Asked) -> Lines:
    """The session anew, and 60 KB of characters that have many spellings."""
    return (f"Set-Cookie: session={NEXT}{'/' * 60_000}{asked.number}".encode(),)


GONE = frozenset({1, 10})  # a session that was really replaced by nonsense is refused
SESSION_BYTES = SESSION.encode()

COOKIES = (
    cookies("huge", "A cookie of 60 KB.", sets(b"big=" + b"x" * 60_000), FAULTLESS),
    cookies("5000", "5,000 cookies of 300 bytes: 1.5 MB of head.", sets(*(b"c%d=" % n + b"x" * 290 for n in range(5000)))),
    cookies("250-new-each-time", "250 new values in each answer, each of them a secret.", honestly(saying=many_new), FAULTLESS),
    cookies("host-prefix", "__Host- with a Domain.", sets(b"__Host-session=x; Domain=127.0.0.1; Path=/x"), FAULTLESS),
    cookies("other-domain", "A cookie for another domain.", sets(b"a=b; Domain=other.example"), FAULTLESS),
    cookies("attributes", "10,000 attributes.", sets(b"a=b" + b"; x=y" * 10_000), FAULTLESS),
    cookies("bytes", "Values of bytes beyond ASCII.", sets(b"a=\xff\xfe\xc3\x28"), FAULTLESS),
    cookies(
        "session-control", "The session with control characters.", replaces(f"{NEXT}\x01\x1b[31m{{}}"), frozenset({0, 1, 10})
    ),
    cookies("session-latin", "The session in Latin-1.", replaces(f"{NEXT}-é-ÿ-{{}}"), frozenset({0, 1, 10})),
    cookies("session-90-kb", "The session grows to 90 KB and must be sent back.", replaces(f"{NEXT}-{{}}-" * 2600), FAULTLESS),
    cookies(
        "session-slashes", "A session of 60,000 slashes, each with a dozen spellings.", honestly(saying=unstorable), FAULTLESS
    ),
    cookies("session-new-each-time", "The session anew in each answer, as rotation does.", replaces(f"{NEXT}-{{}}"), FAULTLESS),
    cookies("session-emptied", "The session set to nothing.", sets(b"session=; Path=/"), GONE),
    cookies("session-short", "The session set to one letter.", sets(b"session=x; Path=/"), GONE),
    cookies(
        "expired",
        "The session deleted by its date.",
        sets(b"session=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        frozenset({0, 1, 10}),
    ),
    cookies(
        "max-age-overflow",
        "Max-Age beyond any number.",
        sets(b"session=" + SESSION_BYTES + b"; Max-Age=" + b"9" * 4999, b"a=b; Max-Age=-" + b"9" * 4999),
        FAULTLESS,
    ),
    cookies("xsrf", "An XSRF token that decodes to a line break.", sets(b"XSRF-TOKEN=a%0d%0aX-Evil:%201"), frozenset({0, 1})),
    cookies(
        "two-sessions",
        "The session set twice in one answer.",
        sets(b"session=" + NEXT.encode() + b"-a", b"session=" + NEXT.encode() + b"-b"),
        FAULTLESS,
    ),
)
