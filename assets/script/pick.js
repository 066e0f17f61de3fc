// A button with data-pick writes its data-value into a hidden field of that id: the server answers it.
// In a run of buttons the run says it once, in data-picks, and a button's value is its place, data-i.
(() => {
  // hidden field → the result that a click on one of its buttons asks for: it comes into view
  const ASKED = { "sentiment-pick": "sentiment-what-if", "generation-pick": "generation-next" };
  let n = 0;
  document.addEventListener("click", (ev) => {
    const button = ev.target.closest?.("[data-pick], [data-picks] > button");
    if (!button) return;
    const id = button.dataset.pick ?? button.parentElement.dataset.picks;
    const field = document.querySelector(`#${id} textarea, #${id} input`);
    if (!field) return;
    // the number makes the same choice twice a change
    const value = JSON.stringify({ n: ++n, value: button.dataset.value ?? button.dataset.i });
    const proto = field.tagName === "TEXTAREA" ? HTMLTextAreaElement : HTMLInputElement;
    Object.getOwnPropertyDescriptor(proto.prototype, "value").set.call(field, value);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    const result = document.getElementById(ASKED[id]);
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
