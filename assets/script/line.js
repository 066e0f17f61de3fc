// Draws the line over a review and its words from rows, and redraws only the words that changed.
// `reading` of tabs/sentiment/verdict_html.py says what they hold. Texts enter the page as text, never as HTML.
window.ulmfitLine = (element, props, watch) => {
  const make = (tag, name) => Object.assign(document.createElement(tag), { className: name });
  const tip = ([shown, positive, moved, , unknown, name], begin) =>
    `${name ?? shown}: ${positive.toFixed(1)}% positive${begin ? "" : `, moved it by ${moved < 0 ? "" : "+"}${moved.toFixed(1)} points`}` +
    (unknown ? " · not in the vocabulary" : "");

  // A word's point stands over its middle, half-way to its neighbours' at its sides: the line goes on in the next row.
  const places = (rows, i) => {
    const at = (j) => rows[Math.min(Math.max(j, 0), rows.length - 1)][1];
    const heights = { l: (at(i - 1) + at(i)) / 2, m: at(i), r: (at(i) + at(i + 1)) / 2 };
    return Object.entries(heights).map(([side, height]) => `--${side}:${(100 - height).toFixed(1)}%`).join(";");
  };

  // The start of a review is no word: nothing can be picked there.
  const newStep = (begin) => {
    const step = make(begin ? "span" : "button", begin ? "step begin" : "step");
    if (!begin) Object.assign(step, { type: "button", tabIndex: -1 });
    step.append(make("span", "w"));
    return step;
  };

  const fill = (step, row, where, place) => {
    const [shown, , , shade, unknown] = row, word = step.firstChild;
    step.dataset.i = place;
    step.dataset.tip = tip(row, step.matches(".begin"));
    step.style.cssText = where;
    word.className = `w ${shade}${unknown ? " unk" : ""}`;
    word.replaceChildren(shown);
    if (!shade) return;
    const sign = document.createElement("small");
    sign.setAttribute("aria-hidden", "true");
    sign.textContent = shade[0] === "p" ? "+" : "−";
    word.prepend(sign);
  };

  let drawn = []; // of each word on the page, what it was drawn from
  const draw = () => {
    const view = element.querySelector(".line-view");
    view.hidden = !props.value;
    const value = props.value ? JSON.parse(props.value) : { rows: [], first: 0, label: "", note: "", high: false };
    const run = view.querySelector(".along"), note = view.querySelector(".line-note");
    note.textContent = value.note;
    note.hidden = !value.note;
    run.setAttribute("aria-label", value.label);
    run.classList.toggle("high", value.high);
    const now = value.rows.map((row, i) => {
      const place = value.first + i, where = places(value.rows, i);
      return { row, begin: place === 0, where, place, key: JSON.stringify([row, where, place]) };
    });
    while (run.children.length > now.length) run.lastChild.remove();
    const stood = [...run.children], fresh = document.createDocumentFragment();
    now.forEach(({ row, begin, where, place, key }, i) => {
      if (i < stood.length && drawn[i] === key) return;
      const fits = stood[i]?.matches(".begin") === begin, step = fits ? stood[i] : newStep(begin);
      if (i >= stood.length) fresh.append(step);
      else if (!fits) stood[i].replaceWith(step);
      fill(step, row, where, place);
    });
    run.append(fresh);
    drawn = now.map(({ key }) => key);
    const first = run.querySelector("button");
    if (first && !run.querySelector('[tabindex="0"]')) first.tabIndex = 0; // rove.js moves it
  };
  watch("value", draw);
  draw();
};
