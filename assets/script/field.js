// A field of a gradio component by the component's id, and a value put into it as if it were typed.
(() => {
  const find = (id) => document.querySelector(`#${id} textarea, #${id} input`);
  const fill = (field, value) => {
    // by the setter of the element's class: then the event tells gradio of a new value
    const proto = field.tagName === "TEXTAREA" ? HTMLTextAreaElement : HTMLInputElement;
    Object.getOwnPropertyDescriptor(proto.prototype, "value").set.call(field, value);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  window.ulmfitField = { find, fill };
})();
