"""For each SHOULD the smallest providers that break it and keep every MUST."""

from __future__ import annotations

from dataclasses import replace

from tests.liars import changes as c
from tests.liars.kit import Answer, Change, Home, Liar, When, altered, error, liar, written
from tests.liars.wire import wired, with_a_body

_PYTHON = (
    "Traceback (most recent call last):\n"
    '  File "/srv/shop/auth.py", line 41, in refresh\n'
    '    raise KeyError("session")\n'
    "KeyError: 'session'"
)
_JAVA = "java.lang.NullPointerException\n\tat shop.auth.Refresh.handle(Refresh.java:41)\n\tat shop.Main.run(Main.java:9)"
_NODE = "TypeError: x is undefined\n    at refresh (/srv/shop/auth.js:41:7)\n    at next (/srv/shop/router.js:9:3)"
_PHP = [{"file": "/var/www/app/Http/Kernel.php", "line": 41, "function": "handle", "class": "App\\Http\\Kernel"}]


def _alters(when: When, change: Change, **knobs: float):  # type: ignore[no-untyped-def]
    return lambda home: altered(home.app, when, change, **knobs)


def _token_again(of: int):  # type: ignore[no-untyped-def]
    """The tokens go round in a ring of `of`."""

    def build(home: Home):  # type: ignore[no-untyped-def]
        ring: list[str] = []
        count = 0

        def change(answer: Answer) -> Answer:
            nonlocal count
            if len(ring) < of:
                ring.append(c.token_of(answer))
            count += 1
            return c.with_data(token=ring[(count - 1) % of])(answer)

        return altered(home.app, c.succeeded, change)

    return build


def _overlap_shares(home: Home):  # type: ignore[no-untyped-def]
    last: list[str] = []

    def when(asked, answer: Answer) -> bool:  # type: ignore[no-untyped-def]
        if not c.succeeded(asked, answer):
            return False
        if asked.overlapping and last:
            return True
        last[:] = [c.token_of(answer)]
        return False

    return altered(home.app, when, lambda answer: c.with_data(token=last[0])(answer), hold=0.03)


def _leaks(header: str, form: str):  # type: ignore[no-untyped-def]
    return _alters(c.succeeded, lambda answer: answer.with_header(header, form.format(c.token_of(answer))))


def _too_many(**headers: str):  # type: ignore[no-untyped-def]
    return lambda home: altered(home.app, c.every(6, c.succeeded), c.busy(**headers))


_HEAD_WITH_BODY = Liar(
    "head-with-body",
    "other-methods-keep-the-shape",
    "the answer to HEAD has a body",
    wired(with_a_body, when=c.got("HEAD")),
)

