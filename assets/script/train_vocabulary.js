// Puts a chosen file's text into the field: it is read here, no file reaches the server.
(() => {
  const say = (input, text) => {
    input.closest(".v-file").querySelector("[role=status]").textContent = text;
  };

  document.addEventListener("change", async (ev) => {
    const input = ev.target.closest?.("#train-file-input");
    if (!input || !input.files.length) return;
    const file = input.files[0];
    const most = Number(input.dataset.most);
    if (file.size > most) {
      say(input, `${file.name} has ${(file.size / 1e6).toFixed(1)} MB; up to ${most / 1e6} MB can be read.`);
      input.value = "";
      return;
    }
    const text = await file.text();
    const area = document.querySelector("#train-text textarea");
    if (!area) return;
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(area, text);
    area.dispatchEvent(new Event("input", { bubbles: true }));
    say(input, `${file.name}: ${text.length.toLocaleString("en")} characters`);
    input.value = "";
  });
})();
