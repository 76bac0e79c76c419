"""Hypothesis strategies: the bodies of successes and errors that keep the contract, and the values in them."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from contracts.model.document import load
from contracts.model.tokens import FAR_FUTURE, unsigned

LARGEST_INTEGER: Final = 2**53 - 1  # the largest that JavaScript holds exactly
OWN_MEMBERS: Final = frozenset({"status", "success", "data", "error"})
ARABIC: Final = ("تم تحديث الجلسة", "سجّل الدخول للمتابعة", "عذراً، حدث خطأ", "متجر ١٢٣")
Body = dict[str, Any]


def texts() -> st.SearchStrategy[str]:
    """What people read: Arabic, emoji, controls that JSON must escape; no lone surrogates."""
    return st.one_of(st.sampled_from(ARABIC), st.text(max_size=30))


def tokens() -> st.SearchStrategy[str]:
    """Usable tokens: JWTs that expire far in the future, or opaque ones."""
    # jti is drawn too, or a failing example could not be run again.
    jwts = st.builds(
        lambda customer, jti: unsigned(str(customer), now=FAR_FUTURE, ttl=900, jti=str(jti)),
        st.integers(1, LARGEST_INTEGER),
        st.uuids(),
    )
    return st.one_of(jwts, st.from_regex(r"[A-Za-z0-9_-]{16,64}", fullmatch=True))


def json_values() -> st.SearchStrategy[Any]:
    """Any strict JSON value, not too large."""
    leaves = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-LARGEST_INTEGER, LARGEST_INTEGER),
        st.floats(allow_nan=False, allow_infinity=False, width=32),
        texts(),
    )
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=6,
    )


@st.composite
def success_bodies(draw: st.DrawFn, token: bool | None = None) -> tuple[int, Body]:
    """The HTTP status and body of a success. `token`: True with a usable one, False without one, None either way."""
    status = draw(st.sampled_from(sorted(load().success_statuses)))
    body: Body = {**draw(_extras()), "success": True, "status": draw(_number(status))}
    if token is None:
        token = draw(st.booleans())
    if token or draw(st.booleans()):
        optional = {"case": texts(), "redirect_url": st.none() | texts(), "message": st.none() | texts()}
        body["data"] = draw(st.fixed_dictionaries({"token": tokens()} if token else {}, optional=optional))
    return status, body


@st.composite
def error_bodies(draw: st.DrawFn) -> tuple[int, Body]:
    """The HTTP status and body of an error: the statuses that the contract names, and others of 4XX and 5XX."""
    named = sorted({example.status for example in load().examples.values() if example.status >= 400})
    status = draw(st.one_of(st.sampled_from(named), st.integers(400, 599)))
    codes = st.one_of(st.sampled_from(["unauthorized", "gone", "E-7"]), st.integers(0, 9999))
    by_name = st.dictionaries(st.text(max_size=8), st.lists(texts(), max_size=2), max_size=2)
    fields: st.SearchStrategy[Any] = st.one_of(st.none(), st.just([]), by_name)
    optional = {"code": codes, "message": st.none() | texts(), "case": st.none() | texts(), "fields": fields}
    error = draw(st.fixed_dictionaries({}, optional=optional))
    return status, {**draw(_extras()), "success": False, "status": draw(_number(status)), "error": error}


def _extras() -> st.SearchStrategy[Body]:
    names = st.text(max_size=8).filter(lambda name: name not in OWN_MEMBERS)
    return st.one_of(st.just({}), st.dictionaries(names, json_values(), max_size=3))


def _number(status: int) -> st.SearchStrategy[int | float]:
    return st.sampled_from([status, float(status)])
