// Write draws a new seed, and shows it, unless it is to be kept; the texts come into view.
(() => {
  const MOST = 999999;
  let drew = 0;
  // Did Write change the seed just now? Said once: what changes next, the visitor changed.
  window.ulmfitDrew = () => {
    const just = Date.now() - drew < 1000;
    drew = 0;
    return just;
  };
  window.ulmfitWrite = (values, place) => {
    const keep = document.querySelector("#generation-keep input")?.checked;
    const field = document.querySelector("#generation-seed input");
    if (!keep && field) {
      drew = Date.now();
      values[place] = 1 + Math.floor(Math.random() * MOST);
      window.ulmfitField.fill(field, String(values[place]));
    }
    document.getElementById("generation-result")?.scrollIntoView({ block: "nearest" });
    return values;
  };
})();
