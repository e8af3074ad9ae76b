// The explorer: answers questions about word vectors in the browser. No network, no library.
// Text from data enters the page only as text: textContent, fillText, value.
"use strict";

const NEIGHBOURS = 15;
const data = JSON.parse(document.getElementById("data").textContent);

// ---------------------------------------------------------------------------------------------- vectors

const bytes = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

class Model {
  constructor(given) {
    Object.assign(this, given); // name, words, counts, size, axes, projection, names, central
    const n = (this.n = this.words.length);
    this.unit = this.unitVectors(given);
    this.points = new Uint16Array(bytes(given.points).buffer);
    this.clusters = bytes(given.clusters);
    this.content = bytes(given.content);
    this.rates = given.rates && new Float32Array(bytes(given.rates).buffer);
    this.lower = this.words.map((word) => word.toLowerCase());
    this.rows = new Map();
    for (let row = n - 1; row >= 0; row--) this.rows.set(this.lower[row], row);
    for (let row = n - 1; row >= 0; row--) this.rows.set(this.words[row], row);
  }

  unitVectors(given) { // rows of length 1: mean + scale * steps, see `quantize` in page.py
    const steps = new Int8Array(bytes(given.vectors).buffer);
    const scales = new Float32Array(bytes(given.scales).buffer);
    const mean = new Float32Array(bytes(given.mean).buffer);
    const unit = new Float32Array(steps.length);
    for (let row = 0, at = 0; row < this.n; row++, at += this.size) {
      let squares = 0;
      for (let k = 0; k < this.size; k++) squares += (unit[at + k] = mean[k] + scales[row] * steps[at + k]) ** 2;
      const length = Math.sqrt(squares) || 1;
      for (let k = 0; k < this.size; k++) unit[at + k] /= length;
    }
    return unit;
  }

  find(text) {
    return this.rows.get(text) ?? this.rows.get(text.trim()) ?? this.rows.get(text.trim().toLowerCase());
  }

  complete(text, count) {
    const wanted = text.trim().toLowerCase();
    const found = [];
    if (!wanted) return found;
    for (const fits of [(word) => word.startsWith(wanted), (word) => word.indexOf(wanted) > 0])
      for (let row = 0; row < this.n && found.length < count; row++)
        if (fits(this.lower[row])) found.push(row);
    return found;
  }

  direction(terms) { // the sum of weighted unit vectors, itself of length 1
    const sum = new Float64Array(this.size);
    for (const [weight, row] of terms)
      for (let k = 0; k < this.size; k++) sum[k] += weight * this.unit[row * this.size + k];
    const length = Math.hypot(...sum);
    return length ? sum.map((value) => value / length) : sum;
  }

  cosine(direction, row) {
    let sum = 0;
    for (let k = 0, at = row * this.size; k < this.size; k++) sum += direction[k] * this.unit[at + k];
    return sum;
  }

  nearest(direction, count, without) { // [[row, cosine], ...], best first
    const best = [];
    for (let row = 0; row < this.n; row++) {
      const cosine = this.cosine(direction, row);
      if (best.length === count && cosine <= best[count - 1][1]) continue;
      if (without.includes(row)) continue;
      let place = best.length;
      while (place && best[place - 1][1] < cosine) place--;
      best.splice(place, 0, [row, cosine]);
      if (best.length > count) best.pop();
    }
    return best;
  }

  neighbours(row, count = NEIGHBOURS) { // kept, as panel and map ask for the same
    const key = `${row} ${count}`;
    if (this.asked !== key) [this.asked, this.answer] = [key, this.nearest(this.direction([[1, row]]), count, [row])];
    return this.answer;
  }

  analogy(a, b, c, count = 10) { // a is to b as c is to ?, by 3CosAdd
    return this.nearest(this.direction([[-1, a], [1, b], [1, c]]), count, [a, b, c]);
  }

  oddOneOut(rows) { // [[row, cosine to the mean], ...], the odd one first
    const mean = this.direction(rows.map((row) => [1, row]));
    return rows.map((row) => [row, this.cosine(mean, row)]).sort((one, other) => one[1] - other[1]);
  }
}

const models = data.models.map((given) => new Model(given));
const two = models.length > 1;
const known = (text) => models.some((model) => model.find(text) !== undefined);

// ---------------------------------------------------------------------------------------------- elements

