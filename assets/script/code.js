// Shows Python lines with a copy button: `props.value` is the text, which enters the page as text.
window.ulmfitCode = (element, props, watch) => {
  const make = (tag, name) => Object.assign(document.createElement(tag), { className: name });
  const kinds = /(#.*)|((?:\b[rbfuRBFU]{1,2})?(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))|\b(and|as|assert|break|class|continue|def|del|elif|else|except|False|finally|for|from|global|if|import|in|is|lambda|None|not|or|pass|raise|return|True|try|while|with|yield)\b|\b(\d[\d_.]*(?:[eE][+-]?\d+)?)\b/g;
  const names = ["", "c", "s", "k", "n"];
  const draw = () => {
    const stage = element.querySelector(".u-code");
    if (!stage) return;
    const text = props.value ?? "";
    const code = make("code", "");
    let from = 0;
    for (const found of text.matchAll(kinds)) {
      code.append(text.slice(from, found.index));
      const part = make("span", names[found.findIndex((group, i) => i && group !== undefined)]);
      part.textContent = found[0];
      code.append(part);
      from = found.index + found[0].length;
    }
    code.append(text.slice(from));
    const pre = make("pre", "");
    pre.append(code);
    const button = make("button", "u-save-button");
    button.type = "button";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy the code");
    button.addEventListener("click", () => window.ulmfitSave.copy(button, text));
    stage.replaceChildren(button, pre);
  };
  watch("value", draw);
  draw();
};
