// Copy and save what stands on the page: tables as CSV, texts as text, tokens as JSON. A button names its
// kind in `data-save` or `data-copy` (csv, text, json) and in `data-of` where the result stands. What a
// script drew from arrays gives its JSON itself: `element.result()`.
(() => {
  const cell = (value) => (/[",\n]/.test(value) ? `"${String(value).replace(/"/g, '""')}"` : value);
  const csv = (rows) => rows.map((row) => row.map(cell).join(",")).join("\n");
  const shown = (el) => el.checkVisibility?.() ?? true;
  // biome-ignore lint/performance/useDomNodeTextContent: what is hidden stays out
  const words = (el) => el.innerText.replace(/[\u00a0\u2002]/g, " ").trim();
  const rows = (table) =>
    [...table.rows].filter(shown).map((row) => csv([[...row.cells].map((c) => c.dataset.value ?? words(c))]));

  const tables = (place) =>
    [...place.querySelectorAll("table")].filter(shown)
      .map((table) => [table.caption ? cell(words(table.caption)) : "", ...rows(table)].filter(Boolean).join("\n"))
      .join("\n\n");
  // The line over a review: every word's tip, such as "good: 93.1% positive, moved it by +2.0 points".
  const along = (place) => [...place.querySelectorAll(".along [data-tip]")].map((column) => {
    const [, word, positive, moved] = /^([\s\S]*): ([\d.]+)% positive(?:, moved it by ([-+\d.]+) points)?(?: · not in the vocabulary)?$/.exec(column.dataset.tip);
    return { word, percent_positive: Number(positive), moved_points: moved === undefined ? null : Number(moved) };
  });
  const make = {
    csv: (place) => (along(place).length
      ? csv([["word", "percent positive", "moved by points"], ...along(place).map(Object.values)])
      : tables(place)),
    text: (place) => {
      const texts = [...place.querySelectorAll("article.text")]; // without its title
      const whole = (article) => [...article.childNodes].filter((n) => n.nodeName !== "H4").map((n) => n.textContent).join("");
      return texts.length ? texts.map((t) => whole(t).trim()).join("\n\n") : words(place);
    },
    json: (place) => {
      const from = [place, ...place.querySelectorAll("*")].find((e) => e.result);
      const found = from ? from.result() : along(place).length ? along(place) : null;
      return found ? JSON.stringify(found, null, 1) : "";
    },
  };
  const kinds = { csv: ["csv", "text/csv"], text: ["txt", "text/plain"], json: ["json", "application/json"] };

  // What is heard: a button keeps its name while its words change. There from the start, or nobody hears it.
  const heard = document.createElement("div");
  heard.setAttribute("role", "status");
  heard.className = "u-heard";
  document.addEventListener("DOMContentLoaded", () => document.body.append(heard));
  const say = (button, text) => {
    button.dataset.said ??= button.textContent;
    const said = button.dataset.said;
    button.textContent = text;
    heard.textContent = text;
    setTimeout(() => { button.textContent = said; heard.textContent = ""; }, 1500);
  };
  const save = (name, content, mime) => {
    const link = document.createElement("a");
    link.href = content instanceof Blob ? URL.createObjectURL(content)
      : /^data:/.test(content) ? content : URL.createObjectURL(new Blob([content], { type: `${mime};charset=utf-8` }));
    link.download = name;
    link.click();
    if (link.href.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  const copy = async (button, text) => {
    try {
      await navigator.clipboard.writeText(text);
      say(button, "Copied");
      return true;
    } catch { // a frame without the right to the clipboard
      const area = document.createElement("textarea");
      area.value = text;
      area.className = "u-hidden-field";
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      button.focus();
      say(button, done ? "Copied" : "Not allowed here");
      return done;
    }
  };
  window.ulmfitSave = { save, copy, say, csv };

  document.addEventListener("click", (ev) => {
    const button = ev.target.closest?.("[data-save], [data-copy]");
    if (!button) return;
    const kind = button.dataset.save ?? button.dataset.copy;
    const place = document.querySelector(button.dataset.of);
    const content = place && make[kind] ? make[kind](place) : "";
    if (!content) { say(button, "Nothing there yet"); return; }
    if (button.dataset.copy) { copy(button, content); return; }
    const [ending, mime] = kinds[kind];
    save(`${button.dataset.of.replace(/^#/, "").split(" ")[0]}.${ending}`, content, mime);
    say(button, "Saved");
  });
})();