function make(tag, options = {}, ...children) {
  const element = Object.assign(document.createElement(tag), options);
  element.append(...children);
  return element;
}

const isolated = (word) => make("bdi", { textContent: word }); // right-to-left words keep to themselves
const byId = (id) => document.getElementById(id);
const say = (text) => { byId("status").textContent = text; };
const number = (value) => value.toLocaleString("en");

function wordButton(word) {
  const button = make("button", { type: "button", onclick: () => go({ view: "near", word }) });
  button.append(isolated(word));
  return button;
}

function scoreList(model, scores, shared = new Set()) {
  const list = make("ol", { className: "list" });
  for (const [row, score] of scores) {
    const bar = make("span", { className: "bar" });
    bar.style.width = `${Math.max(0, Math.min(1, score)) * 100}%`;
    const button = wordButton(model.words[row]);
    if (shared.has(model.words[row])) {
      button.className = "shared";
      button.title = "a neighbour in both models";
    }
    list.append(make("li", {}, button, bar, make("span", { className: "number", textContent: score.toFixed(3) })));
  }
  return list;
}

function columns(content) { // one column for each model; `content` returns elements
  const parts = models.map((model, index) => {
    const column = make("div", {}, ...content(model, index));
    if (two) column.prepend(make("h3", { textContent: model.name }));
    return column;
  });
  return make("div", { className: "columns" }, ...parts);
}

// An input for one word, with completion; Enter or a click chooses.
function wordInput(input, choose) {
  const list = make("ul", { id: `${input.id}-list`, role: "listbox", hidden: true });
  const box = make("div", { className: "pick" });
  input.before(box);
  box.append(input, list);
  Object.assign(input, { autocomplete: "off", spellcheck: false, dir: "auto" });
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id]])
    input.setAttribute(name, value);
  let active = -1;

  function show(words) {
    list.replaceChildren(...words.map((word, index) => {
      const item = make("li", { id: `${list.id}-${index}` }, isolated(word));
      item.setAttribute("role", "option");
      item.onpointerdown = (event) => { event.preventDefault(); pick(word); };
      return item;
    }));
    list.hidden = !words.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    mark(-1);
  }
  function mark(index) {
    active = index;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
    input.setAttribute("aria-activedescendant", index < 0 ? "" : `${list.id}-${index}`);
  }
  function pick(word) {
    show([]);
    input.value = word;
    if (known(word)) choose(word);
    else say(`“${word}” is not among the words of this page.`);
  }
  input.addEventListener("input", () => {
    const found = models.flatMap((model) => model.complete(input.value, 8).map((row) => model.words[row]));
    show([...new Set(found)].slice(0, 8));
  });
  input.addEventListener("keydown", (event) => {
    const count = list.children.length;
    if (event.key === "ArrowDown" && count) mark((active + 1) % count);
    else if (event.key === "ArrowUp" && count) mark((active + count - (active < 0 ? 0 : 1)) % count);
    else if (event.key === "Escape") show([]);
    else if (event.key === "Enter" && (active >= 0 || input.value.trim()))
      pick(active >= 0 ? list.children[active].textContent : input.value.trim());
    else return;
    event.preventDefault();
  });
  input.addEventListener("blur", () => show([]));
  return box;
}

// ---------------------------------------------------------------------------------------------- state

// What the page shows. All of it is in the link, so a link can be kept and shared.
const START = { view: "near", word: "", other: "", a: "", b: "", c: "", words: "", among: "5000", colour: "cluster", at: "" };
let state = { ...START };

function readLink() {
  const given = new URLSearchParams(location.hash.slice(1));
  return Object.fromEntries(Object.entries(START).map(([key, value]) => [key, given.get(key) ?? value]));
}

function writeLink(method) {
  const link = new URLSearchParams(Object.entries(state).filter(([key, value]) => value !== START[key]));
  try {
    history[method](null, "", `#${link}`);
  } catch { /* pages inside a notebook have no link */ }
}

function go(changes) {
  state = { ...state, ...changes };
  writeLink("pushState");
  render();
}

// ---------------------------------------------------------------------------------------------- panels

const views = {
  near: ["Neighbours", showNeighbours],
  analogy: ["Analogy", showAnalogy],
  odd: ["Odd one out", showOdd],
  compare: ["Two words", showPair],
  ...(two && { changes: ["What changed", showChanges] }),
  about: ["About", () => []],
};

