if (!window.smsim_keys) {
  window.smsim_keys = true;
  // A slider says to those who do not see it what it is, and its value in the words that stand above it.
  for (const moment of ["focusin", "keyup"]) {
    document.addEventListener(moment, event => {
      const handle = event.composedPath()[0];
      const title = handle.getAttribute?.("role") === "slider" && handle.getRootNode().querySelector(".bk-slider-title");
      if (!title) return;
      const value = title.querySelector(".bk-slider-value").textContent;
      handle.setAttribute("aria-label", title.textContent.replace(value, "").replace(/[\s:]+$/, ""));
      handle.setAttribute("aria-valuetext", value);
    });
  }
  // The space bar plays and pauses the village or map in view, wherever it means nothing else.
  document.addEventListener("keydown", event => {
    if (event.key !== " " || event.ctrlKey || event.metaKey || event.altKey) return;
    let focus = document.activeElement;
    while (focus && focus.shadowRoot && focus.shadowRoot.activeElement) focus = focus.shadowRoot.activeElement;
    if (focus && focus.matches("input, select, textarea, button, summary, a, [role=slider]")) return;
    // Among what is shown: for a while the document keeps models of the page as it was in another language, too.
    for (const view of Bokeh.index.query(one => ["village-play", "map-play"].includes(one.model.name))) {
      const button = view.el.checkVisibility({visibilityProperty: true}) && view.shadow_el.querySelector("button");
      if (button) { event.preventDefault(); button.click(); return }
    }
  });
}
