//<![CDATA[
"use strict";
// Without this script nothing is missing but comfort: a click on a heading sorts the table.
function key(row, column) {
  const cell = row.cells[column];
  return cell.hasAttribute("data-value") ? cell.dataset.value : cell.textContent.trim();
}
// Numbers by size, words by letter, empty cells last whichever way.
function order(a, b, way) {
  if (a === "" || b === "") return (a === "") - (b === "");
  const numbers = [Number(a), Number(b)];
  const plain = numbers.some(Number.isNaN);
  return way * (plain ? a.localeCompare(b, "en", { numeric: true }) : numbers[0] - numbers[1]);
}
function sort(table, column) {
  const heads = table.tHead.rows[0].cells;
  const way = heads[column].getAttribute("aria-sort") === "ascending" ? -1 : 1;
  for (const head of heads) head.removeAttribute("aria-sort");
  heads[column].setAttribute("aria-sort", way === 1 ? "ascending" : "descending");
  const rows = Array.from(table.tBodies[0].rows);
  rows.sort((a, b) => order(key(a, column), key(b, column), way));
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
//]]>