function facts(model, row) {
  const parts = [`rank ${number(row + 1)}`];
  if (model.counts) parts.push(`${number(model.counts[row])} occurrences`);
  if (model.rates) parts.push(`learned rate ${model.rates[row].toPrecision(2)}`);
  if (model.names.length > 1) parts.push(`cluster “${model.names[model.clusters[row]]}”`);
  return make("p", { className: "muted", textContent: parts.join(" · ") });
}

function clusterList(model) {
  const sizes = new Array(model.names.length).fill(0);
  for (const cluster of model.clusters) sizes[cluster]++;
  return make("ul", { className: "list short" }, ...model.names.map((name, cluster) => {
    const button = wordButton(model.words[model.central[cluster][0]]);
    button.firstChild.textContent = name;
    const mark = make("i", { className: "dot" });
    mark.style.background = clusterColour(cluster);
    button.prepend(mark);
    return make("li", {}, button, make("span", { className: "number", textContent: `${number(sizes[cluster])} words` }));
  }));
}

const missing = () => [make("p", { className: "muted", textContent: "not in this model" })];

function showNeighbours() {
  const { word } = state;
  if (!word) return [
    make("p", { className: "muted", textContent: "Search a word, click one on the map, or start with a cluster:" }),
    columns((model) => [clusterList(model)]),
  ];
  if (!known(word)) return [make("p", {}, "“", isolated(word), "” is not among the words of this page.")];
  const found = models.map((model) => {
    const row = model.find(word);
    return row === undefined ? [] : model.neighbours(row);
  });
  const names = found.map((scores, index) => new Set(scores.map(([row]) => models[index].words[row])));
  const shared = two ? new Set([...names[0]].filter((name) => names[1].has(name))) : new Set();
  const lists = columns((model, index) => {
    const row = model.find(word);
    return row === undefined ? missing() : [facts(model, row), scoreList(model, found[index], shared)];
  });
  const heading = make("h2", {}, isolated(word));
  const count = `${shared.size} of ${NEIGHBOURS} neighbours are the same in both models (●).`;
  return [heading, ...(two ? [make("p", { className: "muted", textContent: count })] : []), lists];
}

function field(key, label) {
  const input = make("input", { id: `field-${key}`, value: state[key], placeholder: label });
  input.setAttribute("aria-label", label);
  const holder = make("div", {}, input);
  wordInput(input, (word) => go({ [key]: word }));
  return holder.firstChild;
}

function showAnalogy() {
  const row = make("div", { className: "fields" }, field("a", "a"), " is to ", field("b", "b"), " as ", field("c", "c"), " is to …");
  const words = [state.a, state.b, state.c];
  if (words.includes("")) {
    const example = ["man", "king", "woman"];
    const button = make("button", {
      type: "button", textContent: `Example: ${example.join(", ")}`,
      onclick: () => go({ a: example[0], b: example[1], c: example[2] }),
    });
    return [row, ...(example.every(known) ? [button] : [])];
  }
  return [row, columns((model) => {
    const rows = words.map((word) => model.find(word));
    return rows.includes(undefined) ? missing() : [scoreList(model, model.analogy(...rows))];
  })];
}

function showOdd() {
  const input = make("input", { id: "odd", value: state.words, dir: "auto", placeholder: "three or more words, between commas or blanks" });
  input.setAttribute("aria-label", "Words, between commas or blanks");
  input.onchange = () => go({ words: input.value });
  const row = make("div", { className: "fields" }, input);
  const words = [...new Set(state.words.split(state.words.includes(",") ? "," : /\s+/).map((word) => word.trim()).filter(Boolean))];
  const strange = words.filter((word) => !known(word));
  if (strange.length) say(`Not among the words of this page: ${strange.join(", ")}`);
  if (words.length < 3) {
    const example = ["breakfast", "lunch", "dinner", "car"];
    const button = make("button", {
      type: "button", textContent: `Example: ${example.join(", ")}`, onclick: () => go({ words: example.join(", ") }),
    });
    return [row, ...(example.every(known) ? [button] : [])];
  }
  return [row, columns((model) => {
    const rows = words.map((word) => model.find(word)).filter((found) => found !== undefined);
    if (rows.length < 3) return missing();
    const scores = model.oddOneOut(rows);
    return [
      make("p", {}, "Odd one out: ", make("strong", {}, isolated(model.words[scores[0][0]]))),
      make("p", { className: "muted", textContent: "Cosine with the mean of all:" }),
      scoreList(model, scores),
    ];
  })];
}

