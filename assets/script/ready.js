// gradio mounts a page's parts one after another; the page is shown when the first tab stands, so that
// nothing moves under the reader. After SECONDS it is shown as it is.
(() => {
  const SECONDS = 20;
  const root = document.documentElement;
  root.classList.add("u-mounting");
  const show = () => { root.classList.remove("u-mounting"); root.classList.add("u-shown"); clearInterval(timer); };
  const ready = () =>
    [...document.querySelectorAll('[id^="tab-"][role="tabpanel"]')].some(
      (panel) => panel.offsetParent && (panel.id === "tab-training" || panel.querySelector("textarea")) && panel.querySelector(".lesson-step")
        && panel.lastElementChild?.childElementCount > 0 && document.querySelector(".u-foot"),
    ) && document.querySelector("#tokenizers-result .tok, #tokenizers-result .u-notice, #tokenizers-result .u-empty");
  const begun = Date.now();
  let stood = 0; // the same height twice: no part came in between
  const timer = setInterval(() => {
    const height = document.body.scrollHeight;
    if (Date.now() - begun > 1000 * SECONDS || (ready() && height === stood)) show();
    stood = ready() ? height : 0;
  }, 50);
})();
