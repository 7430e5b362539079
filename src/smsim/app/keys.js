// The space bar plays and pauses the village or map in view, wherever it means nothing else.
if (!window.smsim_keys) {
  window.smsim_keys = true;
  document.addEventListener("keydown", event => {
    if (event.key !== " " || event.ctrlKey || event.metaKey || event.altKey) return;
    let focus = document.activeElement;
    while (focus && focus.shadowRoot && focus.shadowRoot.activeElement) focus = focus.shadowRoot.activeElement;
    if (focus && focus.matches("input, select, textarea, button, summary, a, [role=slider]")) return;
    for (const name of ["village-play", "map-play"]) {
      const play = Bokeh.documents[0].get_model_by_name(name), view = play && Bokeh.index.get_one(play);
      const button = view && view.el.checkVisibility() && view.shadow_el.querySelector("button");
      if (button) { event.preventDefault(); button.click(); return }
    }
  });
}