function showPair() {
  const row = make("div", { className: "fields" }, field("word", "a word"), " and ", field("other", "another word"));
  if (!state.word || !state.other) return [row];
  return [row, columns((model) => {
    const [one, other] = [model.find(state.word), model.find(state.other)];
    if (one === undefined || other === undefined) return missing();
    const near = [one, other].map((from) => model.neighbours(from, model.n - 1));
    const place = (scores, wanted) => number(scores.findIndex(([found]) => found === wanted) + 1);
    const rank = (from, scores, to) => one === other ? [] : [make("p", { className: "muted" },
      isolated(model.words[to]), ` is neighbour ${place(scores, to)} of `, isolated(model.words[from]))];
    const tops = near.map((scores) => scores.slice(0, 100).map(([found]) => found));
    const both = tops[0].filter((found) => tops[1].includes(found)).slice(0, 12);
    const list = make("ul", { className: "list short" }, ...both.map((found) => make("li", {}, wordButton(model.words[found]))));
    return [
      make("p", { className: "big", textContent: model.cosine(model.direction([[1, one]]), other).toFixed(3) }),
      make("p", { className: "muted", textContent: "cosine" }),
      ...rank(one, near[0], other), ...rank(other, near[1], one),
      make("p", { textContent: both.length ? "Near both (among the 100 nearest of each):" : "No word is among the 100 nearest of both." }),
      list,
    ];
  })];
}

function showChanges() {
  const { rows, distances } = data.changes; // rows of the words that both models have, in each of them
  const select = make("select", { id: "among" }, ...["1000", "5000", "all"].map((value) =>
    make("option", { value, textContent: value === "all" ? "all words" : `the ${number(+value)} most frequent words` })));
  select.value = state.among;
  select.onchange = () => go({ among: select.value });
  const limit = state.among === "all" ? Infinity : +state.among;
  const order = distances.map((_, index) => index)
    .filter((index) => rows[0][index] < limit && models[0].content[rows[0][index]])
    .sort((one, other) => distances[other] - distances[one]);
  const list = (chosen) => make("ol", { className: "list" }, ...chosen.map((index) => {
    const bar = make("span", { className: "bar" });
    bar.style.width = `${(distances[index] / (distances[order[0]] || 1)) * 100}%`;
    const value = make("span", { className: "number", textContent: distances[index].toFixed(3) });
    return make("li", {}, wordButton(models[0].words[rows[0][index]]), bar, value);
  }));
  const why = "0: the same neighbours at the same cosines; 1: nothing in common. Compared are the cosines with the 25 nearest words of both models. Function words are left out.";
  return [
    make("p", { className: "muted", textContent: `${number(distances.length)} words are in both models.` }),
    make("label", {}, "Among ", select),
    make("div", { className: "columns" },
      make("div", {}, make("h3", { textContent: "Changed most" }), list(order.slice(0, 25))),
      make("div", {}, make("h3", { textContent: "Changed least" }), list(order.slice(-25).reverse()))),
    make("p", { className: "muted", textContent: why }),
  ];
}

const SVG = "http://www.w3.org/2000/svg";
function draw(tag, attributes, text = "") {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
}

