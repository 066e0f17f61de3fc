// Stepping through mini-batches in the page: buttons, slider, play and pause; x ↔ y ↔ stream marks.
// The cut comes from the server (`data-batches`); nothing here decides which token a cell shows.
(() => {
  const SPEED = 1200; // ms a mini-batch
  const LOST = 30_000; // ms after which the number is no longer waited for
  const parsed = new WeakMap(); // view → { raw, data }; gradio keeps the element and changes its attributes
  let playing = null; // { stepper, timer }

  const viewOf = (stepper) => document.querySelector(stepper.dataset.view);
  const numberOf = (stepper) => document.querySelector(`${stepper.dataset.number} input`);
  const dataOf = (view) => {
    const raw = view.dataset.batches;
    if (!raw) return null;
    if (parsed.get(view)?.raw !== raw) {
      const data = JSON.parse(raw);
      data.first = new Map();
      data.documents.forEach((d, p) => { if (p === 0 || data.documents[p - 1] !== d) data.first.set(p, d); });
      parsed.set(view, { raw, data });
    }
    return parsed.get(view).data;
  };

  // --- drawing mini-batch k (from 1) of a language model's stream ---
  const textAt = (data, p) => (p < data.texts.length ? data.texts[p] : "—");
  const cell = (data, p) => {
    const td = document.createElement("td");
    td.dataset.p = p;
    td.textContent = textAt(data, p);
    if (p >= data.texts.length) { td.className = "none"; return td; }
    td.className = `k-${data.kinds[p]} doc-${data.documents[p] % 8}`;
    if (data.first.has(p)) td.dataset.d = data.first.get(p) + 1;
    return td;
  };
  const head = (r) => {
    const th = document.createElement("th");
    th.scope = "row";
    th.textContent = r + 1;
    return th;
  };
  const carried = (data, start, read) => {
    const td = document.createElement("td");
    td.className = "carried";
    const last = [];
    for (let p = Math.max(start, start + read - 2); p < start + read; p++) last.push(textAt(data, p));
    td.textContent = read ? `after ${read.toLocaleString("en")}: … ${last.join(" ")}` : "zeros";
    return td;
  };
  const draw = (view, k) => {
    const data = dataOf(view);
    const [offset, width] = data.columns[k - 1];
    const xs = [], ys = [];
    for (let r = 0; r < data.drawn; r++) {
      const start = data.starts[r];
      const x = document.createElement("tr"), y = document.createElement("tr");
      x.append(head(r), carried(data, start, offset));
      y.append(head(r));
      for (let c = 0; c < width; c++) {
        const td = cell(data, start + offset + c);
        td.tabIndex = r === 0 && c === 0 ? 0 : -1;
        x.append(td);
        y.append(cell(data, start + offset + c + 1));
      }
      xs.push(x);
      ys.push(y);
    }
    view.querySelector("table.x").setAttribute("aria-label", `x, mini-batch ${k} of ${view.dataset.n}`);
    view.querySelector("table.x tbody").replaceChildren(...xs);
    view.querySelector("table.y tbody").replaceChildren(...ys);
    const of = (v) => `${(100 * v) / data.row_length}%`;
    view.querySelectorAll(".lane").forEach((lane) => {
      lane.querySelector(".past").style.width = of(offset);
      const now = lane.querySelector(".now").style;
      now.left = of(offset);
      now.width = of(width);
    });
    view.querySelectorAll("table.all tr").forEach((tr) => {
      tr.querySelectorAll("td").forEach((td, c) => {
        td.classList.toggle("past", c < offset);
        td.classList.toggle("now", c >= offset && c < offset + width);
      });
    });
    view.dataset.k = k;
    follow(view);
    clear(view);
  };

  // Scrolls the table of all rows sideways (never the page) so that this mini-batch is in sight.
  const follow = (view) => {
    const box = view.querySelector("table.all")?.parentElement;
    const first = box?.querySelector("td.now");
    if (!first) return;
    const from = first.getBoundingClientRect().left - box.getBoundingClientRect().left + box.scrollLeft;
    box.scrollLeft = Math.max(0, from - 40);
  };

  // --- the stepper ---
  const sentence = (view, k) => {
    const data = dataOf(view);
    const size = `torch.Size([${data.starts.length}, ${data.columns[k - 1][1]}])`;
    return `Mini-batch ${k} of ${view.dataset.n} · x and y: ${size}`;
  };
  const say = (stepper, text) => {
    const output = stepper.querySelector("output");
    if (output.textContent !== text) output.textContent = text;
  };
  const setNumber = (stepper, k) => {
    const input = numberOf(stepper);
    if (!input || Number(input.value) === k) return;
    window.ulmfitField.fill(input, k);
  };
  // The number is what a visitor chose last; what the server draws may have been asked for before.
  const current = (stepper) =>
    Math.min(Number(numberOf(stepper)?.value) || 1, Number(viewOf(stepper).dataset.n));
  // Only what a visitor chose is written to the number: a view that is drawn late may have fewer
  // mini-batches than the one that a link's number is meant for.
  const go = (stepper, k, chosen = true) => {
    const view = viewOf(stepper);
    if (!view) return;
    const n = Number(view.dataset.n);
    k = Math.max(1, Math.min(n, k));
    if (dataOf(view)) {
      if (k !== Number(view.dataset.k)) draw(view, k);
      say(stepper, sentence(view, k));
    }
    if (chosen) setNumber(stepper, k);
    const range = stepper.querySelector("input[type=range]");
    range.max = n;
    range.value = k;
    range.setAttribute("aria-valuetext", `mini-batch ${k} of ${n}`);
  };
  const pause = () => {
    if (!playing) return;
    clearInterval(playing.timer);
    const button = playing.stepper.querySelector(".step-play");
    button.textContent = "▶ play";
    button.setAttribute("aria-pressed", "false");
    playing = null;
  };
  const play = (stepper) => {
    const button = stepper.querySelector(".step-play");
    if (current(stepper) >= Number(viewOf(stepper).dataset.n)) go(stepper, 1);
    const timer = setInterval(() => {
      const view = viewOf(stepper);
      if (!view?.offsetParent) return pause(); // a notice stands there, or another tab is open
      const k = current(stepper);
      go(stepper, k + 1);
      if (k + 1 >= Number(view.dataset.n)) pause();
    }, SPEED);
    playing = { stepper, timer };
    button.textContent = "⏸ pause";
    button.setAttribute("aria-pressed", "true");
  };
  // After the server drew: slider, sentence and drawn mini-batch follow the number.
  const follows = (stepper) => {
    const view = viewOf(stepper);
    stepper.classList.toggle("off", !view);
    if (!view) return;
    if (!dataOf(view)) say(stepper, view.dataset.where);
    go(stepper, current(stepper), false);
  };
  const followAll = () => document.querySelectorAll(".stepper").forEach(follows);
  // `js_on_load` of a drawn batch and of a stepper: gradio may put a new element in the place of one that it
  // has built before, and gradio's `change` event may come before the page holds what has changed.
  const watch = (element) => {
    new MutationObserver(followAll).observe(element, {
      childList: true, subtree: true, attributes: true, attributeFilter: ["data-k", "data-n", "data-batches", "data-where"],
    });
    followAll();
  };
  // gradio tells of a number before its field holds it, on a busy machine seconds before.
  const looking = {}; // field → the timer that waits for its number
  const told = (field, k) => {
    const until = performance.now() + LOST;
    const look = () => {
      followAll();
      const holds = k === null || Number(document.querySelector(`${field} input`)?.value) === k;
      if (!holds && performance.now() < until) looking[field] = setTimeout(look, 50);
    };
    clearTimeout(looking[field]);
    look();
  };
  // A new question takes the place of the old one, and the browser would keep the guess.
  const forget = () => document.querySelectorAll(".q16 input").forEach((input) => { input.checked = false; });
  window.stepBatches = { watch, told, forget };

  document.addEventListener("click", (ev) => {
    const button = ev.target.closest?.(".stepper button");
    if (!button) return;
    const stepper = button.closest(".stepper");
    if (!viewOf(stepper)) return;
    const what = button.dataset.step;
    const was = playing;
    pause();
    if (what === "play") { if (!was) play(stepper); }
    else go(stepper, current(stepper) + (what === "next" ? 1 : -1));
  });
  document.addEventListener("input", (ev) => {
    const range = ev.target.closest?.(".stepper input[type=range]");
    if (!range) return;
    pause();
    go(range.closest(".stepper"), Number(range.value));
  });

  // --- x ↔ y ↔ stream ---
  const lit = (view) => view.querySelectorAll(".lit-x, .lit-y");
  function clear(view) {
    lit(view).forEach((td) => td.classList.remove("lit-x", "lit-y"));
    view.querySelectorAll(".mark").forEach((m) => { m.hidden = true; });
  }
  const light = (td) => {
    const view = td.closest(".lmb");
    const data = dataOf(view);
    clear(view);
    const x = Number(td.dataset.p) - (td.closest("table.y") ? 1 : 0);
    if (x < 0 || x >= data.texts.length) return;
    const y = x + 1;
    // y of the last column of a row is the first token of the next: mark it where it stands
    view.querySelectorAll(`table.x td[data-p="${x}"], table.all td[data-p="${x}"]`).forEach((c) => c.classList.add("lit-x"));
    view.querySelectorAll(`table.y td[data-p="${y}"], table.all td[data-p="${y}"]`).forEach((c) => c.classList.add("lit-y"));
    const n = data.texts.length;
    for (const [name, p] of [["x", x], ["y", y]]) {
      const mark = view.querySelector(`.mark.${name}`);
      mark.hidden = p >= n;
      mark.style.left = `${(100 * (p + 0.5)) / n}%`;
    }
    const label = y < n ? `“${data.texts[y]}” (token ${y})` : "none: the stream ends here";
    view.querySelector(".lmb-tip").textContent =
      `x “${data.texts[x]}” (token ${x}, document ${data.documents[x] + 1}) → y ${label}`;
  };
  const over = (ev) => {
    const td = ev.target.closest?.(".lmb td[data-p]");
    if (td) light(td);
  };
  const out = (ev) => {
    const td = ev.target.closest?.(".lmb td[data-p]");
    if (td) clear(td.closest(".lmb"));
  };
  document.addEventListener("mouseover", over);
  document.addEventListener("focusin", over);
  document.addEventListener("mouseout", out);
  document.addEventListener("focusout", out);

  // one cell of x is in the tab order; arrows move inside the table
  document.addEventListener("keydown", (ev) => {
    const td = ev.target.closest?.("table.x td[data-p]");
    const move = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[ev.key];
    if (!td || !move) return;
    const row = td.parentElement;
    const next = row.parentElement.rows[row.sectionRowIndex + move[0]]?.cells[td.cellIndex + move[1]];
    ev.preventDefault();
    if (!next || next.dataset.p === undefined) return;
    td.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });

  // --- question 16: the answer appears once a guess is made ---
  document.addEventListener("click", (ev) => {
    const box = ev.target.matches?.("fieldset.q16 input") && ev.target.closest("fieldset.q16");
    if (!box) return;
    const right = ev.target.dataset.right === "1";
    box.querySelector(".answer").textContent = `${right ? "Right." : "Not so."} It begins with ${box.dataset.answer}`;
  });
})();
