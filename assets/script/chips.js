// What lives in the browser only: lighting the same characters in every column, the token tip, arrow keys.
(() => {
  const tip = document.createElement("div");
  tip.className = "tok-tip";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;

  const spanOf = (el) => [Number(el.dataset.s), Number(el.dataset.e)];

  const light = (el, on) => {
    const box = el.closest(".aligned");
    if (!box) return;
    box.querySelectorAll(".tok.lit").forEach((t) => t.classList.remove("lit"));
    if (!on) return;
    const [s, e] = spanOf(el);
    box.querySelectorAll(".tok").forEach((t) => {
      const [ts, te] = spanOf(t);
      const overlap = ts < e && s < te;
      const same = ts === s && te === e;
      if (overlap || same) t.classList.add("lit");
    });
  };

  const show = (el) => {
    if (!el.dataset.tip) return;
    if (!tip.isConnected) document.body.append(tip);
    tip.textContent = el.dataset.tip;
    tip.hidden = false;
    const r = el.getBoundingClientRect();
    const left = Math.max(8, Math.min(r.left, innerWidth - tip.offsetWidth - 8));
    const below = r.bottom + 6 + tip.offsetHeight < innerHeight;
    tip.style.left = `${left}px`;
    tip.style.top = `${below ? r.bottom + 6 : r.top - tip.offsetHeight - 6}px`;
  };

  const enter = (ev) => {
    const el = ev.target.closest?.(".tok");
    if (el) { light(el, true); show(el); }
  };
  const leave = (ev) => {
    const el = ev.target.closest?.(".tok");
    if (el) { light(el, false); tip.hidden = true; }
  };
  document.addEventListener("mouseover", enter);
  document.addEventListener("mouseout", leave);
  document.addEventListener("focusin", enter);
  document.addEventListener("focusout", leave);

  // one chip of a list is in the tab order; arrows move inside the list
  document.addEventListener("keydown", (ev) => {
    const el = ev.target.closest?.(".tok");
    if (!el) return;
    if (ev.key === "Escape") { tip.hidden = true; return; }
    const step = { ArrowRight: 1, ArrowLeft: -1 }[ev.key];
    if (!step) return;
    const all = [...el.closest(".toks").querySelectorAll(".tok")];
    const next = all[all.indexOf(el) + step];
    if (!next) return;
    ev.preventDefault();
    el.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
})();