function lossChart({ title, series }) { // series: [{name, losses: [[epoch, loss], ...]}, ...]
  const all = series.flatMap((line) => line.losses);
  const [last, low, high] = [Math.max(...all.map(([x]) => x)), Math.min(...all.map(([, y]) => y)), Math.max(...all.map(([, y]) => y))];
  const x = (epoch) => 52 + (last > 1 ? (epoch - 1) / (last - 1) : 0.5) * 430;
  const y = (loss) => 170 - (high > low ? (loss - low) / (high - low) : 0.5) * 150;
  const svg = draw("svg", { viewBox: "0 0 500 205", role: "img", "aria-label": title });
  for (const value of high > low ? [low, (low + high) / 2, high] : [low])
    svg.append(draw("line", { class: "axis", x1: 52, x2: 490, y1: y(value), y2: y(value) }),
      draw("text", { x: 46, y: y(value) + 4, "text-anchor": "end" }, value.toPrecision(3)));
  for (const epoch of new Set([1, Math.ceil((1 + last) / 2), last]))
    svg.append(draw("text", { x: x(epoch), y: 188, "text-anchor": "middle" }, String(epoch)));
  svg.append(draw("text", { x: 267, y: 203, "text-anchor": "middle" }, "epoch"));
  const key = make("p", { className: "muted" });
  series.forEach(({ name, losses }, index) => {
    const colour = css(index ? "--second" : "--accent");
    const path = draw("path", { d: losses.map(([epoch, loss], at) => `${at ? "L" : "M"}${x(epoch)} ${y(loss)}`).join("") });
    path.style.stroke = colour;
    svg.append(path);
    if (losses.length === 1) svg.append(draw("circle", { cx: x(losses[0][0]), cy: y(losses[0][1]), r: 3 }));
    const mark = make("span", { textContent: "━ " });
    mark.style.color = colour;
    key.append(mark, `${name}: ${losses.at(-1)[1].toFixed(5)} after epoch ${losses.at(-1)[0]}  `);
  });
  return make("div", {}, make("h3", { textContent: title }), svg, key);
}

// ---------------------------------------------------------------------------------------------- map

const dark = matchMedia("(prefers-color-scheme: dark)");
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const clusterColour = (index) => `hsl(${(index * 137.5) % 360} ${dark.matches ? "60% 65%" : "62% 42%"})`;
const LEVELS = 24;
// From rare to frequent (low to high): far from the background at both ends.
const ramp = () => dark.matches ? [[92, 78, 160], [214, 79, 122], [250, 214, 92]] : [[232, 178, 72], [190, 52, 110], [38, 20, 92]];

function rampColour(share) {
  const [low, middle, high] = ramp();
  const [from, to, part] = share < 0.5 ? [low, middle, 2 * share] : [middle, high, 2 * share - 1];
  return `rgb(${from.map((value, k) => Math.round(value + (to[k] - value) * part)).join(" ")})`;
}

const colours = {
  cluster: { label: "by cluster", available: () => true },
  frequency: { label: "by frequency", available: () => true, values: (m) => m.counts ?? m.words.map((_, row) => -row - 1) },
  rate: { label: "by learned rate", available: (m) => m.rates, values: (m) => m.rates },
};

class WordMap {
  constructor(model, index) {
    this.model = model;
    this.index = index;
    this.canvas = make("canvas", { tabIndex: 0 });
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", `Map of the words of ${model.name}: arrow keys move, plus and minus zoom, 0 shows all`);
    this.tip = make("div", { className: "tip", hidden: true });
    const caption = make("figcaption", { textContent: `${model.name}: ${number(model.n)} words, ${model.projection}` });
    this.figure = make("figure", {}, this.canvas, this.tip, caption);
    const rows = model.words.map((_, row) => row);
    this.order = [...rows.filter((row) => model.content[row]), ...rows.filter((row) => !model.content[row])];
    this.widths = new Float32Array(model.n);
    this.height = 1;
    for (let row = 0; row < model.n; row++) this.height = Math.max(this.height, model.points[2 * row + 1]);
    this.height /= 65535;
    [this.wide, this.high] = [1, 1]; // pixels, until the map is on the page
    this.home();
    this.listen();
    new ResizeObserver(() => this.resize()).observe(this.canvas);
  }

  home() { Object.assign(this, { x: 0.5, y: this.height / 2, zoom: 1 }); }
  get scale() { return 0.94 * this.zoom * Math.min(this.wide, this.high / this.height); }
  place(row, scale = this.scale) {
    const { points } = this.model;
    return [
      (points[2 * row] / 65535 - this.x) * scale + this.wide / 2,
      (this.y - points[2 * row + 1] / 65535) * scale + this.high / 2,
    ];
  }
  resize() { // asking the browser for a size is slow, so it is asked once
    [this.wide, this.high] = [this.canvas.clientWidth, this.canvas.clientHeight];
    this.paint();
  }

