// The address follows the view: ?tab=…&name=value for every control that is not as the page starts.
// The server reads it at load (`tabs/shared/links.py`) and decides what is legal; nothing here is executed.
// Another tab, another step of a lesson and another text of ours are entries of the browser's history.
(() => {
  const MOST = 2000; // characters of a text that goes into an address; `limits.LINK_TEXT` on the server
  const LONGEST = 7000; // of the whole address: web servers take no longer ones
  const PATIENCE = 8000; // milliseconds for the controls to become what an entry of the history says
  const PAUSE = 400; // milliseconds without a key after which the address follows what was typed
  const LATE = 3000; // milliseconds after which it follows anyway
  const LOST = 60_000; // milliseconds after which no answer of the server is waited for
  const tabs = {}; // tab → { name: value } of what is not at its start
  const names = new Set(["tab", "view", "open", "pick"]);
  const PICKS = new Set(["sentiment-pick", "generation-pick"]); // names whose clicked word a link holds
  const picked = {}; // tab → the button that was clicked last, as [name, value, its text]
  const long = {}; // entry of the history → { name: text } that its address does not hold: too long, or too late
  let timer = 0, running = false; // nothing is written before the server has read the address
  let texts = {}; // tab → { name: [where the field is, how it starts] }: read here, not told by gradio
  let entry = 0, keepNext = false, since = 0;
  let going = null; // { until }: the browser went to an entry, and the controls are on their way there
  let restoring = 0, later = false; // since when the server reads an address; another entry was gone to meanwhile

  const text = (value) => {
    if (typeof value === "boolean") return value ? "1" : "0";
    if (Array.isArray(value)) return value.join(",");
    return value === null || value === undefined ? "" : String(value);
  };
  // Which tab is open is seen, not remembered: gradio tells of the first tab late, after a link's own.
  const open = () => {
    const panel = [...document.querySelectorAll('[id^="tab-"][role="tabpanel"]')].find(
      (p) => getComputedStyle(p).display !== "none"); // `offsetParent` would lay out the page anew
    return panel ? panel.id.slice(4) : null;
  };
  // A button of `pick.js`: it has its name and value itself, or its run has the name and its place is the value.
  const buttonOf = (panel, [field, value]) => {
    const [of, is] = [CSS.escape(field), CSS.escape(value)];
    return panel?.querySelector(`[data-pick="${of}"][data-value="${is}"], [data-picks="${of}"] > button[data-i="${is}"]`);
  };
  document.addEventListener("click", (ev) => {
    const found = window.ulmfitPick.of(ev.target);
    if (found && PICKS.has(found.id)) picked[open()] = [found.id, found.value, found.button.textContent];
  });
  let cut = []; // the text fields of the open tab that are too long for the address
  // Is the step from one address to the next one that Back should undo?
  const isStep = (old, now) => {
    if (!old.get("tab")) return false; // the page has just begun
    if (["tab", "lesson"].some((name) => (old.get(name) || "") !== (now.get(name) || ""))) return true;
    // an example: a text of ours in the place of another one; a lesson's comes with its step
    const example = Object.entries(texts[now.get("tab")] || {}).some(([name, [, start]]) => {
      const value = now.get(name) ?? start;
      return value !== (old.get(name) ?? start) && window.ulmfitJourney.isGiven(value);
    });
    return example && Date.now() - since > 1500;
  };
  // An address without what is opened and clicked once the controls are as it says.
  const settings = (query) => {
    const kept = new URLSearchParams(query);
    kept.delete("open");
    kept.delete("pick");
    kept.sort();
    return kept.toString();
  };
  const write = () => {
    if (!running) return;
    const now = open(), panel = now && document.getElementById(`tab-${now}`), old = new URLSearchParams(location.search);
    const kept = new URLSearchParams(location.search);
    for (const name of [...kept.keys()]) if (names.has(name)) kept.delete(name);
    if (now) kept.set("tab", now);
    for (const [name, value] of Object.entries(tabs[now] || {})) kept.set(name, value);
    const panels = panel ? window.ulmfitPanels.opened(panel) : [];
    if (panels.length) kept.set("open", panels.join(","));
    const word = picked[now], button = word && buttonOf(panel, word);
    if (button && button.textContent === word[2]) kept.set("pick", `${word[0]}:${word[1]}`);
    cut = [];
    const tooLong = {};
    for (const [name, [place, start]] of Object.entries(texts[now] || {})) {
      const field = document.querySelector(place);
      // a field in a closed panel is not there yet: what the address says of it stays
      const value = field ? field.value : old.get("tab") === now ? old.get(name) ?? start : start;
      if (value === start) continue;
      kept.set(name, value);
      if (value.length <= MOST && kept.toString().length <= LONGEST) continue;
      kept.delete(name);
      tooLong[name] = value;
      cut.push([field, value.length]);
    }
    window.ulmfitJourney.tick(now);
    const query = kept.toString();
    const same = `?${query}` === location.search || (!query && !location.search);
    let arrived = false;
    if (going) {
      const wanted = new URLSearchParams(old);
      for (const [name, value] of Object.entries(long[entry] || {})) if (!(name in tooLong)) wanted.set(name, value);
      arrived = settings(kept) === settings(wanted);
      if (!arrived && Date.now() < going.until) return; // not there yet: no entry of its own
      going = null;
    }
    if (same) { long[entry] = tooLong; return; }
    const step = keepNext || (!arrived && isStep(old, kept));
    keepNext = false;
    if (step) since = Date.now();
    const address = query ? `?${query}` : location.pathname;
    if (step) history.pushState({ ...history.state, ulmfit: ++entry }, "", address);
    else history.replaceState({ ...history.state, ulmfit: entry }, "", address);
    long[entry] = tooLong;
    // on a Space the page is framed, and the visitor sees the address of the frame around it
    if (window.parent !== window && location.hostname.endsWith(".hf.space"))
      window.parent.postMessage({ queryString: query }, "https://huggingface.co");
  };
  // Changing the address takes as long as drawing an answer: not between a key and its answer.
  let typed = 0, written = 0;
  const tick = () => {
    const now = Date.now();
    if (now - typed < PAUSE && now - written < LATE) return;
    written = now;
    write();
  };
  const soon = () => { clearTimeout(timer); if (running) timer = setTimeout(write, 300); };
  const changed = (tab, keys, start, values) => {
    const found = {};
    keys.forEach((name, i) => {
      names.add(name);
      const value = text(values[i]);
      if (value !== text(start[i]) && value.length <= MOST) found[name] = value;
    });
    if (tabs[tab]?.view) found.view = tabs[tab].view;
    tabs[tab] = found;
    soon();
  };
  const view = (tab, name, start) => {
    tabs[tab] ||= {};
    if (name === start) delete tabs[tab].view; else tabs[tab].view = name;
    soon();
  };
  let ticking = false;
  // The server reads the address for the tab that it names. False where the address names none.
  const restore = (asked) => {
    const button = Object.hasOwn(texts, asked) && document.getElementById(`restore-${asked}`);
    if (!button) return false;
    restoring = Date.now();
    later = false;
    innerOf(asked);
    button.click();
    return true;
  };
  const ready = () => {
    if (running) return;
    restoring = 0;
    if (later && goTo()) return;
    running = true;
    again(new URLSearchParams(location.search));
    for (const [name, value] of Object.entries(long[entry] || {})) {
      const field = going && document.querySelector(texts[open()]?.[name]?.[0]);
      if (field) window.ulmfitField.fill(field, value);
    }
    if (going) going.until = Date.now() + PATIENCE;
    if (!ticking) setInterval(tick, 500); // what is typed, and what an example or a lesson puts into a field
    ticking = true;
  };
  // What a link opens and clicks again, once it stands there.
  let repeating = 0;
  const again = (query) => {
    const panels = (query.get("open") ?? "").split(",").filter(Boolean);
    const [, field, value] = /^([\w-]+):([\s\S]*)$/.exec(query.get("pick") ?? "") ?? [];
    const wanted = query.get("tab") ?? open();
    let same = "", seen = 0, tries = 100;
    clearInterval(repeating);
    const timer = setInterval(() => {
      const panel = open() === wanted && document.getElementById(`tab-${wanted}`);
      if (--tries < 0) clearInterval(timer);
      if (!panel) return;
      if (panels.length) panels.splice(0, panels.length, ...window.ulmfitPanels.open(panel, panels));
      const button = PICKS.has(field) && buttonOf(panel, [field, value]);
      seen = button && button.parentElement.textContent === same ? seen + 1 : 0;
      same = button ? button.parentElement.textContent : "";
      if (seen === 3) button.click(); // the results have stopped to change
      if (!panels.length && (seen === 3 || !PICKS.has(field))) clearInterval(timer);
    }, 300);
    repeating = timer;
  };
  // What the address of the open tab does not hold, in words.
  const leftOut = () => {
    write();
    const panel = document.getElementById(`tab-${open()}`);
    const label = (field) => field?.closest("label, .block")?.querySelector("[data-testid=block-info], span")?.textContent.trim() || "a text";
    const found = cut.map(([field, n]) => `“${label(field)}” (${n.toLocaleString("en")} characters; a link holds ${MOST.toLocaleString("en")})`);
    if (Object.values(tabs[open()] ?? {}).some((v) => v.split(",").includes("own"))) found.push("your own tokenizer");
    if (panel?.querySelector(".file-preview, .file-name")) found.push("the file");
    if (open() === "teach" && /"marks":\s*\[\[/.test(document.querySelector("#teach-log :is(textarea, input)")?.value ?? ""))
      found.push("the labels you gave");
    if ([...(panel?.querySelectorAll("#generation-result h4") ?? [])].some((h) => /steered/.test(h.textContent)))
      found.push("the texts you steered");
    return found;
  };
  // An inner tab that is set tells nobody: the address does.
  const innerOf = (tab) => {
    if (tabs[tab]) delete tabs[tab].view;
    const inner = new URLSearchParams(location.search).get("view");
    if (!/^[\w-]+$/.test(inner ?? "")) return;
    tabs[tab] ||= {};
    tabs[tab].view = inner;
  };
  const start = (fields) => {
    texts = fields;
    Object.values(fields).forEach((field) => Object.keys(field).forEach((name) => names.add(name)));
    if (!restore(new URLSearchParams(location.search).get("tab"))) ready();
  };
  const standing = (tab) => Object.fromEntries(
    Object.entries(texts[tab] || {}).flatMap(([name, [place, start]]) => {
      const field = document.querySelector(place);
      return field && field.value !== start ? [[name, field.value]] : [];
    }));
  // What the server is to read: at load what the address says; after Back all the rest at its start too.
  const address = () => (going ? `${location.search || "?"}&_whole=1` : location.search);
  const tabOf = () => new URLSearchParams(location.search).get("tab") || Object.keys(texts)[0];
  const goTo = () => {
    delete picked[tabOf()];
    window.ulmfitJourney.restored(tabOf());
    return restore(tabOf());
  };
  window.addEventListener("popstate", (ev) => {
    if (!Object.hasOwn(texts, tabOf())) return;
    if (running && !going) long[entry] = standing(open()); // what came after the last tick is not in its address
    entry = ev.state?.ulmfit ?? 0;
    running = false;
    clearTimeout(timer);
    going = { until: Infinity };
    // One entry after the other: the answers of two may come in any order, and the older one's would stay.
    if (restoring && Date.now() - restoring < LOST) later = true; else if (!goTo()) ready();
  });
  // What was typed since the last tick belongs to the entry that a click leaves.
  document.addEventListener("click", (ev) => {
    if (ev.isTrusted && ev.target.closest?.("button, [role=option]")) { if (going) going.until = 0; write(); }
  }, true);
  // Who types has arrived.
  document.addEventListener("input", (ev) => {
    if (!ev.isTrusted) return;
    if (ev.target.matches("textarea")) typed = Date.now();
    if (running) going = null;
  }, true);
  const lesson = (tab) => Number(tabs[tab]?.lesson || 0);
  const isRestoring = () => !running;
  const keep = () => { keepNext = true; };
  window.ulmfitLink = { changed, view, select: soon, ready, start, address, open, lesson, isRestoring, keep, leftOut };
})();