ADVICE: tuple[Liar, ...] = (
    *(
        liar(name, "success-carries-token", says, _alters(c.succeeded, change))
        for name, says, change in (
            ("token-null", "data.token is null", c.with_data(token=None)),
            ("token-number", "data.token is a number", c.with_data(token=5)),
            ("token-empty", "data.token is empty", c.with_data(token="")),
            (
                "token-missing",
                "data has no token",
                c.edited(lambda value: value["data"].pop("token") and None),
            ),
            ("data-missing", "no member data", c.without("data")),
            ("data-list", "data is an empty list", c.with_members(data=[])),
        )
    ),
    *(
        liar(f"token-{name}", "token-is-not-expired", f"the token ran out {name}", _alters(c.succeeded, change))
        for name, change in (
            ("a-minute-ago", c.expired_token(60)),
            ("ten-years-ago", c.expired_token(315_360_000)),
        )
    ),
    liar("same-token", "token-is-new", "the same token every time", _token_again(1)),
    liar("two-tokens", "token-is-new", "two tokens in turn", _token_again(2)),
    liar("five-tokens", "token-is-new", "five tokens in turn", _token_again(5)),
    liar(
        "overlap-same-token",
        "token-is-new",
        "overlapping refreshes get the token of the one before",
        _overlap_shares,
        always=False,
    ),
    *(
        liar(
            f"cache-{name}",
            "success-is-not-cached",
            says,
            _alters(c.succeeded, c.headed(cache_control=value)),
        )
        for name, value, says in (
            ("unsaid", None, "no Cache-Control"),
            ("public", "public, max-age=60", "invites caches"),
            ("no-cache", "no-cache, private", "lets caches keep it"),
            ("lookalike", "x-no-store-ever=1", "a directive that only contains no-store"),
        )
    ),
    *(
        liar(name, "error-says-why", says, _alters(c.refused, change))
        for name, says, change in (
            (
                "no-message",
                "an error without a message",
                c.edited(lambda v: v["error"].pop("message") and None),
            ),
            ("no-code", "an error without a code", c.edited(lambda v: v["error"].pop("code") and None)),
            ("empty-message", "an error with an empty message", c.with_error(message="")),
            ("blank-message", "an error with a blank message", c.with_error(message=" \n ")),
            ("null-code", "an error whose code is null", c.with_error(code=None)),
            ("empty-error", "error is an empty object", c.with_members(error={})),
        )
    ),
    *(
        liar(name, "other-methods-get-405", says, _alters(when, change))
        for name, says, when, change in (
            ("get-404-page", "GET is answered 404 with a page", c.got("GET"), c.page(404)),
            (
                "405-without-allow",
                "405 does not say what is allowed",
                c.wrong_method,
                c.headed(allow=None),
            ),
            ("405-allows-get", "Allow names GET, not POST", c.wrong_method, c.headed(allow="GET, HEAD")),
            ("allow-lookalike", "Allow names a method like POST", c.wrong_method, c.headed(allow="POSTPONE")),
            ("get-page", "GET shows a page", c.got("GET"), c.page(200)),
            ("put-501", "PUT is answered 501", c.got("PUT"), lambda answer: error(501, "not_implemented")),
            (
                "delete-403",
                "DELETE is refused with 403",
                c.got("DELETE"),
                lambda answer: error(403, "forbidden"),
            ),
        )
    ),
    *(
        liar(name, "other-methods-keep-the-shape", says, _alters(when, change))
        for name, says, when, change in (
            ("405-page", "405 is a page", c.wrong_method, c.page(405, allow="POST")),
            (
                "405-bare-json",
                "405 is JSON of another shape",
                c.both(c.wrong_method, lambda asked, answer: asked.method != "HEAD"),
                lambda answer: replace(error(405, Allow="POST"), body=written({"detail": "Method Not Allowed"})),
            ),
            (
                "patch-plain",
                "PATCH is answered in plain text",
                c.got("PATCH"),
                lambda answer: Answer(405, (("allow", "POST"), ("content-type", "text/plain")), b"no"),
            ),
        )
    ),
    _HEAD_WITH_BODY,
    liar(
        "429-unsaid",
        "too-many-says-when",
        "every sixth is a 429 without Retry-After",
        _too_many(),
        always=False,
    ),
    liar(
        "429-soon",
        "too-many-says-when",
        "every sixth is a 429 with Retry-After: soon",
        _too_many(Retry_After="soon"),
        always=False,
    ),
    liar(
        "429-negative",
        "too-many-says-when",
        "every sixth is a 429 with a negative Retry-After",
        _too_many(Retry_After="-1"),
        always=False,
    ),
    *(
        liar(
            f"token-in-{header.lower()}",
            "token-only-in-body",
            f"the token stands in {header}",
            _leaks(header, form),
        )
        for header, form in (
            ("X-Token", "{}"),
            ("Location", "/welcome?token={}"),
            ("Authorization", "Bearer {}"),
            ("Link", "</profile?access_token={}>; rel=next"),
        )
    ),
    *(
        liar(name, "error-hides-internals", says, _alters(c.refused, change))
        for name, says, change in (
            ("python-trace", "a Python traceback in the message", c.with_error(message=_PYTHON)),
            ("java-trace", "a Java stack trace in an extra member", c.with_error(debug=_JAVA)),
            ("node-trace", "a Node stack in an extra member", c.with_members(stack=_NODE)),
            (
                "php-trace",
                "a PHP trace beside the error",
                c.with_members(exception="ErrorException", trace=_PHP),
            ),
        )
    ),
    liar(
        "trace-on-get",
        "error-hides-internals",
        "a traceback where GET is refused",
        _alters(c.got("GET"), lambda answer: error(405, "method_not_allowed", _PYTHON, Allow="POST")),
    ),
    liar(
        "slow-once",
        "answers-within-5-seconds",
        "the second success takes 5.2 seconds",
        lambda home: altered(home.app, c.only(2, c.succeeded), c.same, sleep=5.2),
        always=False,
    ),
)