  move(dx, dy) {
    this.x = Math.min(1, Math.max(0, this.x - dx / this.scale));
    this.y = Math.min(this.height, Math.max(0, this.y + dy / this.scale));
    this.changed();
  }
  zoomBy(factor, px = this.wide / 2, py = this.high / 2) {
    const [dx, dy] = [px - this.wide / 2, py - this.high / 2];
    const before = this.scale;
    this.zoom = Math.min(200, Math.max(1, this.zoom * factor));
    this.x += dx / before - dx / this.scale;
    this.y -= dy / before - dy / this.scale;
    this.move(0, 0);
  }
  show(row) { // bring a word and its nearer neighbours on the map into view
    const at = (of) => [this.model.points[2 * of] / 65535, this.model.points[2 * of + 1] / 65535];
    [this.x, this.y] = at(row);
    const reach = this.model.neighbours(row)
      .map(([other]) => Math.max(Math.abs(at(other)[0] - this.x), Math.abs(at(other)[1] - this.y)))
      .sort((one, other) => one - other);
    this.zoom = Math.min(12, Math.max(2, 0.42 / (reach[Math.floor(reach.length * 0.7)] || 1)));
  }
  changed() {
    this.paint();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      state.at = maps.map((map) => [map.x, map.y, map.zoom].map((value) => +value.toFixed(4)).join(",")).join(";");
      writeLink("replaceState");
    }, 300);
  }

  nearestDot(px, py) {
    let [best, least] = [-1, 14 ** 2];
    const { scale } = this;
    for (let row = 0; row < this.model.n; row++) {
      const [x, y] = this.place(row, scale);
      const distance = (x - px) ** 2 + (y - py) ** 2;
      if (distance < least) [best, least] = [row, distance];
    }
    return best;
  }
  wordAt(px, py) { // a label under the pointer, else the nearest dot
    const label = this.labels.find((box) => box.row >= 0 && px >= box.x0 && px <= box.x1 && py >= box.y0 && py <= box.y1);
    return label ? label.row : this.nearestDot(px, py);
  }

  hover(px, py) {
    const row = this.wordAt(px, py);
    this.tip.hidden = row < 0;
    this.canvas.style.cursor = row < 0 ? "grab" : "pointer";
    if (row < 0) return;
    const { model } = this;
    this.tip.replaceChildren(isolated(model.words[row]), model.counts ? ` · ${number(model.counts[row])}` : "");
    const right = px > this.wide / 2;
    Object.assign(this.tip.style, {
      left: right ? "" : `${px + 14}px`, right: right ? `${this.wide - px + 10}px` : "", top: `${Math.max(2, py - 32)}px`,
    });
  }

  listen() {
    const { canvas } = this;
    const pointers = new Map();
    let moved = 0;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, at(event));
      if (pointers.size === 1) moved = 0;
    });
    canvas.addEventListener("pointermove", (event) => {
      const [px, py] = at(event);
      const before = pointers.get(event.pointerId);
      if (!before) return this.hover(px, py);
      this.tip.hidden = true;
      moved += Math.abs(px - before[0]) + Math.abs(py - before[1]);
      if (pointers.size === 1) this.move(px - before[0], py - before[1]);
      else { // two fingers: zoom about the one that rests
        const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
        const span = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
        this.zoomBy(span([px, py]) / span(before), ...other);
      }
      pointers.set(event.pointerId, [px, py]);
    });
    const end = (event) => {
      if (!pointers.delete(event.pointerId) || event.type !== "pointerup" || moved > 5) return;
      const row = this.wordAt(...at(event));
      if (row >= 0) { this.keep = true; go({ view: "near", word: this.model.words[row] }); }
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
    canvas.addEventListener("pointerleave", () => { this.tip.hidden = true; });
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoomBy(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), ...at(event));
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
      if (step) this.move(...step);
      else if (event.key === "+" || event.key === "=") this.zoomBy(1.4);
      else if (event.key === "-") this.zoomBy(1 / 1.4);
      else if (event.key === "0") { this.home(); this.changed(); }
      else return;
      event.preventDefault();
    });
  }

  groups() { // [colour, test or level] of each dot: one fillStyle for each group is fast
    const { model } = this;
    const kind = colours[state.colour];
    if (this.grouped === state.colour + dark.matches) return this.dots;
    this.grouped = state.colour + dark.matches;
    const level = new Uint8Array(model.n);
    let shades;
    this.range = null;
    if (!kind?.values || !kind.available(model)) {
      level.set(model.clusters);
      shades = model.names.map((_, index) => clusterColour(index));
    } else {
      const values = kind.values(model);
      const order = this.order.slice().sort((one, other) => values[one] - values[other]);
      order.forEach((row, place) => { level[row] = (place / model.n) * LEVELS; }); // as many words of each colour
      shades = Array.from({ length: LEVELS }, (_, index) => rampColour(index / (LEVELS - 1)));
      this.range = [order[0], order[model.n >> 1], order[model.n - 1]].map((row) => values[row]);
    }
    const rows = shades.map(() => []);
    for (let row = model.n - 1; row >= 0; row--) rows[level[row]].push(row); // the frequent ones on top
    return (this.dots = shades.map((shade, index) => [shade, rows[index]]));
  }

  paint() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.paintNow());
  }

  paintNow() {
    const { canvas, model } = this;
    const [width, height] = [this.wide, this.high];
    if (!width || !height) return;
    const ratio = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio))
      [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    const pen = (this.pen = canvas.getContext("2d"));
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const chosen = state.word ? model.find(state.word) : undefined;
    const near = chosen === undefined ? [] : model.neighbours(chosen).map(([row]) => row);
    const radius = Math.min(4, 1.1 + 0.35 * Math.log2(this.zoom)) * (model.n > 5000 ? 1 : 1.5);
    pen.globalAlpha = chosen === undefined ? 0.75 : 0.35;
    const { scale } = this;
    for (const [shade, rows] of this.groups()) {
      pen.fillStyle = shade;
      for (const row of rows) {
        const [x, y] = this.place(row, scale);
        if (x > -5 && x < width + 5 && y > -5 && y < height + 5) pen.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
      }
    }
    pen.globalAlpha = 1;
    this.labels = [];
    this.style = { text: css("--text"), halo: css("--back"), accent: css("--accent"), muted: css("--muted") };
    if (chosen !== undefined) this.paintChosen(chosen, near);
    this.paintLabels(new Set([chosen, ...near]), width, height);
  }

  paintChosen(chosen, near) {
    const { pen } = this;
    const from = this.place(chosen);
    pen.strokeStyle = pen.fillStyle = this.style.accent;
    pen.lineWidth = 0.8;
    pen.globalAlpha = 0.55;
    for (const row of near) {
      pen.beginPath();
      pen.moveTo(...from);
      pen.lineTo(...this.place(row));
      pen.stroke();
    }
    pen.globalAlpha = 1;
    for (const row of [...near, chosen]) {
      pen.beginPath();
      pen.arc(...this.place(row), row === chosen ? 6 : 3.5, 0, 7);
      pen.fill();
    }
    this.label(chosen, this.model.words[chosen], ...from, 9, "700 15px", this.style.text);
    for (const row of near) this.label(row, this.model.words[row], ...this.place(row), 6, "600 13px", this.style.accent);
  }

  paintLabels(done, width, height) {
    const { model } = this;
    if (this.zoom < 4 && !done.has(0) && model.names.length > 1 && state.colour === "cluster")
      model.central.forEach((rows, index) => {
        const places = rows.map((row) => this.place(row));
        const middle = [0, 1].map((axis) => places.reduce((sum, place) => sum + place[axis], 0) / places.length);
        this.label(-1, model.names[index], ...middle, null, "700 12px", clusterColour(index));
      });
    let left = Math.min(400, (width * height) / 2800);
    let tries = 2500;
    const { scale } = this;
    for (const row of this.order) {
      if (left <= 0 || tries <= 0) break;
      const [x, y] = this.place(row, scale);
      if (x < 0 || x > width || y < 8 || y > height - 8 || done.has(row)) continue;
      tries--;
      if (this.label(row, model.words[row], x, y, 5, "12px", this.style.text)) left--;
    }
  }

  // Write a text next to (or, without `gap`, over) a point, unless it would touch another; returns whether it did.
  label(row, text, x, y, gap, font, colour) {
    const { pen } = this;
    const shown = text.length > 60 ? `${[...text].slice(0, 59).join("")}…` : text;
    pen.font = `${font} system-ui, sans-serif`;
    const plain = font === "12px";
    const width = (plain && this.widths[row]) || pen.measureText(shown).width;
    if (plain) this.widths[row] = width;
    const half = parseInt(font.split(" ").at(-1), 10) * 0.62;
    for (const left of gap === null ? [x - width / 2] : [x + gap, x - gap - width]) {
      const box = { row, x0: left - 2, x1: left + width + 2, y0: y - half, y1: y + half };
      const free = box.x0 >= 0 && box.x1 <= this.wide && box.y0 >= 0 && box.y1 <= this.high &&
        !this.labels.some((other) => box.x0 < other.x1 && other.x0 < box.x1 && box.y0 < other.y1 && other.y0 < box.y1);
      if (!free) continue;
      this.labels.push(box);
      Object.assign(pen, { textBaseline: "middle", textAlign: "left", direction: "ltr", lineJoin: "round", lineWidth: 3 });
      pen.strokeStyle = this.style.halo;
      pen.strokeText(shown, left, y);
      pen.fillStyle = colour;
      pen.fillText(shown, left, y);
      return true;
    }
    return false;
  }
}

