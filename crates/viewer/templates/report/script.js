//<![CDATA[
"use strict";
// Optional: clicking a heading sorts its table; pointing at curves shows their values.
function key(row, column) {
  const cell = row.cells[column];
  return cell.hasAttribute("data-value") ? cell.dataset.value : cell.textContent.trim();
}
// Sorts numbers by value and text alphabetically. Empty cells come last in both directions.
function order(a, b, direction) {
  if (a === "" || b === "") return (a === "") - (b === "");
  const numbers = [Number(a), Number(b)];
  const plain = numbers.some(Number.isNaN);
  return direction * (plain ? a.localeCompare(b, "en", { numeric: true }) : numbers[0] - numbers[1]);
}
function sort(table, column) {
  const heads = table.tHead.rows[0].cells;
  const direction = heads[column].getAttribute("aria-sort") === "ascending" ? -1 : 1;
  for (const head of heads) head.removeAttribute("aria-sort");
  heads[column].setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
  const rows = Array.from(table.tBodies[0].rows);
  rows.sort((a, b) => order(key(a, column), key(b, column), direction));
  table.tBodies[0].append(...rows);
}
for (const table of document.querySelectorAll("table.sortable")) {
  Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => sort(table, column));
    head.replaceChildren(button);
  });
}
// Adds a hint below a table that is wider than the window.
function hint() {
  for (const box of document.querySelectorAll(".scroll")) {
    const wide = box.scrollWidth > box.clientWidth + 1, next = box.nextElementSibling;
    const shown = next ? next.classList.contains("hint") : false;
    if (wide ? shown : !shown) continue;
    if (!wide) { next.remove(); continue; }
    const text = document.createElement("p");
    text.className = "hint";
    text.textContent = "The table is wider than the window: scroll right for more columns.";
    box.after(text);
  }
}
addEventListener("resize", hint);
document.addEventListener("toggle", hint, true);
hint();
// The point of a curve nearest to x. Points are sorted by x.
function nearest(points, x) {
  let low = 0, high = points.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle][0] > x) high = middle; else low = middle;
  }
  return x - points[low][0] > points[high][0] - x ? points[high] : points[low];
}
function entry(series, x) {
  const line = document.createElement("div"), mark = document.createElement("i");
  mark.className = `c${series.colour}`;
  line.append(mark, `${series.name}: ${Number(nearest(series.points, x)[1].toPrecision(4))}`);
  return line;
}
for (const data of document.querySelectorAll("figure script")) {
  const curves = JSON.parse(data.textContent), figure = data.parentElement, svg = figure.querySelector("svg");
  const cursor = document.createElementNS(svg.namespaceURI, "line"), box = document.createElement("div");
  const view = svg.viewBox.baseVal;
  cursor.setAttribute("class", "cursor");
  box.className = "values";
  const leave = () => { cursor.remove(); box.remove(); };
  svg.addEventListener("pointerleave", leave);
  svg.addEventListener("pointermove", (event) => {
    const place = svg.getBoundingClientRect();
    const at = (event.clientX - place.left) / place.width * view.width;
    const share = (at - curves.left) / (curves.right - curves.left);
    if (!(share >= 0 ? share <= 1 : false)) return leave();
    const x = curves.low + share * (curves.high - curves.low);
    const stop = nearest(curves.series.reduce((a, b) => (a.points.length >= b.points.length ? a : b)).points, x)[0];
    const column = curves.left + (stop - curves.low) / (curves.high - curves.low) * (curves.right - curves.left);
    cursor.setAttribute("x1", column); cursor.setAttribute("x2", column);
    cursor.setAttribute("y1", view.height * 0.08); cursor.setAttribute("y2", view.height * 0.86);
    const head = document.createElement("div");
    head.textContent = `${curves.x} ${Number(stop.toPrecision(6))}`;
    box.replaceChildren(head, ...curves.series.map((series) => entry(series, stop)));
    svg.append(cursor);
    figure.append(box);
    const right = share > 0.5;
    box.style.top = "8%";
    box.style.left = right ? "auto" : `${column / view.width * 100 + 2}%`;
    box.style.right = right ? `${100 - column / view.width * 100 + 2}%` : "auto";
  });
}
//]]>
