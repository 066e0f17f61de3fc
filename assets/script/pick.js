// A button with data-pick writes its data-value into a hidden field of that id: the server answers it.
(() => {
  let n = 0;
  document.addEventListener("click", (ev) => {
    const button = ev.target.closest?.("[data-pick]");
    if (!button) return;
    const field = document.querySelector(`#${button.dataset.pick} textarea, #${button.dataset.pick} input`);
    if (!field) return;
    // the number makes the same choice twice a change
    const value = JSON.stringify({ n: ++n, value: button.dataset.value });
    const proto = field.tagName === "TEXTAREA" ? HTMLTextAreaElement : HTMLInputElement;
    Object.getOwnPropertyDescriptor(proto.prototype, "value").set.call(field, value);
    field.dispatchEvent(new Event("input", { bubbles: true }));
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
