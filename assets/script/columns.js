// Draws the columns of the Tokenizers tab from arrays, and redraws only the tokens that changed.
// `tabs/tokenizers/columns_html.py` says what the arrays hold. Texts enter the page as text, never as HTML.
window.ulmfitColumns = (element, props, watch) => {
  const words = JSON.parse(props.words);
  const make = (tag, name, text) => {
    const el = document.createElement(tag);
    if (name) el.className = name;
    if (text !== undefined) el.textContent = text;
    return el;
  };
  const odd = /[\p{C}\p{Z}]/gu;
  const sign = (c) => words.visible[c] ?? (c === " " ? "␣" : `⟨${c.codePointAt(0).toString(16)}⟩`);
  // What has no shape of its own; `_has_shape` of tabs/shared/html.py.
  const shaped = /[^\p{C}\p{Z}\p{DI}\p{Mn}\p{Me}]/u;
  const alone = (text) => text.replace(/\p{DI}/gu, sign).replace(/[\p{Mn}\p{Me}]/gu, "◌$&");
  const visible = (text) => {
    const shown = text.replace(odd, sign);
    return (shaped.test(text) ? shown : alone(shown)) || "∅";
  };

  const chip = (column, i, asIds) => {
    const id = column.ids?.[i];
    const el = make("span", `tok tok-${words.kinds[column.kinds[i]][0]}${column.changed[i] === undefined ? "" : " changed"}`);
    el.textContent = asIds && id != null ? id : visible(column.texts[i]);
    return el;
  };

  // What hovering or focusing a token says, made when it is asked for.
  const describe = (column, i) => {
    const text = column.texts[i], id = column.ids?.[i], rule = column.rules[i], of = column.of[i];
    const special = words.specials[text];
    const lines = [`${visible(text)}${id == null ? "" : ` · id ${id}`} · ${words.kinds[column.kinds[i]][1]}`];
    if (special) lines.push(`${text}: ${special}`);
    if (column.changed[i] !== undefined) lines.push(`came from “${visible(column.changed[i])}”`);
    if (of) lines.push(`announces “${visible(of[2])}”, characters ${of[0]}–${of[1]}`);
    if (rule) lines.push(`rule ${rule}: ${words.rules[rule]}`);
    const [start, end] = [column.starts[i], column.ends[i]];
    if (!of) lines.push(end > start ? `characters ${start}–${end}` : "no characters of its own");
    return lines.join("\n");
  };

  // The parts in which a text came back, as [kept, lost, new]: words compared, ends cut off first.
  const parts = (before, after) => {
    const split = (text) => text.match(/\s|[^\s\p{P}\p{S}]+|[\p{P}\p{S}]/gu) ?? [];
    const a = split(before), b = split(after), found = [];
    const add = (kind, piece) => {
      if (found.at(-1)?.[0] === kind) found.at(-1)[1] += piece;
      else found.push([kind, piece]);
    };
    let left = 0, right = 0;
    while (left < a.length && left < b.length && a[left] === b[left]) left++;
    while (right < a.length - left && right < b.length - left && a.at(-1 - right) === b.at(-1 - right)) right++;
    const x = a.slice(left, a.length - right), y = b.slice(left, b.length - right);
    if (left) add("kept", a.slice(0, left).join(""));
    if (x.length * y.length > 4_000_000) {
      add("lost", x.join("")); add("new", y.join(""));
    } else {
      const w = y.length + 1, table = new Uint16Array((x.length + 1) * w);
      for (let i = x.length - 1; i >= 0; i--)
        for (let j = y.length - 1; j >= 0; j--)
          table[i * w + j] = x[i] === y[j] ? table[(i + 1) * w + j + 1] + 1
            : Math.max(table[(i + 1) * w + j], table[i * w + j + 1]);
      let i = 0, j = 0;
      while (i < x.length || j < y.length) {
        if (i < x.length && j < y.length && x[i] === y[j]) { add("kept", x[i]); i++; j++; }
        else if (i < x.length && (j === y.length || table[(i + 1) * w + j] >= table[i * w + j + 1])) add("lost", x[i++]);
        else add("new", y[j++]);
      }
    }
    if (right) add("kept", a.slice(a.length - right).join(""));
    return found;
  };

  const drawTrip = (view) => {
    view.trip.hidden = view.column.exact;
    view.summary.textContent = "what came back";
    if (view.column.exact || !view.trip.open) { view.back.replaceChildren(); return; }
    const tags = { kept: "span", lost: "del", new: "ins" };
    view.back.replaceChildren(...parts(state.source, view.column.decoded).map(([kind, text]) =>
      make(tags[kind], "", kind === "kept" ? text : visible(text))));
  };

  const newColumn = () => {
    const view = { column: null, box: make("section", "col"), title: make("h3"), toks: make("div", "toks"),
      figures: make("div", "figures"), trip: make("details", "trip"), summary: make("summary"), back: make("div", "flow") };
    const body = make("div", "body");
    view.trip.append(view.summary, view.back);
    view.back.tabIndex = 0; // it scrolls
    view.trip.addEventListener("toggle", () => drawTrip(view));
    view.toks.describe = (i) => describe(view.column, i);
    view.toks.range = (i) => view.column.of[i] ?? [view.column.starts[i], view.column.ends[i]];
    body.append(view.toks);
    view.box.append(view.title, body, view.figures, view.trip);
    return view;
  };

  const same = (a, i, b, j) =>
    a.texts[i] === b.texts[j] && a.kinds[i] === b.kinds[j] && a.ids?.[i] === b.ids?.[j] &&
    (a.changed[i] === undefined) === (b.changed[j] === undefined);

  const drawColumn = (view, column, asIds) => {
    const old = view.column, toks = view.toks;
    const oldLength = old && view.asIds === asIds ? old.texts.length : 0;
    if (old && !oldLength) toks.replaceChildren();
    let left = 0, right = 0;
    const shorter = Math.min(oldLength, column.texts.length);
    while (left < shorter && same(old, left, column, left)) left++;
    while (right < shorter - left && same(old, oldLength - 1 - right, column, column.texts.length - 1 - right)) right++;
    const stop = toks.children[oldLength - right] ?? null;
    for (let n = oldLength - right - left; n > 0; n--) toks.children[left].remove();
    const fresh = document.createDocumentFragment();
    for (let i = left; i < column.texts.length - right; i++) fresh.append(chip(column, i, asIds));
    toks.insertBefore(fresh, stop);
    view.column = column;
    view.asIds = asIds;
    view.title.textContent = column.name;
    toks.setAttribute("aria-label", `tokens: ${column.name}`);
    // One token of a list is in the tab order; `chips.js` moves it with the arrow keys.
    if (toks.firstChild && !toks.querySelector('[tabindex="0"]')) toks.firstChild.tabIndex = 0;
    view.figures.replaceChildren(
      ...[...column.figures, [column.exact ? "exact" : "changed", "round trip"]].map(([number, what]) => {
        const el = make("span");
        el.append(make("b", "", number), ` ${what}`);
        return el;
      }));
    drawTrip(view);
  };

  const state = { views: [], source: "", legend: "" };
  const grid = make("div", "aligned"), legend = make("div", "legend");
  legend.setAttribute("role", "group");
  legend.setAttribute("aria-label", "colours");

  const drawLegend = (value) => {
    const kinds = Object.keys(words.kinds).filter((k) => value.columns.some((c) => c.kinds.includes(k))).join("");
    const changed = value.columns.some((c) => Object.keys(c.changed).length);
    if (`${kinds}${changed}` === state.legend) return;
    state.legend = `${kinds}${changed}`;
    const entry = (name, says, example) => {
      const el = make("span");
      el.append(make("span", `tok ${name}`, example), ` ${says}`);
      return el;
    };
    legend.replaceChildren(...[...kinds].map((k) => entry(`tok-${words.kinds[k][0]}`, ...words.kinds[k].slice(1))));
    if (changed) legend.append(entry("tok-word changed", "not spelled so in the text: hover it", "loved"));
  };

  const draw = () => {
    const sent = props.value, stage = element.querySelector(".stage");
    if (!sent || !stage) return;
    if (sent[0] !== "{") { stage.innerHTML = sent; return; } // a notice, escaped by the server
    const value = JSON.parse(sent);
    state.source = value.source;
    while (state.views.length > value.columns.length) state.views.pop().box.remove();
    while (state.views.length < value.columns.length) {
      state.views.push(newColumn());
      grid.append(state.views.at(-1).box);
    }
    value.columns.forEach((column, i) => drawColumn(state.views[i], column, value.show_ids));
    drawLegend(value);
    if (grid.parentNode !== stage) stage.replaceChildren(grid, legend);
    grid.style.setProperty("--columns", value.columns.length);
    grid.dataset.length = value.length;
  };
  // What `save.js` copies and saves: the tokens of every column, with their places in the text.
  const kindOf = (column, i) => words.kinds[column.kinds[i]][0];
  element.result = () => (grid.isConnected && state.views.length ? {
    text: state.source,
    tokenizers: state.views.map(({ column }) => ({
      name: column.name,
      tokens: column.texts.map((text, i) => ({
        text, start: column.starts[i], end: column.ends[i], kind: kindOf(column, i), id: column.ids?.[i] ?? null,
      })),
      decoded: column.exact ? state.source : column.decoded,
    })),
  } : null);
  watch("value", draw);
  draw();
};
