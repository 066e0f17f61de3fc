// Inside: a click on the map of all units picks that row's unit; the words of a strip are walked with the
// arrow keys (gradio changes a strip in place, so the word that was picked keeps the focus).
(() => {
  // the unit of the clicked row, in the form in which `pick.js` says what was clicked
  const unit = (ev) => {
    const box = ev.target.closest?.(".ins-heat");
    if (!box) return null;
    const units = box.dataset.units.split(",");
    const { top, height } = box.getBoundingClientRect();
    const row = Math.floor(((ev.clientY - top) / height) * units.length);
    return { id: "inside-unit-pick", value: units[Math.max(0, Math.min(row, units.length - 1))] };
  };
  window.ulmfitInside = { unit };

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
