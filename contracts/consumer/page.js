// Plays scenarios to the SDK in this page, and records what its callers and its listeners see.
//
//   harness.open(settings)   starts the SDK for a guest, and returns its version, or the reason why it cannot be used
//   harness.play(plans)      plays scenarios one after the other, each with its calls
//   harness.load(plan)       starts the SDK for a customer whose token has run out, so that it refreshes by itself
//
// A scenario has three forms: the plan (number, calls, limit, throwing), the running scenario with its attempts, and the record
// as JSON. All times are milliseconds of performance.now(). The harness takes what it needs of the browser before the SDK loads.

"use strict";

(() => {
  const now = performance.now.bind(performance);
  const finished = performance.getEntriesByType.bind(performance, "resource");
  const after = window.setTimeout.bind(window);
  const forget = window.clearTimeout.bind(window);
  const { stringify, parse } = JSON;
  const LONGEST = 4000; // characters of an error that are kept; reports cut it further, once secrets are taken out
  const TURN = 20; // a short turn of the event loop
  const errors = []; // that the page itself raised
  const notifications = [];
  let settings = {};
  let current = null; // the scenario that is running
  let pending = 0; // requests of scripts that have not ended

  // A page may have been used before.
  localStorage.clear();
  sessionStorage.clear();

  // A dialog would wait for somebody to close it.
  window.alert = () => undefined;
  window.addEventListener("error", (event) => errors.push(inWords(event.error ?? event.message)));

  const { fetch } = window;
  window.fetch = (...request) => {
    pending += 1;
    return fetch(...request).finally(() => { pending -= 1; });
  };
  const { send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.send = function (body) {
    const end = () => { pending -= 1; };
    pending += 1;
    this.addEventListener("loadend", end, { once: true });
    try {
      send.call(this, body);
    } catch (error) {
      this.removeEventListener("loadend", end);
      end();
      throw error;
    }
  };

  const pause = (milliseconds) => new Promise((resolve) => after(resolve, milliseconds));
  const token = () => plain(salla.storage.get("token"));

  /** A value as JSON can carry it; any other value becomes the text that the SDK would make of it. */
  function plain(value) {
    if (value === undefined || value === null) return null;
    if (typeof value === "string") return value;
    if (typeof value === "number" && !Number.isFinite(value)) return String(value);
    try {
      const text = stringify(value);
      return text === undefined ? String(value) : parse(text);
    } catch {
      return inWords(value);
    }
  }

  function inWords(value) {
    try {
      return String(value).slice(0, LONGEST);
    } catch {
      return typeof value;
    }
  }

  /** A member of a value that may be anything, and whose getters may throw. */
  function member(value, name) {
    try {
      return value?.[name];
    } catch {
      return undefined;
    }
  }

  // --- the SDK -------------------------------------------------------------------------------------------------------

  /** The reason why this SDK cannot be used, or null. */
  function fault() {
    const sdk = typeof salla === "undefined" ? undefined : salla;
    if (!sdk) return errors.length ? `it defines no salla: ${errors[0]}` : "it defines no salla";
    const needed = {
      "salla.init": sdk.init,
      "salla.auth.refresh": sdk.auth?.refresh,
      "salla.event.on": sdk.event?.on,
      "salla.event.auth.onRefreshFailed": sdk.event?.auth?.onRefreshFailed,
      "salla.storage.get": sdk.storage?.get,
      "salla.storage.set": sdk.storage?.set,
      "salla.config.get": sdk.config?.get,
      "salla.config.set": sdk.config?.set,
    };
    const missing = Object.keys(needed).find((name) => typeof needed[name] !== "function");
    return missing ? `it has no ${missing}()` : null;
  }

  function listen() {
    for (let listener = 0; listener < settings.listeners; listener += 1) {
      salla.event.auth.onRefreshFailed((argument) => {
        notifications.push({ listener, argument, at: now(), during: current });
        if (listener === 0 && current?.throwing) throw new Error(settings.thrown);
      });
    }
  }

  function start(user) {
    const store = { id: 1, url: location.origin, api: `${location.origin}/api` };
    return salla.init({ debug: false, language_code: "en", fastRequests: settings.fast, store, user });
  }

  async function open(given) {
    settings = given;
    const found = { fault: fault(), version: null };
    if (found.fault) return stringify(found);
    found.version = plain(member(salla.versions, "twilight"));
    if (settings.loads) return stringify(found);
    try {
      const late = pause(settings.opening).then(() => Promise.reject("salla.init() does not end"));
      await Promise.race([start({ type: "guest" }), late]);
      salla.config.set("fastRequests", settings.fast);
      listen();
    } catch (error) {
      found.fault = `it does not start: ${inWords(error)}`;
    }
    return stringify(found);
  }

  // --- scenarios -----------------------------------------------------------------------------------------------------

  function begin(plan, before) {
    document.cookie = `scenario=${plan.number}; path=/`; // the endpoint plays the scenario that a request names
    current = { ...plan, attempts: [], before, started: now() };
    return current;
  }

  async function call() {
    return await salla.auth.refresh();
  }

  function attempt() {
    const made = { settled: "pending", at: 0, value: null, reason: undefined };
    made.over = call().then(
      (value) => Object.assign(made, { settled: "resolved", at: now(), value: plain(value) }),
      (reason) => Object.assign(made, { settled: "rejected", at: now(), reason }),
    );
    return made;
  }

  async function play(plans) {
    const played = [];
    let before = token();
    for (const plan of plans) {
      const running = begin(plan, before);
      played.push(running);
      for (let made = 0; made < plan.calls; made += 1) running.attempts.push(attempt());
      // An SDK that has left calls pending several times gets less time.
      const limit = played.filter((earlier) => earlier.pending).length < settings.patient ? plan.limit : plan.least;
      await all(running.attempts, limit);
      running.pending = running.attempts.some(({ settled }) => settled === "pending");
      before = running.after = token();
      running.calls = running.attempts.map(({ settled, at, value, reason }) => ({
        settled,
        at: (settled === "pending" ? now() : at) - running.started,
        value,
        error: settled === "rejected" ? inWords(reason) : "",
      }));
    }
    await lateEvents(played);
    return record(played);
  }

  /** Wait until all attempts are over, at most so many milliseconds. */
  function all(attempts, limit) {
    return new Promise((resolve) => {
      const timer = after(resolve, limit);
      Promise.all(attempts.map((made) => made.over)).then(() => {
        forget(timer);
        resolve();
      });
    });
  }

  async function load(plan) {
    let loggedOut = false;
    listen();
    salla.event.on("auth::token.invalid", () => { loggedOut = true; }); // others leave user.type as it is
    salla.storage.set("token", settings.token);
    const running = begin(plan, token());
    start({ id: 7, type: "user" }); // not awaited: some versions wait for the refresh, some do not
    await calm(running.started + plan.limit);
    running.after = token();
    running.calls = [];
    const tokenTaken = notifications.length > 0 && running.after === null; // the oldest versions do no more to log out
    running.loggedIn = salla.config.get("user.type") === "user" && !loggedOut && !tokenTaken;
    return record([running]);
  }

  /** Wait until there was a refresh, and then, for enough turns of this page, no request.
   *
   * Turns are counted, not milliseconds: timers of a page that was not run for a while are late together, and in their order. */
  async function calm(deadline) {
    let over = 0;
    for (let quiet = 0; quiet < settings.calm / TURN && now() < deadline; await pause(TURN)) {
      const requests = finished();
      const refreshed = requests.some(({ name }) => new URL(name).pathname === settings.path);
      quiet = refreshed && pending === 0 && requests.length === over ? quiet + 1 : 0;
      over = requests.length;
    }
  }

  // --- events --------------------------------------------------------------------------------------------------------

  /** The scenario whose rejection an event carries, or null; the latest if several were rejected with the same object. */
  function owner(argument, owners) {
    return (argument !== null && typeof argument === "object" && owners.get(argument)) || null;
  }

  function owners(played) {
    const found = new Map();
    for (const running of played) for (const { reason } of running.attempts) found.set(reason, running);
    return found;
  }

  /** Wait as long as an event that is missing could still come in time, and always for what is due right now. */
  async function lateEvents(played) {
    await pause(TURN);
    for (;;) {
      const known = owners(played);
      const fired = new Set(notifications.map(({ argument, during }) => owner(argument, known) ?? during));
      const owing = played.filter((running) => !fired.has(running)).flatMap(({ attempts }) => attempts);
      const rejected = owing.filter(({ settled }) => settled === "rejected").map(({ at }) => at);
      if (now() >= Math.max(...rejected) + settings.late) return;
      await pause(TURN);
    }
  }

  function record(played) {
    const known = owners(played);
    return stringify({
      origin: performance.timeOrigin,
      scenarios: played.map(({ number, started, before, after: later, calls, loggedIn = null }) => ({
        number,
        started,
        before,
        after: later,
        calls,
        logged_in: loggedIn,
      })),
      events: notifications
        .filter(({ during }) => during)
        .map(({ listener, argument, at, during }) => ({
          listener,
          at,
          during: during.number,
          owner: owner(argument, known)?.number ?? null,
          is_error: argument instanceof Error || typeof member(argument, "message") === "string",
          status: plain(member(member(argument, "response"), "status")),
          text: inWords(argument),
        })),
    });
  }

  Object.defineProperty(window, "harness", { value: Object.freeze({ open, play, load }) });
})();
