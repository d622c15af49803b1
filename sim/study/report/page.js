"use strict";

// Figures: drawn once their place is seen, painted in the page's colours, hidden and shown by policy and predictions.

const items = JSON.parse(document.getElementById("items").textContent);
const plots = new Map(); // id of its place -> Bokeh's model
const hidden = { policy: new Set(), predictions: new Set() };
const dark = window.matchMedia("(prefers-color-scheme: dark)");

function tone(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function luminance(colour) {
  const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
  const [r, g, b] = parts.map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// The colour itself on light ground; on dark ground as much lighter as it takes to stand out by 4 to 1.
function readable(colour) {
  if (colour === "ink") return tone("ink");
  const ground = luminance(tone("paper"));
  if (ground > 0.5) return colour;
  for (let white = 0; white < 1; white += 0.05) {
    const mixed = [1, 3, 5].map((at) => {
      const part = parseInt(colour.slice(at, at + 2), 16);
      return Math.round(part + (255 - part) * white).toString(16).padStart(2, "0");
    });
    const found = `#${mixed.join("")}`;
    if ((luminance(found) + 0.05) / (ground + 0.05) >= 4) return found;
  }
  return "#ffffff";
}

function paint(plot) {
  const [paper, ink, grey, grid] = ["paper", "ink", "grey", "grid"].map(tone);
  plot.setv({ background_fill_color: paper, border_fill_color: paper });
  for (const axis of [...plot.below, ...plot.left]) {
    axis.setv({
      axis_label_text_color: ink, major_label_text_color: ink, axis_line_color: grey, major_tick_line_color: grey,
    });
  }
  for (const part of plot.center) {
    if ("grid_line_color" in part) part.grid_line_color = grid;
    else if (part.tags.length) part.line_color = readable(part.tags[0].colour);
  }
  for (const renderer of plot.renderers) {
    const colour = readable(renderer.tags[0].colour);
    for (const glyph of [renderer.glyph, renderer.nonselection_glyph, renderer.hover_glyph, renderer.muted_glyph]) {
      if (!glyph || typeof glyph === "string") continue;
      if ("line_color" in glyph) glyph.line_color = colour;
      if ("fill_color" in glyph) glyph.fill_color = (renderer.name ?? "").startsWith("hollow") ? paper : colour;
    }
  }
}

function isShown(policy, predictions) {
  return !hidden.policy.has(policy) && !hidden.predictions.has(predictions);
}

function show(plot) {
  for (const renderer of plot.renderers) {
    const tag = renderer.tags[0];
    renderer.visible = isShown(tag.policy, tag.predictions);
  }
  const rows = plot.y_range.tags;
  if (rows.length) {
    plot.y_range.factors = rows.filter(([, policy, predictions]) => isShown(policy, predictions)).map(([name]) => name);
  }
}

const names = { policy: new Set(), predictions: new Set() };
for (const kind of Object.keys(names)) {
  for (const button of document.querySelectorAll(`[data-${kind}]`)) names[kind].add(button.dataset[kind]);
}

function press(button) {
  const { every } = button.dataset;
  const kind = every ?? ("policy" in button.dataset ? "policy" : "predictions");
  if (every) hidden[kind] = new Set(hidden[kind].size ? [] : names[kind]);
  else if (!hidden[kind].delete(button.dataset[kind])) hidden[kind].add(button.dataset[kind]);
  for (const other of document.querySelectorAll(`[data-${kind}]`)) {
    other.setAttribute("aria-pressed", String(!hidden[kind].has(other.dataset[kind])));
  }
  for (const other of document.querySelectorAll(`[data-every="${kind}"]`)) {
    other.textContent = hidden[kind].size ? "show all" : "hide all";
  }
  plots.forEach(show);
}

for (const button of document.querySelectorAll(".legend button")) {
  button.addEventListener("click", () => press(button));
}

// On a narrow page the names of rows lose their middle; pointing at a mark tells them whole.
function fit(plot, width) {
  if (!plot.y_range.tags.length) return;
  const length = Math.max(14, Math.floor(width / 17));
  const tail = Math.floor(((length - 1) * 2) / 5);
  const shortened = (name) =>
    name.length <= length ? name : `${name.slice(0, length - 1 - tail)}…${name.slice(name.length - tail)}`;
  const axis = plot.left[0];
  axis.formatter.doFormat = (names) => names.map(shortened);
  axis.change.emit();
}

async function draw(item) {
  const place = document.getElementById(item.target_id);
  if (plots.has(place.id) || !place.clientWidth) return;
  plots.set(place.id, { renderers: [], y_range: { tags: [] }, below: [], left: [], center: [], setv() {} });
  const found = await Bokeh.embed.embed_item(item);
  const plot = [...found.roots][0].model;
  plots.set(place.id, plot);
  if (window.matchMedia("(pointer: coarse)").matches) plot.toolbar.active_drag = null; // a finger scrolls the page
  fit(plot, place.clientWidth);
  paint(plot);
  show(plot);
}

function drawAll() {
  return Promise.all(items.map(draw));
}

function repaint() {
  plots.forEach(paint);
  for (const mark of document.querySelectorAll(".legend svg")) mark.style.color = readable(mark.dataset.colour);
}

function zoom(plot, factor, along, across) {
  for (const [range, shift] of [[plot.x_range, along], [plot.y_range, across]]) {
    if ("factors" in range) continue;
    const isLog = range === plot.x_range ? plot.x_scale.type === "LogScale" : false;
    const [to, from] = isLog ? [Math.log, Math.exp] : [Number, Number];
    const [start, end] = [to(range.start), to(range.end)];
    const [middle, half] = [(start + end) / 2 + ((end - start) / 10) * shift, ((end - start) / 2) * factor];
    range.setv({ start: from(middle - half), end: from(middle + half) });
  }
}

const KEYS = {
  "+": [0.8, 0, 0], "=": [0.8, 0, 0], "-": [1.25, 0, 0],
  ArrowLeft: [1, -1, 0], ArrowRight: [1, 1, 0], ArrowUp: [1, 0, 1], ArrowDown: [1, 0, -1],
};

for (const place of document.querySelectorAll(".plot")) {
  place.addEventListener("keydown", (event) => {
    const plot = plots.get(place.id);
    if (event.target !== place || !plot || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "0") plot.reset.emit();
    else if (event.key in KEYS) zoom(plot, ...KEYS[event.key]);
    else return;
    event.preventDefault();
  });
  place.closest(".chart").addEventListener("toggle", drawAll);
}

dark.addEventListener("change", repaint);
// After a change of width: buttons that found no room meanwhile look for it again.
let settling;
window.addEventListener("resize", () => {
  clearTimeout(settling);
  settling = setTimeout(() => {
    plots.forEach((plot, id) => {
      fit(plot, document.getElementById(id).clientWidth);
      plot.toolbar?.tools[0].properties.visible.change.emit();
    });
  }, 200);
});
repaint();
drawAll().then(() => document.documentElement.setAttribute("data-drawn", ""));
