// A link to this view, the lines that put it into a page, and the way to a projector. Says what a link does
// not hold.
(() => {
  const address = (change) => {
    const url = new URL(location.href);
    for (const name of ["present", "embed", "__theme"]) url.searchParams.delete(name);
    for (const [name, value] of Object.entries(change)) url.searchParams.set(name, value);
    return url;
  };
  const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const frame = (embed, name) => {
    const url = address({ embed });
    if (embed.includes(".")) url.searchParams.delete("view");
    url.searchParams.delete("tab");
    url.searchParams.delete("lesson");
    return `<iframe src="${escaped(url.href)}" title="${escaped(`ULMFiT, step by step: ${name}`)}" width="1100" height="600" style="border: 0"></iframe>`;
  };
  const here = () => {
    const query = new URLSearchParams(location.search);
    const tab = query.get("tab") ?? "tokenizers", view = query.get("view");
    return /^[\w-]+$/.test(view ?? "") ? `${tab}.${view}` : tab;
  };
  const say = (button, sentence) => {
    const out = button.closest(".u-share")?.querySelector("[role=status]");
    if (out) out.textContent = sentence;
  };
  const without = () => {
    const found = window.ulmfitLink.leftOut();
    return found.length ? ` Left out: ${found.join("; ")}.` : "";
  };
  window.ulmfitShare = { frame: (id, name) => { window.ulmfitLink.leftOut(); return frame(`${here()}:${id}`, name); } };

  document.addEventListener("click", (ev) => {
    const button = ev.target.closest?.("[data-share]");
    if (!button) return;
    const kind = button.dataset.share, missing = without();
    if (kind === "present" || kind === "page") {
      location.assign(address(kind === "present" ? { present: "1" } : {}));
      return;
    }
    const copied = window.ulmfitSave.copy(button, kind === "link" ? address({}).href : frame(here(), here()));
    copied.then((done) => say(button, done ? `${kind === "link" ? "The link holds the texts, the settings, the open panels and the clicked word." : "The lines hold this view at 1100 × 600."}${missing}` : ""));
  });
})();
