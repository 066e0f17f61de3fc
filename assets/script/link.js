// The address follows the view: ?tab=…&name=value for every control that is not as the page starts.
// The server reads it at load (`tabs/links.py`) and decides what is legal; nothing here is executed.
(() => {
  const MOST = 2000; // characters of a text that goes into an address; `limits.LINK_TEXT` on the server
  const LONGEST = 7000; // of the whole address: web servers take no longer ones
  const tabs = {}; // tab → { name: value } of what is not at its start
  const names = new Set(["tab"]);
  let timer = 0, running = false; // nothing is written before the server has read the address
  let texts = {}; // tab → { name: [where the field is, how it starts] }: read here, not told by gradio

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
  const write = () => {
    const now = open(), old = new URLSearchParams(location.search);
    const kept = new URLSearchParams(location.search);
    for (const name of [...kept.keys()]) if (names.has(name)) kept.delete(name);
    if (now) kept.set("tab", now);
    for (const [name, value] of Object.entries(tabs[now] || {})) kept.set(name, value);
    for (const [name, [place, start]] of Object.entries(texts[now] || {})) {
      const field = document.querySelector(place);
      // a field in a closed panel is not there yet: what the address says of it stays
      const value = field ? field.value : old.get("tab") === now ? old.get(name) ?? start : start;
      if (value === start || value.length > MOST) continue;
      kept.set(name, value);
      if (kept.toString().length > LONGEST) kept.delete(name);
    }
    const query = kept.toString();
    if (`?${query}` === location.search || (!query && !location.search)) return;
    history.replaceState(history.state, "", query ? `?${query}` : location.pathname);
    // on a Space the page is framed, and the visitor sees the address of the frame around it
    if (window.parent !== window && location.hostname.endsWith(".hf.space"))
      window.parent.postMessage({ queryString: query }, "https://huggingface.co");
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
    names.add("view");
    tabs[tab] ||= {};
    if (name === start) delete tabs[tab].view; else tabs[tab].view = name;
    soon();
  };
  const ready = () => {
    if (running) return;
    running = true;
    setInterval(write, 500); // what is typed, and what an example or a lesson puts into a field
  };
  const start = (fields) => {
    texts = fields;
    Object.values(fields).forEach((field) => Object.keys(field).forEach((name) => names.add(name)));
    const asked = new URLSearchParams(location.search).get("tab");
    const button = asked && Object.hasOwn(fields, asked) && document.getElementById(`restore-${asked}`);
    if (button) button.click(); else ready();
  };
  window.ulmfitLink = { changed, view, select: soon, ready, start };
})();
