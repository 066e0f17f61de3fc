// Inside: a click on the map of all units picks that row's unit; the words of a strip are walked with the
// arrow keys (gradio changes a strip in place, so the word that was picked keeps the focus).
(() => {
  let n = 0;
  document.addEventListener("click", (ev) => {
    const box = ev.target.closest?.(".ins-heat");
    const field = window.ulmfitField.find("inside-unit-pick");
    if (!box || !field) return;
    const units = box.dataset.units.split(",");
    const { top, height } = box.getBoundingClientRect();
    const row = Math.floor(((ev.clientY - top) / height) * units.length);
    const unit = units[Math.max(0, Math.min(row, units.length - 1))];
    window.ulmfitField.fill(field, JSON.stringify({ n: `heat ${++n}`, value: unit }));
  });

  const word = (target) => target.closest?.(".ins-strip > .ins-t");

  document.addEventListener("keydown", (ev) => {
    const here = word(ev.target);
    if (!here || ev.ctrlKey || ev.altKey || ev.metaKey) return;
    const all = [...here.parentElement.children].filter((e) => !e.disabled);
    const at = all.indexOf(here);
    const next = { ArrowRight: all[at + 1], ArrowLeft: all[at - 1], Home: all[0], End: all.at(-1) }[ev.key];
    if (!next) return;
    ev.preventDefault();
    here.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
})();
