// Teach: the page keeps the labels that were given by clicks and keys, in order, in one hidden field. Each
// question sends all of them, so that none is lost where the server answers only the newest.
(() => {
  const field = () => window.ulmfitField.find("teach-log");
  const board = () => document.querySelector("#teach-board");
  let busy = 0, focus = null;

  const act = (button) => {
    if (Date.now() < busy) return; // the line on the screen is not yet the next one
    const place = field();
    let log;
    try { log = JSON.parse(place.value); } catch { return; }
    const line = Number(button.dataset.line);
    const kind = button.dataset.teach;
    if (kind === "label") {
      log.marks.push([line, Number(button.dataset.label)]);
      log.at = null;
    } else if (kind === "skip") {
      log.skip = [...log.skip.filter((i) => i !== line), line];
      log.at = null;
    } else if (kind === "row") {
      log.at = line;
    } else if (kind === "undo") {
      if (!log.marks.length) return;
      log.at = log.marks.pop()[0];
    }
    focus = board()?.contains(document.activeElement) ? button.dataset.label ?? kind : null;
    busy = Date.now() + 4000; // a server that does not answer stops nobody
    window.ulmfitField.fill(place, JSON.stringify(log));
  };

  document.addEventListener("click", (ev) => {
    const button = ev.target.closest?.("[data-teach]");
    if (button) act(button);
  });

  document.addEventListener("keydown", (ev) => {
    if (ev.ctrlKey || ev.altKey || ev.metaKey || ev.repeat) return;
    if (ev.target.closest?.("input, textarea, select, [contenteditable], [role=listbox]")) return;
    const here = board();
    if (!here?.checkVisibility()) return;
    const key = ev.key.toLowerCase();
    const wanted = /^[1-8]$/.test(key)
      ? `[data-teach=label][data-label="${Number(key) - 1}"]`
      : key === "u" ? "[data-teach=undo]" : key === "s" ? "[data-teach=skip]" : "";
    const button = wanted && here.querySelector(wanted);
    if (!button) return;
    ev.preventDefault();
    act(button);
  });

  // a new board: keys work again, and the focus is where it was
  new MutationObserver((changes) => {
    const here = board();
    if (!here || !changes.some((c) => here.contains(c.target))) return;
    busy = 0;
    if (focus === null) return;
    const same = here.querySelector(
      /^\d+$/.test(focus) ? `[data-teach=label][data-label="${focus}"]` : `[data-teach="${focus}"]`);
    if (same && document.activeElement !== same) same.focus({ preventScroll: true });
    focus = null;
    // gradio draws a board that has the same elements by changing their texts alone
  }).observe(document.documentElement, { childList: true, characterData: true, subtree: true });
})();
