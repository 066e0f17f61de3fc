// What lives in the browser only: lighting the same characters in every column, and the token tip.
// A chip has its source range and tip in `data-s`, `data-e`, `data-tip`; a list of chips that was drawn
// here (columns.js) answers for them with `range(i)` and `describe(i)` instead.
(() => {
  const tip = document.createElement("div");
  tip.className = "tok-tip";
  tip.id = "tok-tip";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  let lit = [];

  const list = (el) => el.closest(".toks"); // null for what only has a tip
  const place = (el) => Array.prototype.indexOf.call(list(el).children, el);
  const ranges = (toks) =>
    toks.range
      ? [...toks.children].map((_, i) => toks.range(i))
      : [...toks.children].map((t) => [Number(t.dataset.s), Number(t.dataset.e)]);

  const light = (el, on) => {
    lit.forEach((t) => t.classList.remove("lit"));
    lit = [];
    const box = el.closest(".aligned");
    if (!on || !box || !list(el)) return;
    const [s, e] = ranges(list(el))[place(el)];
    for (const toks of box.querySelectorAll(".toks")) {
      const children = toks.children;
      ranges(toks).forEach(([ts, te], i) => {
        if ((ts < e && s < te) || (ts === s && te === e)) lit.push(children[i]);
      });
    }
    lit.forEach((t) => t.classList.add("lit"));
  };

  const show = (el) => {
    const toks = list(el);
    const text = toks?.describe ? toks.describe(place(el)) : el.dataset.tip;
    if (!text) return;
    if (!tip.isConnected) document.body.append(tip);
    tip.textContent = text;
    tip.hidden = false;
    const r = el.getBoundingClientRect();
    const left = Math.max(8, Math.min(r.left, innerWidth - tip.offsetWidth - 8));
    const below = r.bottom + 6 + tip.offsetHeight < innerHeight;
    tip.style.left = `${left}px`;
    tip.style.top = `${below ? r.bottom + 6 : r.top - tip.offsetHeight - 6}px`;
  };

  const enter = (ev) => {
    const el = ev.target.closest?.(".tok, [data-tip]");
    if (!el) return;
    if (el.matches(".tok")) light(el, true);
    show(el);
    if (ev.type === "focusin") el.setAttribute("aria-describedby", tip.id);
  };
  const leave = (ev) => {
    const el = ev.target.closest?.(".tok, [data-tip]");
    if (!el) return;
    if (el.matches(".tok")) light(el, false);
    tip.hidden = true;
  };
  document.addEventListener("mouseover", enter);
  document.addEventListener("mouseout", leave);
  document.addEventListener("focusin", enter);
  document.addEventListener("focusout", leave);

  document.addEventListener("keydown", (ev) => { if (ev.key === "Escape") tip.hidden = true; });
})();
