// The ways to show the page: ?present=1 for a projector, ?embed=TAB, TAB.VIEW or TAB.VIEW:ID for a frame on
// another page: that tab, that view of it, or that one result alone. Only sets classes; the style sheet
// `modes.css` does the rest. Runs before the page is mounted.
(() => {
  const query = new URLSearchParams(location.search);
  const root = document.documentElement;
  if (query.get("present") === "1") root.classList.add("u-present");
  const [, tab, view, id] = /^([a-z]+)(?:\.([\w-]+))?(?::([\w-]+))?$/.exec(query.get("embed") ?? "") ?? [];
  if (tab) {
    root.classList.add("u-embed");
    query.set("tab", tab);
    if (view) query.set("view", view);
    history.replaceState(history.state, "", `?${query}`);
    if (id) {
      const one = `#${CSS.escape(id)}`, style = document.createElement("style");
      style.textContent = `.u-embed [role=tabpanel] *:not(:has(${one})):not(${one}):not(${one} *) { display: none !important; }
        .u-embed [role=tabpanel] *:has(> ${one}) { border: 0 !important; padding: 0 !important; }`;
      document.head.append(style);
    }
  }

  // present: the keys of a presenter's remote, and the arrows, go from step to step
  const forward = new Set(["ArrowRight", "PageDown"]), back = new Set(["ArrowLeft", "PageUp"]);
  document.addEventListener("keydown", (ev) => {
    if (!root.classList.contains("u-present") || ev.ctrlKey || ev.altKey || ev.metaKey) return;
    if (!forward.has(ev.key) && !back.has(ev.key)) return;
    if (ev.defaultPrevented || ev.target.closest?.("input, textarea, select, [contenteditable], [role=listbox], [tabindex='0'], .toks")) return;
    const side = forward.has(ev.key) ? "next" : "back";
    const button = [...document.querySelectorAll(`[id$="-lesson-${side}"]`)].find((b) => b.checkVisibility());
    if (!button) return;
    ev.preventDefault();
    button.click();
  });
})();
