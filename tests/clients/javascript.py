"""Liars in JavaScript: the Twilight SDK, changed in the page, and judged with all that is known of the published one.

A change is put on from outside, where the SDK's own functions meet: what the page calls, what the server said, the event, the
token, the listeners, the request. Nothing of the SDK is repeated here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from contracts.model.document import load

TOOLS: Final = """
"use strict";
const { api, event: events } = salla.auth;
const change = (owner, name, otherwise) => { owner[name] = otherwise(owner[name].bind(owner)); };
const call = (otherwise) => change(api, "refresh", otherwise);            // what the page calls
const body = (otherwise) => change(api, "request", (ask) => (...what) => ask(...what).then(otherwise)); // what the server said
const tell = (otherwise) => change(events, "refreshFailed", otherwise);   // the failure event
const keep = (otherwise) => change(events, "tokenFetched", otherwise);    // what becomes of a new token
const listen = (otherwise) => change(events, "onRefreshFailed", otherwise);
const only = (when) => tell((fire) => (error) => { if (when(error)) fire(error); });
const status = (error) => error.response?.status ?? 0;                    // 0: no response
const isNetwork = (error) => error.code === "ERR_NETWORK";
const old = () => salla.storage.get("token");
const wait = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
const wrapped = (error) => Object.assign(new Error("not refreshed"), { response: error.response, cause: error });
const { open, send } = XMLHttpRequest.prototype;
const isRefresh = (url) => new URL(url, location).pathname === "PATH";
const ask = (otherwise) => {
  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    return open.call(this, ...(isRefresh(url) ? otherwise(method, url) : [method, url]), ...rest);
  };
};
""".replace("PATH", load().path)

# An SDK that is not changed as it should be, for whatever reason, does not start.
LOCK: Final = "salla.locked = salla.init; salla.init = undefined;"


@dataclass(frozen=True)
class Changed:
    """The SDK with a change in JavaScript, which may use TOOLS.

    `breaks` is the rule that it breaks, with `others` that cannot but be red with it; `fixes` are rules that it keeps where the
    list says otherwise, in the entry with a condition on `about`. `meets` says what is played for it, see
    tests/kit/sdks.py.
    """

    name: str
    sentence: str
    change: str
    meets: tuple[str, ...]
    breaks: str = ""
    others: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()
    about: str = ""

    @property
    def script(self) -> str:
        """All that has to run in a page after LOCK: it takes the lock off when the change is on."""
        return f"(() => {{{TOOLS}{self.change}\nsalla.init = salla.locked;\n}})();"


SENDS = "sends-post-without-body"
REJECTS = "failure-rejects"
SETTLES = "settles-when-it-is-over"
RESOLVES = "success-resolves-with-body"
FIRES_NOTHING = "success-fires-nothing"
IN_PLACE = "success-puts-token-in-place"
KEEPS = "failure-keeps-token"
BOGUS = "no-bogus-token"
ONCE = "failure-fires-once"
AGAIN = "every-failure-fires"
CARRIES = "event-carries-error"
HEARS = "every-listener-hears"
HARMS = "throwing-listener-harms-nothing"
COHERENT = "unspecified-is-coherent"

REFUSAL = (FIRES_NOTHING, IN_PLACE)
FAILURES = (REJECTS, ONCE, KEEPS)

LIARS: Final[list[Changed]] = []
FIXED: Final[list[Changed]] = []
ODD: Final[list[Changed]] = []


def liar(rule: str, name: str, sentence: str, change: str, *others: str, meets: tuple[str, ...] = ("main",)) -> None:
    """Enlist one that breaks a rule in a way that no list knows."""
    LIARS.append(Changed(name, sentence, change, meets, breaks=rule, others=others))


def fixed(rules: tuple[str, ...], about: str, name: str, sentence: str, change: str, meets: tuple[str, ...] = ("main",)) -> None:
    """Enlist one that is right where the list says that it is wrong."""
    FIXED.append(Changed(name, sentence, change, meets, fixes=rules, about=about))


def odd(name: str, sentence: str, change: str, meets: tuple[str, ...] = ("main",)) -> None:
    """Enlist one that looks wrong and breaks no more than the published SDK."""
    ODD.append(Changed(name, sentence, change, meets))


# --- the event ---------------------------------------------------------------------------------------------------------

liar(ONCE, "never-fires", "No failure is told.", "only(() => false);", COHERENT)
liar(ONCE, "fires-not-for-500", "A 500 is not told.", "only((error) => status(error) !== 500);")
liar(ONCE, "fires-not-for-429", "A 429 is not told.", "only((error) => status(error) !== 429);")
liar(ONCE, "fires-not-for-403", "A 403 is not told.", "only((error) => status(error) !== 403);")
liar(ONCE, "fires-for-http-only", "What the network does is not told.", "only((error) => !isNetwork(error));")
liar(ONCE, "fires-for-network-only", "What a server says is not told.", "only(isNetwork);", COHERENT)
liar(
    ONCE,
    "fires-not-when-down",
    "A request that reaches no server is not told.",
    "only((error) => !isNetwork(error));",
    meets=("down",),
)
liar(
    ONCE,
    "fires-not-for-html",
    "An HTML page with an error status is not told.",
    """only((error) => !error.response?.headers.get("content-type")?.includes("html"));""",
)
liar(
    ONCE,
    "fires-not-for-empty",
    "An error without a body is not told.",
    "only((error) => !error.response || error.response.data);",
)
liar(
    ONCE,
    "fires-not-for-200",
    "A 200 that is no success is not told.",
    "only((error) => !(error instanceof TypeError));",
    COHERENT,
)
liar(
    ONCE,
    "fires-twice",
    "Each failure is told twice.",
    "tell((fire) => (error) => { fire(error); fire(error); });",
    meets=("few",),
)
liar(
    ONCE,
    "fires-again-later",
    "Each failure is told once more a moment later.",
    "tell((fire) => (error) => { fire(error); setTimeout(fire, 300, error); });",
    meets=("few-and-slow",),
)
liar(
    ONCE,
    "fires-too-late",
    "A failure is told a second and a half after the rejection.",
    "tell((fire) => (error) => { setTimeout(fire, 1500, error); });",
    meets=("few",),
)
liar(
    ONCE,
    "fires-not-when-fast",
    "With fastRequests nothing is told.",
    """only(() => !salla.config.get("fastRequests"));""",
    meets=("few", "debounced"),
)
liar(
    ONCE,
    "fires-not-when-debounced",
    "Without fastRequests nothing is told.",
    """only(() => salla.config.get("fastRequests"));""",
    meets=("few", "debounced"),
)
liar(
    ONCE,
    "fires-not-at-page-load",
    "What fails while a page loads is not told.",
    """only(() => salla.config.get("user.type") === "guest");""",
    meets=("few", "load"),
)
liar(
    FIRES_NOTHING,
    "fires-on-success",
    "A success is told as if it were a failure.",
    """keep((store) => (token) => { store(token); events.refreshFailed(new Error("not at all")); });""",
    COHERENT,
    REJECTS,
    ONCE,
    KEEPS,
    BOGUS,
)
liar(
    FIRES_NOTHING,
    "fires-on-201",
    "A 201 is told as if it were a failure.",
    "body((said) => { if (said?.status === 201) events.refreshFailed(new Error('201')); return said; });",
)
liar(
    AGAIN,
    "fires-the-first-time-only",
    "Only the first failure is told.",
    "let told = false; only(() => !told && (told = true));",
    ONCE,
    meets=("few",),
)
liar(
    AGAIN,
    "fires-once-per-kind",
    "The same failure is told once.",
    "const told = new Set(); only((error) => !told.has(error.message) && told.add(error.message));",
    ONCE,
    COHERENT,
)
liar(
    AGAIN,
    "fires-ten-times-in-a-row",
    "After ten failures in a row it has told enough.",
    """
    let row = 0;
    only(() => (row += 1) <= 10);
    keep((store) => (token) => { row = 0; store(token); });
    """,
    meets=("row",),
)
liar(CARRIES, "tells-nothing", "The event carries nothing.", "tell((fire) => () => { fire(); });", meets=("few",))
liar(CARRIES, "tells-words", "The event carries a text.", "tell((fire) => (error) => { fire(error.message); });", meets=("few",))
liar(
    CARRIES,
    "tells-the-response",
    "The event carries the response instead of the error.",
    "tell((fire) => (error) => { fire(error.response ?? error); });",
    meets=("few",),
)
liar(
    CARRIES,
    "loses-the-response",
    "The event's error has no response.",
    "tell((fire) => (error) => { fire(new Error(error.message)); });",
    meets=("few",),
)
liar(
    CARRIES,
    "tells-an-old-response",
    "The event's error has the response of the failure before.",
    """
    let before;
    tell((fire) => (error) => {
      const stale = Object.assign(new Error(error.message), { response: before });
      before = error.response;
      fire(stale);
    });
    """,
    meets=("few",),
)
liar(
    HEARS,
    "tells-the-first-only",
    "Only the first listener is ever told.",
    "let any = false; listen((add) => (listener) => { if (!any) add(listener); any = true; });",
    HARMS,
)
liar(
    HEARS,
    "tells-the-last-only",
    "A new listener takes the place of the one before.",
    """
    let last;
    listen((add) => (listener) => { if (!last) add((error) => last(error)); last = listener; });
    """,
    HARMS,
)
OWN_LISTENERS = "const all = []; listen(() => (listener) => { all.push(listener); });"
liar(
    HARMS,
    "stops-at-throwing",
    "A listener that throws keeps the others from hearing.",
    OWN_LISTENERS + "tell(() => (error) => { try { all.forEach((one) => one(error)); } catch { return; } });",
)
liar(
    HARMS,
    "rejects-with-what-was-thrown",
    "The caller gets the listener's error.",
    OWN_LISTENERS
    + """
    tell(() => (error) => {
      let thrown;
      for (const one of all) try { one(error); } catch (problem) { thrown = problem; }
      if (thrown) throw thrown;
    });
    """,
)

# --- the promise -------------------------------------------------------------------------------------------------------

liar(
    REJECTS,
    "swallows",
    "A failure is told, but the caller hears nothing of it.",
    "call((refresh) => () => refresh().catch(() => ({})));",
    COHERENT,
)
liar(
    REJECTS,
    "swallows-server-errors",
    "Of a 5xx the caller hears nothing.",
    "call((refresh) => () => refresh().catch((error) => { if (status(error) < 500) throw error; }));",
)
liar(
    REJECTS,
    "swallows-without-network",
    "Of a request that reached no server the caller hears nothing.",
    "call((refresh) => () => refresh().catch((error) => { if (!isNetwork(error)) throw error; }));",
    meets=("down",),
)
liar(
    SETTLES,
    "never-settles",
    "After a 401 the caller waits for ever.",
    "call((refresh) => () => refresh().catch((error) => { if (status(error) !== 401) throw error; return wait(1e9); }));",
    meets=("one-401",),
)
liar(
    SETTLES,
    "never-settles-after-reset",
    "After a reset connection the caller waits for ever.",
    "call((refresh) => () => refresh().catch((error) => { if (!isNetwork(error)) throw error; return wait(1e9); }));",
    meets=("one-reset",),
)
liar(
    RESOLVES,
    "resolves-with-nothing",
    "A success gives the caller nothing.",
    "call((refresh) => () => refresh().then(() => undefined));",
    meets=("few",),
)
liar(
    RESOLVES,
    "resolves-with-data",
    "A success gives the caller a part of the body.",
    "call((refresh) => () => refresh().then((said) => said?.data));",
    meets=("few",),
)
liar(
    RESOLVES,
    "refuses-201",
    "A 201 is taken for a failure.",
    "body((said) => { if (said?.status === 201) throw new Error('201'); return said; });",
    *REFUSAL,
)
liar(
    RESOLVES,
    "refuses-extra-members",
    "A member that it does not know is taken for a failure.",
    "body((said) => { if (said?.extra) throw new Error('unknown: extra'); return said; });",
    *REFUSAL,
)

# --- what it takes for a success: more than the published one does ------------------------------------------------------

liar(
    REJECTS,
    "accepts-html",
    "A page is taken for a success.",
    "body((said) => (String(said).startsWith('<') ? { data: { token: old() } } : said));",
    ONCE,
)
liar(
    REJECTS,
    "accepts-an-array",
    "An array is taken for a success.",
    "body((said) => (Array.isArray(said) ? { data: { token: old() } } : said));",
    ONCE,
)
liar(
    REJECTS,
    "accepts-a-false-without-data",
    "What says that it is no success, and has no data, is taken for one.",
    "body((said) => (said?.success === false && !said.data ? { data: { token: old() } } : said));",
    ONCE,
)
liar(
    REJECTS,
    "accepts-an-error-that-says-success",
    "A 500 whose body says success is taken for one.",
    """
    change(api, "request", (ask) => (...what) => ask(...what).catch((error) => {
      if (status(error) !== 500 || !error.response.data?.success) throw error;
      return error.response.data;
    }));
    """,
    ONCE,
    KEEPS,
)
liar(
    REJECTS,
    "tells-of-a-false-and-takes-it",
    "A success that says false is told, and taken all the same.",
    "body((said) => { if (said?.success === false && said.data) events.refreshFailed(new Error('false')); return said; });",
    KEEPS,
)
liar(
    KEEPS,
    "rejects-a-false-and-takes-it",
    "A success that says false is rejected and told, and its token is kept.",
    """
    body((said) => {
      if (said?.success !== false) return said;
      events.tokenFetched(said.data?.token);
      throw new Error("false");
    });
    """,
)
liar(
    COHERENT,
    "tells-and-resolves",
    "A success without a token resolves and leaves the old one, and is told as a failure too.",
    """
    body((said) => {
      if (said?.success !== true || !said.data || said.data.token) return said;
      events.refreshFailed(new Error("no token"));
      return { ...said, data: { token: old() } };
    });
    """,
)
liar(
    COHERENT,
    "rejects-in-silence",
    "A success without data rejects, and nobody is told.",
    "let said; body((now) => (said = now)); only((error) => !(error instanceof TypeError && said?.success === true));",
)

# --- the token ---------------------------------------------------------------------------------------------------------

liar(IN_PLACE, "stores-nothing", "The new token is not kept.", "keep(() => () => undefined);", *FAILURES, BOGUS)
liar(
    IN_PLACE,
    "stores-the-wrong-thing",
    "The token is kept with a word before it.",
    "keep((store) => (token) => { store(`Bearer ${token}`); });",
    BOGUS,
)
liar(
    IN_PLACE,
    "stores-without-using",
    "The new token is kept, but the first one is sent for ever.",
    """change(salla.api, "setToken", (use) => { let first; return (token) => use((first ??= token)); });""",
    *FAILURES,
)
liar(
    IN_PLACE,
    "uses-without-storing",
    "The new token is sent, but not kept.",
    """change(salla.storage, "set", (set) => (name, ...rest) => (name === "token" && old() ? undefined : set(name, ...rest)));""",
)
liar(
    IN_PLACE,
    "stores-for-200-only",
    "The token of a 201 is not kept.",
    "let said; body((now) => (said = now)); keep((store) => (token) => { if (said?.status !== 201) store(token); });",
    meets=("few",),
)
liar(
    KEEPS,
    "stores-after-failure",
    "A token that comes with a 4xx is kept.",
    """
    tell((fire) => (error) => {
      fire(error);
      const { token } = error.response?.data?.data ?? {};
      if (token) events.tokenFetched(token);
    });
    """,
)
liar(
    KEEPS,
    "forgets-after-failure",
    "A failure costs the token.",
    """tell((fire) => (error) => { fire(error); salla.storage.remove("token"); });""",
    meets=("few",),
)
liar(
    KEEPS,
    "forgets-after-429",
    "A 429 costs the token.",
    """tell((fire) => (error) => { fire(error); if (status(error) === 429) salla.storage.remove("token"); });""",
)
liar(
    KEEPS,
    "sends-undefined-after-failure",
    "A failure leaves the word undefined in the header.",
    """tell((fire) => (error) => { fire(error); salla.api.setToken(undefined); });""",
    BOGUS,
)
liar(
    BOGUS,
    "stores-undefined-without-data",
    "A success without data rejects, and leaves the word undefined.",
    """
    let said;
    body((now) => (said = now));
    tell((fire) => (error) => {
      fire(error);
      if (said?.success === true && !said.data) events.tokenFetched(undefined);
      said = null;
    });
    """,
)

# --- the request -------------------------------------------------------------------------------------------------------

liar(SENDS, "gets", "It asks with GET.", """ask((method, url) => ["GET", url]);""", meets=("few",))
liar(SENDS, "puts", "It asks with PUT.", """ask((method, url) => ["PUT", url]);""", meets=("few",))
liar(
    SENDS,
    "wrong-path",
    "It asks somewhere else.",
    """ask((method, url) => [method, url + "/token"]);""",
    RESOLVES,
    IN_PLACE,
    REJECTS,
    ONCE,
    meets=("few",),
)
liar(SENDS, "sends-a-query", "It sends a query.", """ask((method, url) => [method, url + "?force=1"]);""", meets=("few",))
liar(
    SENDS,
    "sends-a-body",
    "It sends the old token along.",
    "XMLHttpRequest.prototype.send = function () { return send.call(this, JSON.stringify({ token: old() })); };",
    meets=("few",),
)

# --- good manners that only a page can lack -----------------------------------------------------------------------------

liar(
    "restore-refreshes-once",
    "restores-twice",
    "A page that loads with an expired token refreshes twice.",
    "call((refresh) => () => refresh().then(refresh));",
    meets=("load-200",),
)

liar(
    "transient-failure-keeps-login",
    "forgets-the-customer",
    "A failure while a page loads logs the customer out, though the token is kept.",
    """
    change(events, "tokenInvalid", (leave) => (...what) => {
      const token = old();
      leave(...what);
      salla.storage.set("token", token);
    });
    """,
    meets=("load",),
)

# --- right where the published one is wrong -----------------------------------------------------------------------------

HTTP_STATUS = """
let http;
XMLHttpRequest.prototype.send = function (...what) {
  this.addEventListener("load", () => { http = this.status; });
  return send.apply(this, what);
};
"""
fixed(
    FAILURES,
    "success",
    "refuses-without-success",
    "An answer with data that does not say that it is a success is a failure.",
    "body((said) => { if (said.data?.token && said.success !== true) throw new Error('no success'); return said; });",
)
fixed(
    FAILURES,
    "status",
    "insists-on-the-same-status",
    "An answer with a token whose body has another status than HTTP says is a failure.",
    HTTP_STATUS + "body((said) => { if (said.data?.token && said.status !== http) throw new Error('status'); return said; });",
)
fixed(
    FAILURES,
    "http status",
    "refuses-other-http-statuses",
    "An answer whose HTTP status is another 2xx than 200, 201 and 202, and that has a token, is a failure.",
    HTTP_STATUS
    + "body((said) => { if (said.data?.token && ![200, 201, 202].includes(http)) throw new Error('HTTP'); return said; });",
)
fixed(
    FAILURES,
    "body",
    "refuses-an-empty-answer",
    "An empty answer is a failure.",
    "body((said) => { if (said.data === '') throw new Error('empty'); return said; });",
)
fixed(
    (BOGUS,),
    "token",
    "refuses-what-is-no-token",
    "A success without a usable token is a failure.",
    """
    body((said) => {
      const { token } = said.data ?? {};
      if (said.success === true && (typeof token !== "string" || !token.trim())) throw new Error("no token");
      return said;
    });
    """,
)
fixed(
    ("calls-at-once-share",),
    "calls",
    "shares",
    "Calls at the same moment share one request and one event.",
    "let flight; call((refresh) => () => (flight ??= refresh().finally(() => { flight = undefined; })));",
)
fixed(
    ("gives-up-in-the-end",),
    "transport",
    "gives-up",
    "A request that is not answered is given up.",
    "salla.api.axios.defaults.timeout = 800;",
    ("silent",),
)
fixed(
    ("transient-failure-keeps-login",),
    "calls",
    "stays-logged-in",
    "A 500 while a page loads does not log the customer out.",
    """
    let last;
    tell((fire) => (error) => { last = status(error); fire(error); });
    change(events, "tokenInvalid", (leave) => (...what) => { if (last !== 500) leave(...what); });
    """,
    ("load",),
)

# --- odd, and no worse than the published one ---------------------------------------------------------------------------

odd("unchanged", "The SDK as it is published.", "", meets=("table", "down", "row", "debounced", "load", "load-200"))
odd(
    "more-events",
    "It has events of its own, with names that resemble the one.",
    """
    call((refresh) => () => { salla.event.emit("auth::refresh.started"); return refresh(); });
    tell((fire) => (error) => { salla.event.emit("auth::refresh.failing", error); fire(error); });
    """,
)
odd(
    "noisy",
    "It writes to the console and throws where nobody catches it.",
    """
    tell((fire) => (error) => { console.error(error); setTimeout(() => { throw new Error("noise"); }); fire(error); });
    """,
)
odd(
    "settles-later",
    "What failed settles a moment after it was told.",
    "call((refresh) => () => refresh().catch((error) => wait(20).then(() => { throw error; })));",
)
odd(
    "tells-a-little-later",
    "The event comes a moment after the rejection.",
    "tell((fire) => (error) => { setTimeout(fire, 200, error); });",
)
odd(
    "wraps-the-error",
    "Caller and listeners get an error of its own, with the same response.",
    """
    call((refresh) => () => refresh().catch((error) => { throw wrapped(error); }));
    tell((fire) => (error) => { fire(wrapped(error)); });
    """,
)
odd(
    "tries-twice",
    "When the network fails it asks once more.",
    """
    change(api, "request", (ask) => (...what) => ask(...what).catch((error) => {
      if (!isNetwork(error)) throw error;
      return ask(...what);
    }));
    """,
    ("main", "down"),
)
odd(
    "own-listeners",
    "It tells the listeners itself, the last one first, each on its own.",
    OWN_LISTENERS
    + "tell(() => (error) => { for (const one of [...all].reverse()) try { one(error); } catch { /* the others hear it */ } });",
)
odd(
    "resolves-with-a-copy",
    "A success resolves with a copy of the body.",
    "call((refresh) => () => refresh().then((said) => (said?.success ? structuredClone(said) : said)));",
)
odd(
    "sends-another-header",
    "It sends a header that nobody asked for.",
    """
    XMLHttpRequest.prototype.send = function (what) { this.setRequestHeader("x-trace", "1"); return send.call(this, what); };
    """,
)
odd(
    "better-in-part",
    "What says false is a failure to it; the rest of what the list says of such answers is as listed.",
    "body((said) => { if (said?.success === false) throw new Error('false'); return said; });",
)
odd(
    "insists-on-the-status",
    "A body whose status differs from the HTTP status is a failure to it, where it says a success.",
    "body((said) => { if (said?.success === true && said.status === 204) throw new Error('other status'); return said; });",
)
