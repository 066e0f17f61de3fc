// A chosen file or a long paste for "Train your own": read here, no file reaches the server.
// A field that holds megabytes stalls the page, so the field shows how the text begins.
(() => {
  const LONG = 20_000; // characters; a shorter text goes into the field as it is
  const SHOWN = 600;
  let held = null; // {preview, text}

  const area = () => document.querySelector("#train-text textarea");

  const say = (text) => {
    const note = document.querySelector("#train-file [role=status]");
    if (note) note.textContent = text;
  };

  const put = (text, name) => {
    const count = `${text.length.toLocaleString("en")} characters`;
    const long = text.length > LONG;
    const preview = long ? `${text.slice(0, SHOWN)} […]\n\n${name}: ${count}, all of them are read.` : text;
    held = long ? { preview, text } : null;
    window.ulmfitField.fill(area(), preview);
    say(`${name}: ${count}`);
  };

  // What a request sends: the whole text while the field still shows its beginning.
  window.ulmfitWholeText = (shown) => (held && shown === held.preview ? held.text : shown);

  document.addEventListener("change", async (ev) => {
    const input = ev.target.closest?.("#train-file-input");
    if (!input?.files.length) return;
    const file = input.files[0];
    const most = Number(input.dataset.most);
    if (file.size > most) {
      say(`${file.name} has ${(file.size / 1e6).toFixed(1)} MB; up to ${most / 1e6} MB can be read.`);
    } else {
      put(await file.text(), file.name);
    }
    input.value = "";
  });

  document.addEventListener("paste", (ev) => {
    if (ev.target !== area()) return;
    const text = ev.clipboardData?.getData("text/plain") ?? "";
    if (text.length <= LONG) return;
    ev.preventDefault();
    put(text, "pasted text");
  }, true);
})();
