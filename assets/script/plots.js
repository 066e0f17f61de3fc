// A figure's lines are clipped by an element that plotly names by the page's whole address, because gradio's
// page has a <base>. When link.js writes a new address that name leads nowhere and the lines vanish: name it
// by its place in this page instead.
(() => {
  const local = (el) => {
    const found = /^url\(['"]?[^#'"]+(#[^'")]+)['"]?\)$/.exec(el.getAttribute("clip-path") || "");
    if (found) el.setAttribute("clip-path", `url(${found[1]})`);
  };
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "attributes") local(change.target);
      for (const el of change.addedNodes)
        if (el.nodeType === 1 && el.closest(".js-plotly-plot")) {
          local(el);
          el.querySelectorAll("[clip-path]").forEach(local);
        }
    }
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["clip-path"] });
})();
