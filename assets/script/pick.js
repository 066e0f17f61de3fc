// A button with data-pick writes its data-value into a hidden field of that id: the server answers it.
// In a run of buttons the run says it once, in data-picks, and a button's value is its place, data-i.
(() => {
  // hidden field → the result that a click on one of its buttons asks for: it comes into view
  const ASKED = { "sentiment-pick": "sentiment-what-if", "generation-pick": "generation-next" };
  let n = 0;
  // The button that was clicked, the id of its field, and its value; null where it is none of these.
  const of = (target) => {
    const button = target.closest?.("[data-pick], [data-picks] > button");
    if (!button) return null;
    const { pick, value, i } = button.dataset;
    return { button, id: pick ?? button.parentElement.dataset.picks, value: value ?? i };
  };
  window.ulmfitPick = { of };
  document.addEventListener("click", (ev) => {
    const picked = of(ev.target);
    const field = picked && window.ulmfitField.find(picked.id);
    if (!field) return;
    // the number makes the same choice twice a change
    window.ulmfitField.fill(field, JSON.stringify({ n: ++n, value: picked.value }));
    const result = document.getElementById(ASKED[picked.id]);
    if (!result) return;
    const seen = new MutationObserver(() => {
      seen.disconnect();
      result.scrollIntoView({ block: "nearest" });
    });
    seen.observe(result, { childList: true, subtree: true, characterData: true });
    setTimeout(() => seen.disconnect(), 5000);
  });

  // hovering the line marks its word, hovering a word marks its column
  const mark = (el, on) => {
    const i = el?.dataset?.i;
    const box = el?.closest?.(".linked");
    if (i === undefined || !box) return;
    box.querySelectorAll(`[data-i="${i}"]`).forEach((e) => e.classList.toggle("here", on));
  };
  const over = (on) => (ev) => mark(ev.target.closest?.("[data-i]"), on);
  document.addEventListener("mouseover", over(true));
  document.addEventListener("mouseout", over(false));
  document.addEventListener("focusin", over(true));
  document.addEventListener("focusout", over(false));
})();
