// A step of a lesson opens the panel that it names, brings it into view, and presses where it says so.
(() => {
  const PATIENCE = 5000; // milliseconds until what a step names stands on the page
  const shown = {}; // tab → the step that was answered last
  const until = (found, then, end = Date.now() + PATIENCE) => {
    const there = found();
    if (there) then(there);
    else if (Date.now() < end) setTimeout(() => until(found, then, end), 100);
  };
  const byId = (id) => () => { const e = document.getElementById(id); return e?.checkVisibility() ? e : null; };
  const into = (place) => place.scrollIntoView({ block: "nearest" });
  const arrived = (tab) => {
    const step = document.querySelector(`#${tab}-lesson .lesson-step`);
    if (!step || shown[tab] === step.textContent) return;
    shown[tab] = step.textContent;
    const { open, show } = step.dataset;
    if (open) until(byId(open), (panel) => {
      const label = panel.querySelector("button.label-wrap");
      if (label && !label.classList.contains("open")) label.click();
      setTimeout(() => into(panel), 300); // it has its height
    });
    if (show) until(byId(show), (place) => setTimeout(() => into(place), 300));
  };
  document.addEventListener("click", (ev) => {
    const button = ev.target.closest?.("[data-press]");
    if (button) until(byId(button.dataset.press), (wanted) => wanted.click());
  });
  window.ulmfitLesson = { arrived };
})();
