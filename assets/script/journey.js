// One text travels: what the visitor typed last goes into the tab that opens; the strip follows the text
// of the open tab. A text of a lesson or an example is none of the visitor's: theirs is one click away.
(() => {
  const PAUSE = 350; // milliseconds after the last key
  const SAME = { __type__: "update" }; // leaves a gradio component as it is
  let places = {}; // tab → [[where the field is, how it starts, how many characters it takes]]
  let given = new Set(); // the texts of lessons and examples
  let mine = null; // what the visitor typed last, wherever
  let shown = null; // the text that the strip follows
  let forced = null; // { tab, text }: a stop of the strip takes its text along
  let stays = null; // the tab that the browser's Back restored: its text is meant
  let timer = 0;
  let send = null; // asks the server about a text
  const last = {}; // field → its value when it was looked at last

  const fields = (tab) => (places[tab] || []).map(([place]) => document.querySelector(place)).filter(Boolean);
  const current = (tab) => {
    const found = fields(tab);
    return found.length > 1 ? found.find((f) => f.checkVisibility()) : found[0];
  };

  // The text that goes into a field of the tab that opens; null: it keeps its own, also where ours is too long.
  const coming = (tab, value, [, start, most] = []) => {
    if (window.ulmfitLink.isRestoring() || stays === tab) return null;
    const text = forced?.tab === tab ? forced.text : mine;
    if (text === null || text === value || text.length > most) return null;
    const example = given.has(value) && (value !== start || window.ulmfitLink.lesson(tab) > 0);
    return example && !forced ? null : text;
  };
  const take = (tab, values) =>
    values.map((value, i) => coming(tab, value, places[tab]?.[i]) ?? SAME);
  // for an event that asks as its tab opens, before the field holds the text
  const first = (tab, value) => coming(tab, value, places[tab]?.[0]) ?? value;

  // `read_lengths` on the server: a list of lengths in the place of documents has no words
  const isText = (value) => Boolean(value.trim()) && !/^\s*lengths:/i.test(value);
  const look = (tab) => {
    const field = current(tab);
    if (forced && forced.tab !== tab) forced = null;
    if (field) {
      const { value } = field;
      const key = places[tab].find(([place]) => field.matches(place))[0];
      if (last[key] !== value && isText(value) && !given.has(value)) mine = value;
      last[key] = value;
      if (isText(value)) ask(value);
    } else if (shown === null && places.tokenizers) ask(places.tokenizers[0][1]);
    const back = document.getElementById("journey-back");
    if (!back) return;
    back.hidden = !(field && mine !== null && field.value !== mine);
    const sample = mine === null ? "" : `“${mine.trim().slice(0, 24)}${mine.trim().length > 24 ? "…" : ""}”`;
    const there = back.querySelector(".sample");
    if (there.textContent !== sample) there.textContent = sample;
  };
  const ask = (text) => {
    if (!send || text === shown) return;
    shown = text;
    send(text);
  };
  const tick = (tab) => { if (!timer) look(tab); };

  document.addEventListener("input", (ev) => {
    const tab = window.ulmfitLink.open();
    if (!ev.isTrusted || !fields(tab).includes(ev.target)) return;
    clearTimeout(timer);
    timer = setTimeout(() => { timer = 0; look(window.ulmfitLink.open()); }, PAUSE);
  });
  document.addEventListener("click", (ev) => {
    if (ev.isTrusted && ev.target.closest?.('[role="tab"], .overflow-menu')) stays = null;
    if (ev.target.closest?.("#journey-back") && mine !== null) {
      const tab = window.ulmfitLink.open();
      window.ulmfitLink.keep();
      fields(tab).forEach((field) => window.ulmfitField.fill(field, mine));
      look(tab);
    }
  });
  // `js_on_load` of the strip: its events are `input`, a text to follow, and `select`, a stop that is clicked.
  const listen = (element, trigger) => {
    const asked = {}; // always the same object: a text that waits for the answer before it is sent as it is then
    send = (value) => trigger("input", Object.assign(asked, { value }));
    element.addEventListener("click", (ev) => {
      const stop = ev.target.closest?.("[data-open]");
      if (!stop) return;
      if (ev.isTrusted) stays = null;
      forced = { tab: stop.dataset.open, text: shown ?? places.tokenizers?.[0][1] };
      trigger("select");
    });
  };
  const opened = () => (forced ? { ...SAME, selected: forced.tab } : SAME);
  const start = (found, texts) => {
    places = found;
    given = new Set(texts);
  };
  const restored = (tab) => { stays = tab; forced = null; };
  const isGiven = (text) => given.has(text);
  window.ulmfitJourney = { listen, start, take, first, opened, tick, restored, isGiven };
})();