const maps = models.map((model, index) => new WordMap(model, index));

// ---------------------------------------------------------------------------------------------- page

function paintLegend() {
  const { range } = maps[0];
  const legend = byId("legend");
  legend.replaceChildren();
  if (!range) return;
  const bar = make("i");
  bar.style.background = `linear-gradient(to right, ${[0, 0.25, 0.5, 0.75, 1].map(rampColour).join(", ")})`;
  const show = (value) => (value < 0 ? `rank ${number(-value)}` : value >= 1 ? number(value) : value.toPrecision(2));
  legend.append(show(range[0]), bar, show(range[2]));
  legend.title = `Every colour has as many words; the median is ${show(range[1])}.`;
}

function render() {
  say("");
  if (!(state.view in views)) state.view = START.view;
  if (!(state.colour in colours)) state.colour = START.colour;
  const [focused, typed] = [document.activeElement?.id, document.activeElement?.value];
  for (const tab of byId("tabs").children) {
    const current = tab.dataset.view === state.view;
    tab.setAttribute("aria-selected", String(current));
    tab.tabIndex = current ? 0 : -1;
  }
  byId("about").hidden = state.view !== "about";
  byId("panel").hidden = state.view === "about";
  byId("panel").replaceChildren(...views[state.view][1]());
  if (focused?.startsWith("field-") && typed !== undefined) byId(focused)?.focus();
  byId("search").value = state.word;
  byId("colour").value = state.colour;
  document.title = state.word ? `${state.word} – ${data.title}` : data.title;
  for (const map of maps) {
    const row = map.model.find(state.word);
    if (state.word !== map.word && row !== undefined && !map.keep) map.show(row);
    map.word = state.word;
    map.keep = false;
    map.groups();
    map.paint();
  }
  paintLegend();
}

