// A click on a button with data-pick, in an HTML result, is that result's `select` event, and the button's
// data-value is the event's data: the server answers it (`tabs/shared/picks.py`).
// In a run of buttons the run says its name once, in data-picks, and a button's value is its place, data-i.
(() => {
  // name → the result that a click on one of its buttons asks for: it comes into view
  const ASKED = { "sentiment-pick": "sentiment-what-if", "generation-pick": "generation-next" };
  // name → what was clicked last. One object a name, and always the same: an event that waits for its own
  // answer is sent with the data of the click before it (`always_last`), which says by then what is meant.
  const clicked = {};
  let n = 0;
  // The button that was clicked, its name, and its value; null where it is none of these.
  const of = (target) => {
    const button = target.closest?.("[data-pick], [data-picks] > button");
    if (!button) return null;
    const { pick, value, i } = button.dataset;
    return { button, id: pick ?? button.parentElement.dataset.picks, value: value ?? i };
  };
  const comeIntoView = (result) => {
    if (!result) return;
    const seen = new MutationObserver(() => {
      seen.disconnect();
      result.scrollIntoView({ block: "nearest" });
    });
    seen.observe(result, { childList: true, subtree: true, characterData: true });
    setTimeout(() => seen.disconnect(), 5000);
  };
  // `js_on_load` of such a result. `at`: what a click asks for, as `of` says it, where that is no button.
  const listen = (element, trigger, at = (ev) => of(ev.target)) => {
    element.addEventListener("click", (ev) => {
      const picked = at(ev);
      if (!picked) return;
      clicked[picked.id] ??= {};
      trigger("select", Object.assign(clicked[picked.id], { n: ++n, value: picked.value }));
      comeIntoView(document.getElementById(ASKED[picked.id]));
    });
  };
  // for a field that keeps it; the number makes the same choice twice a change
  const last = (id) => JSON.stringify(clicked[id]);
  window.ulmfitPick = { of, listen, last };

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
