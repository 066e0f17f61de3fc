// "Check yourself": the answer appears once a guess is made. Decides nothing: the right option is marked.
(() => {
  const reveal = (box, verdict) => {
    const answer = box.querySelector(".answer");
    answer.querySelector(".verdict").textContent = verdict;
    answer.hidden = false;
  };
  document.addEventListener("change", (ev) => {
    const box = ev.target.matches?.("fieldset.guess input") && ev.target.closest("fieldset.guess");
    if (!box) return;
    const right = box.querySelector('input[data-right="1"]')?.closest("label").textContent.trim();
    reveal(box, ev.target.dataset.right === "1" ? "Right." : `Not so. Right is: ${right}.`);
  });
  document.addEventListener("click", (ev) => {
    const box = ev.target.matches?.("fieldset.guess .show") && ev.target.closest("fieldset.guess");
    if (box) reveal(box, "");
  });
})();
