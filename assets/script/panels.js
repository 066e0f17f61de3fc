// Panels (gradio's accordions) say whether they are open, and have a name by which a link opens them.
(() => {
  const say = (button) => {
    const open = String(button.classList.contains("open"));
    if (button.getAttribute("aria-expanded") !== open) button.setAttribute("aria-expanded", open);
  };
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "attributes") { if (change.target.matches("button.label-wrap")) say(change.target); continue; }
      for (const el of change.addedNodes)
        if (el.nodeType === 1) {
          if (el.matches("button.label-wrap")) say(el);
          else el.querySelectorAll("button.label-wrap").forEach(say);
          // gradio names an empty field without saying what it is
          el.parentElement?.querySelectorAll(".empty[aria-label]:not([role])").forEach((e) => e.setAttribute("role", "img"));
        }
    }
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["class"] });

  const nameOf = (button) =>
    button.textContent.replace(/[▼:(].*$/s, "").trim().toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 40).replace(/^-|-$/g, "");
  const all = (panel) => [...panel.querySelectorAll("button.label-wrap")].filter((b) => b.checkVisibility());
  // Names of the open panels of a tab; `open` opens those and gives back the names that it did not find.
  window.ulmfitPanels = {
    opened: (panel) => all(panel).filter((b) => b.classList.contains("open")).map(nameOf),
    open: (panel, names) => names.filter((name) => {
      const button = all(panel).find((b) => nameOf(b) === name);
      if (button && !button.classList.contains("open")) button.click();
      return !button;
    }),
  };
})();
