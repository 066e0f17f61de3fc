// A run of words is one stop of the Tab key; arrow keys, Home and End move inside it. Every tab's words, drawn
// by whom they may, are made a run here: one word of it is in the tab order, the others are not.
(() => {
  const RUNS = ".toks, .words, .text, .surprise, .ins-row, ol:has(> li[tabindex]), table.ins-listened, table:has(button.te-row)";
  const WORDS = ".tok, button.step, .g, .ins-t, ol > li[tabindex], button.ins-unit, button.te-row";
  const runOf = (el) => el.closest(RUNS) ?? el.parentElement;
  const wordsOf = (run) => {
    const listed = run.querySelector('.tok[tabindex="0"]'); // a long list of tokens says it of its one stop alone
    return [...run.querySelectorAll(WORDS)].filter((el) =>
      el.tabIndex >= 0 || el.hasAttribute("tabindex") || (listed && el.matches(".tok")));
  };

  const settle = (run) => {
    const words = wordsOf(run);
    const stops = words.filter((el) => el.tabIndex === 0);
    if (!words.length || stops.length === 1) return;
    const keep = words.find((el) => el === document.activeElement) ?? stops[0] ?? words[0];
    for (const el of words) if (el !== keep && el.tabIndex !== -1) el.tabIndex = -1;
    keep.tabIndex = 0;
    if (!run.hasAttribute("role") && run.matches("div")) {
      run.setAttribute("role", "group");
      run.setAttribute("aria-label", run.getAttribute("aria-label") ?? "words: arrow keys move from one to the next");
    }
  };

  // --- where the focus was, for a run that the server draws anew ---
  let last = null; // { el, box, run, word }
  const boxOf = (el) => el.closest("[id]:not([role=tabpanel])");
  const runsIn = (box) => [...new Set([...box.querySelectorAll(WORDS)].map(runOf))];
  document.addEventListener("focusin", (ev) => {
    const el = ev.target.closest?.(WORDS), box = el && boxOf(el);
    if (!box) { last = null; return; }
    const run = runOf(el);
    last = { el, box: box.id, run: runsIn(box).indexOf(run), word: wordsOf(run).indexOf(el) };
  });
  const back = () => {
    if (!last || last.el.isConnected || document.activeElement !== document.body) return;
    const box = document.getElementById(last.box);
    const run = box && runsIn(box)[last.run];
    const word = run && wordsOf(run)[last.word];
    if (!word) return;
    wordsOf(run).forEach((el) => { el.tabIndex = el === word ? 0 : -1; });
    word.focus({ preventScroll: true });
  };

  let asked = false;
  const look = () => {
    asked = false;
    new Set([...document.querySelectorAll(WORDS)].filter((el) => !el.matches(".tok")).map(runOf)).forEach(settle);
    back();
  };
  new MutationObserver((changes) => {
    // gradio also redraws by changing elements in place, which takes the tabindex away
    const counts = (c) => (c.type === "attributes" ? c.target.matches(WORDS) : [...c.addedNodes].some((n) => n.nodeType === 1));
    if (asked || !changes.some(counts)) return;
    asked = true;
    requestAnimationFrame(look);
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["tabindex"] });

  // the word of the line above or below that stands nearest
  const line = (words, el, down) => {
    const here = el.getBoundingClientRect(), x = here.left + here.width / 2;
    const far = words.map((w) => [w, w.getBoundingClientRect()])
      .filter(([, r]) => (down ? r.top >= here.bottom - 2 : r.bottom <= here.top + 2));
    if (!far.length) return null;
    const y = down ? Math.min(...far.map(([, r]) => r.top)) : Math.max(...far.map(([, r]) => r.top));
    const near = far.filter(([, r]) => Math.abs(r.top - y) < 4);
    return near.sort((a, b) => Math.abs(a[1].left + a[1].width / 2 - x) - Math.abs(b[1].left + b[1].width / 2 - x))[0][0];
  };
  document.addEventListener("keydown", (ev) => {
    if (ev.ctrlKey || ev.altKey || ev.metaKey) return;
    const el = ev.target.closest?.(WORDS);
    if (!el || !/^(Arrow|Home$|End$)/.test(ev.key)) return;
    const words = wordsOf(runOf(el)), i = words.indexOf(el);
    const next = {
      ArrowRight: () => words[i + 1], ArrowLeft: () => words[i - 1], Home: () => words[0], End: () => words.at(-1),
      ArrowDown: () => line(words, el, true), ArrowUp: () => line(words, el, false),
    }[ev.key]?.();
    if (!next) return;
    ev.preventDefault();
    el.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
})();