function restore() { // from the link
  state = readLink();
  state.at.split(";").forEach((part, index) => {
    const [x, y, zoom] = part.split(",").map(Number);
    if (!maps[index] || !(zoom >= 1 && zoom <= 200 && x >= 0 && x <= 1 && y >= 0 && y <= 1)) return;
    Object.assign(maps[index], { x, y, zoom, keep: true });
  });
  render();
}

function begin() {
  document.querySelector("main").classList.toggle("two", two);
  byId("canvases").append(...maps.map((map) => map.figure));
  maps.forEach((map) => map.resize());
  wordInput(byId("search"), (word) => go({ word, view: ["near", "compare"].includes(state.view) ? state.view : "near" }));
  byId("tabs").append(...Object.entries(views).map(([view, [label]]) => {
    const tab = make("button", { type: "button", textContent: label, onclick: () => go({ view }) });
    tab.dataset.view = view;
    tab.setAttribute("role", "tab");
    return tab;
  }));
  byId("tabs").onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const tabs = [...byId("tabs").children];
    if (!step) return;
    const next = tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length];
    go({ view: next.dataset.view });
    next.focus();
  };
  for (const [key, { label, available }] of Object.entries(colours))
    if (models.some(available)) byId("colour").append(make("option", { value: key, textContent: label }));
  byId("colour").onchange = () => go({ colour: byId("colour").value });
  byId("in").onclick = () => maps.forEach((map) => map.zoomBy(1.5));
  byId("out").onclick = () => maps.forEach((map) => map.zoomBy(1 / 1.5));
  byId("home").onclick = () => maps.forEach((map) => { map.home(); map.changed(); });
  byId("losses").append(...data.losses.map(lossChart));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|SELECT)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      byId("search").select();
    }
  });
  dark.addEventListener("change", () => { byId("losses").replaceChildren(...data.losses.map(lossChart)); render(); });
  addEventListener("popstate", restore);
  restore();
}

begin();
