// Draws a figure when it comes into sight, with plotly's smallest bundle, which is loaded for the first one.
// `props.value` is {data, layout, name} as JSON; `tabs/shared/figure.py` makes it. Under the figure: save it
// as PNG or SVG, and the numbers behind it as a table, copied or saved as CSV.
(() => {
  const PLOTLY = "own/plotly-basic-4.1.1.min.js";
  const hovers = matchMedia("(hover: hover)");
  let loading = null;
  const plotly = () => (loading ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = new URL(PLOTLY, document.baseURI);
    script.onload = () => { done(window.Plotly); document.dispatchEvent(new Event("ulmfit-plotly")); };
    script.onerror = () => { loading = null; failed(new Error("plotly did not load")); };
    document.head.append(script);
  }));
  const make = (tag, name, text) => {
    const el = document.createElement(tag);
    if (name) el.className = name;
    if (text !== undefined) el.textContent = text;
    return el;
  };
  const button = (text, label, act) => {
    const el = make("button", "u-save-button", text);
    el.type = "button";
    el.setAttribute("aria-label", label);
    el.addEventListener("click", () => act(el));
    return el;
  };

  // --- the numbers behind a figure ---
  const decode = { f8: Float64Array, f4: Float32Array, i4: Int32Array, i2: Int16Array, i1: Int8Array, u4: Uint32Array, u2: Uint16Array, u1: Uint8Array };
  const list = (values) => { // plotly.py sends long arrays as base64
    if (!values?.bdata) return values ?? [];
    const bytes = Uint8Array.from(atob(values.bdata), (c) => c.charCodeAt(0));
    return [...new decode[values.dtype](bytes.buffer)];
  };
  const plain = (text) => new DOMParser().parseFromString(String(text ?? ""), "text/html").body.textContent;
  const nameOf = (trace, i) => {
    const texts = Array.isArray(trace.text) ? trace.text : [];
    const told = (trace.hovertemplate ?? "").split(/[,:]? ?%\{|<extra>/)[0].split(/[,:] ?$/)[0].trim();
    return plain(trace.name ?? (texts.length === 1 ? texts[0] : told || `line ${i + 1}`));
  };
  const round = (v) => (typeof v === "number" && !Number.isInteger(v) ? Number(v.toPrecision(5)) : v ?? "");
  const numbers = ({ data, layout }) => {
    const title = (axis, other) => plain(layout[axis]?.title?.text) || other;
    const worded = data.some((t) => Array.isArray(t.text) && t.text.length > 1);
    const head = ["line", title("xaxis", "x"), title("yaxis", "y"), ...(worded ? ["name"] : [])];
    const rows = data.flatMap((trace, i) => {
      const ys = list(trace.y), texts = Array.isArray(trace.text) ? trace.text : [];
      return list(trace.x).map((x, j) => [nameOf(trace, i), round(x), round(ys[j]), ...(worded ? [plain(texts[j])] : [])])
        .filter((row) => row[1] !== "" && row[2] !== "");
    });
    return [head, ...rows];
  };
  const table = (rows) => {
    const found = make("table", "plain");
    const line = (tag, cells) => {
      const tr = make("tr");
      tr.append(...cells.map((c) => make(tag, "", c)));
      return tr;
    };
    const head = found.createTHead(), body = found.createTBody();
    head.append(line("th", rows[0]));
    head.querySelectorAll("th").forEach((th) => { th.scope = "col"; });
    body.append(...rows.slice(1).map((row) => line("td", row)));
    return found;
  };

  window.ulmfitFigure = (element, props, watch) => {
    const stage = element.querySelector(".u-figure");
    if (!stage) return;
    const plot = make("div", "u-plot"), tools = make("div", "u-figure-tools");
    const details = make("details"), behind = make("div", "scroll");
    behind.tabIndex = 0; // it scrolls
    details.append(make("summary", "", "The numbers"), behind);
    let figure = null, known, drawn = "", near = false, shown = false;

    const fileName = () => (element.closest("[id]")?.id || "figure").replace(/[^\w-]/g, "");
    const picture = async (el, format) => {
      const { width, height } = plot.getBoundingClientRect();
      const dark = document.body.classList.contains("dark");
      const layout = { ...figure.layout, paper_bgcolor: dark ? "#101319" : "#ffffff", width, height,
        font: { ...figure.layout.font, color: dark ? "#c9d1d9" : "#3d444d" } };
      const Plotly = await plotly();
      const url = await Plotly.toImage({ data: figure.data, layout }, { format, width, height, scale: format === "png" ? 2 : 1 });
      const blob = await (await fetch(url)).blob();
      window.ulmfitSave.save(`${fileName()}.${format}`, blob);
      window.ulmfitSave.say(el, "Saved");
    };
    tools.append(
      button("PNG", "Save this figure as PNG", (el) => picture(el, "png")),
      button("SVG", "Save this figure as SVG", (el) => picture(el, "svg")),
      button("CSV", "Save the figure's numbers as CSV", (el) => {
        window.ulmfitSave.save(`${fileName()}.csv`, window.ulmfitSave.csv(numbers(figure)), "text/csv");
        window.ulmfitSave.say(el, "Saved");
      }),
      button("Embed", "Copy the lines that put this figure into a page", (el) =>
        window.ulmfitSave.copy(el, window.ulmfitShare.frame(fileName(), figure.name))),
      details,
    );
    const fill = () => { if (details.open && figure) behind.replaceChildren(table(numbers(figure))); };
    details.addEventListener("toggle", fill);

    const draw = async () => {
      if (!figure || drawn === props.value || !(near || (shown && window.Plotly))) return;
      const now = props.value;
      const Plotly = await plotly();
      if (now !== props.value || !plot.isConnected) return;
      const layout = structuredClone(figure.layout);
      for (const axis of Object.keys(layout).filter((k) => /^[xy]axis/.test(k)))
        layout[axis] = { automargin: true, ...layout[axis], title: { standoff: 8, ...layout[axis].title } };
      layout.dragmode = hovers.matches ? "zoom" : false; // a finger scrolls the page
      await Plotly.react(plot, structuredClone(figure.data), layout, { displayModeBar: false, responsive: false });
      if (now !== props.value) { // another one came meanwhile, or none
        if (!figure) Plotly.purge(plot);
        return;
      }
      drawn = now;
      plot.style.minHeight = "";
    };
    const read = () => {
      if (props.value === known) return;
      known = props.value;
      try { figure = props.value ? JSON.parse(props.value) : null; } catch { figure = null; }
      tools.hidden = !figure;
      if (!figure) { // what stood here before belongs to another text
        if (drawn) window.Plotly.purge(plot);
        drawn = "";
        for (const name of ["role", "aria-label"]) plot.removeAttribute(name);
        stage.replaceChildren(plot, tools);
        return;
      }
      plot.setAttribute("role", "img");
      plot.setAttribute("aria-label", figure.name);
      behind.setAttribute("aria-label", `the numbers: ${figure.name}`);
      behind.setAttribute("role", "group");
      if (!drawn) plot.style.minHeight = `${figure.layout.height ?? 300}px`;
      if (plot.parentNode !== stage) stage.replaceChildren(plot, tools);
      fill();
      draw();
    };
    // the first figure that comes into sight loads plotly; then those further down the page are drawn too
    const observe = (rootMargin, then) =>
      new IntersectionObserver((seen) => { then(seen.at(-1).isIntersecting); draw(); }, { rootMargin }).observe(stage);
    observe("300px", (seen) => { near = seen; });
    observe("5000px", (seen) => { shown = seen; });
    document.addEventListener("ulmfit-plotly", () => draw());
    let width = 0;
    new ResizeObserver(() => {
      const now = Math.round(plot.clientWidth);
      if (drawn && now && now !== width) window.Plotly.Plots.resize(plot);
      width = now;
    }).observe(plot);
    watch("value", read);
    read();
  };
})();
