// Lets the SDK in this page meet scenarios, and writes down what its callers and its listeners see.
//
//   harness.open(setting)    start the SDK for a guest; says what the SDK is, or why it is none
//   harness.play(scenes)     the scenes one after the other, each with its calls
//   harness.load(scene)      start the SDK for a customer whose token has run out; it refreshes by itself
//
// A scene goes through three hands: the plan (number, calls, limit, throwing), the scene with its takes, and the record as JSON.
// All times are milliseconds of performance.now(). What the harness needs of the browser it holds on to before the SDK is there.

"use strict";

(() => {
  const now = performance.now.bind(performance);
  const finished = performance.getEntriesByType.bind(performance, "resource");
  const after = window.setTimeout.bind(window);
  const forget = window.clearTimeout.bind(window);
  const { stringify, parse } = JSON;
  const LONGEST = 4000; // characters of an error that are kept; what is shown of it is cut after secrets are taken out
  const TURN = 20; // a short turn of the event loop
  const trouble = [];
  const heard = [];
  let setting = {};
  let on = null; // the scene that is on

  // A page may have been used before.
  localStorage.clear();
  sessionStorage.clear();

  // The page shows errors by itself; a dialog would wait for somebody to close it.
  window.alert = () => undefined;
  window.addEventListener("error", (event) => trouble.push(words(event.error ?? event.message)));

  const pause = (milliseconds) => new Promise((resolve) => after(resolve, milliseconds));
  const token = () => plain(salla.storage.get("token"));

  /** A value as JSON can carry it: what it cannot carry becomes the text that the SDK would make of it. */
  function plain(value) {
    if (value === undefined || value === null) return null;
    if (typeof value === "string") return value;
    if (typeof value === "number" && !Number.isFinite(value)) return String(value);
    try {
      const text = stringify(value);
      return text === undefined ? String(value) : parse(text);
    } catch {
      return words(value);
    }
  }

  function words(value) {
    try {
      return String(value).slice(0, LONGEST);
    } catch {
      return typeof value;
    }
  }

  /** A member of what may be anything; getters may throw. */
  function member(value, name) {
    try {
      return value?.[name];
    } catch {
      return undefined;
    }
  }

  // --- the SDK -------------------------------------------------------------------------------------------------------

  /** Why this is no SDK that can be used, or null. */
  function fault() {
    const sdk = typeof salla === "undefined" ? undefined : salla;
    if (!sdk) return trouble.length ? `it defines no salla: ${trouble[0]}` : "it defines no salla";
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
    for (let listener = 0; listener < setting.listeners; listener += 1) {
      salla.event.auth.onRefreshFailed((what) => {
        heard.push({ listener, what, at: now(), during: on });
        if (listener === 0 && on?.throwing) throw new Error(setting.thrown);
      });
    }
  }

  function start(user) {
    const store = { id: 1, url: location.origin, api: `${location.origin}/api` };
    return salla.init({ debug: false, language_code: "en", fastRequests: setting.fast, store, user });
  }

  async function open(given) {
    setting = given;
    const said = { fault: fault(), version: null };
    if (said.fault) return stringify(said);
    said.version = plain(member(salla.versions, "twilight"));
    if (setting.loads) return stringify(said);
    try {
      await Promise.race([start({ type: "guest" }), pause(setting.opening).then(() => Promise.reject("salla.init() does not end"))]);
      salla.config.set("fastRequests", setting.fast);
      listen();
    } catch (error) {
      said.fault = `it does not start: ${words(error)}`;
    }
    return stringify(said);
  }

  // --- scenes --------------------------------------------------------------------------------------------------------

  function begin(plan, before) {
    document.cookie = `scenario=${plan.number}; path=/`; // the endpoint plays the scenario that a request names
    on = { ...plan, takes: [], before, started: now() };
    return on;
  }

  async function call() {
    return await salla.auth.refresh();
  }

  function take() {
    const made = { settled: "pending", at: 0, value: null, reason: undefined };
    made.over = call().then(
      (value) => Object.assign(made, { settled: "resolved", at: now(), value: plain(value) }),
      (reason) => Object.assign(made, { settled: "rejected", at: now(), reason }),
    );
    return made;
  }

  async function play(plans) {
    const scenes = [];
    let before = token();
    for (const plan of plans) {
      const scene = begin(plan, before);
      scenes.push(scene);
      for (let made = 0; made < plan.calls; made += 1) scene.takes.push(take());
      // Little patience, once it is plain that this SDK leaves calls pending.
      const limit = scenes.filter((earlier) => earlier.pending).length < setting.patient ? plan.limit : plan.least;
      await all(scene.takes, limit);
      scene.pending = scene.takes.some(({ settled }) => settled === "pending");
      before = scene.after = token();
      scene.calls = scene.takes.map(({ settled, at, value, reason }) => ({
        settled,
        at: (settled === "pending" ? now() : at) - scene.started,
        value,
        error: settled === "rejected" ? words(reason) : "",
      }));
    }
    await lateEvents(scenes);
    return records(scenes);
  }

  /** Wait until all takes are over, at most so many milliseconds. */
  function all(takes, limit) {
    return new Promise((resolve) => {
      const timer = after(resolve, limit);
      Promise.all(takes.map((made) => made.over)).then(() => {
        forget(timer);
        resolve();
      });
    });
  }

  async function load(plan) {
    let loggedOut = false;
    listen();
    salla.event.on("auth::token.invalid", () => { loggedOut = true; }); // others leave user.type as it is
    salla.storage.set("token", setting.token);
    const scene = begin(plan, token());
    start({ id: 7, type: "user" }); // not waited for: some wait for the refresh, some do not
    await calm(scene.started + plan.limit);
    scene.after = token();
    scene.calls = [];
    const tokenTaken = heard.length > 0 && scene.after === null; // all that the oldest versions do to log out
    scene.loggedIn = salla.config.get("user.type") === "user" && !loggedOut && !tokenTaken;
    return records([scene]);
  }

  /** Wait until there was a refresh and then, for long enough, nothing more; the browser itself keeps account. */
  async function calm(deadline) {
    let over = 0;
    for (let since = now(); now() < deadline; await pause(TURN)) {
      const requests = finished();
      if (requests.length !== over) since = now();
      over = requests.length;
      const refreshed = requests.some(({ name }) => new URL(name).pathname === setting.path);
      if (refreshed && now() - since >= setting.calm) return;
    }
  }

  // --- events --------------------------------------------------------------------------------------------------------

  /** The scene that an event carries the rejection of, or null; the latest where several were rejected with the same object. */
  function owner(what, owners) {
    return (what !== null && typeof what === "object" && owners.get(what)) || null;
  }

  function owners(scenes) {
    const found = new Map();
    for (const scene of scenes) for (const { reason } of scene.takes) found.set(reason, scene);
    return found;
  }

  /** Wait as long as an event that is missing could still come in time; in any case for what is due right now. */
  async function lateEvents(scenes) {
    await pause(TURN);
    for (;;) {
      const known = owners(scenes);
      const fired = new Set(heard.map(({ what, during }) => owner(what, known) ?? during));
      const owing = scenes.filter((scene) => !fired.has(scene)).flatMap(({ takes }) => takes);
      const rejected = owing.filter(({ settled }) => settled === "rejected").map(({ at }) => at);
      if (now() >= Math.max(...rejected) + setting.late) return;
      await pause(TURN);
    }
  }

  function records(scenes) {
    const known = owners(scenes);
    return stringify({
      origin: performance.timeOrigin,
      scenes: scenes.map(({ number, started, before, after: later, calls, loggedIn = null }) => ({
        number,
        started,
        before,
        after: later,
        calls,
        logged_in: loggedIn,
      })),
      events: heard
        .filter(({ during }) => during)
        .map(({ listener, what, at, during }) => ({
          listener,
          at,
          during: during.number,
          owner: owner(what, known)?.number ?? null,
          is_error: what instanceof Error || typeof member(what, "message") === "string",
          status: plain(member(member(what, "response"), "status")),
          text: words(what),
        })),
    });
  }

  Object.defineProperty(window, "harness", { value: Object.freeze({ open, play, load }) });
})();
