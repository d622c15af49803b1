"use strict";

// Sorting: a press on a heading sorts the rows below it; empty cells come last in either order.

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

function compared(kind, column, sign) {
  const text = (row) => row.cells[column].textContent.trim();
  const key = (row) => row.cells[column].dataset.key ?? "";
  const value = kind === "number" ? key : text;
  return (one, other) => {
    const [a, b] = [value(one), value(other)];
    if (a === "" || b === "") return (a === "") - (b === "");
    return sign * (kind === "number" ? Number(a) - Number(b) : collator.compare(a, b));
  };
}

function sort(heading) {
  const table = heading.closest("table");
  const isAscending = heading.getAttribute("aria-sort") !== "ascending";
  for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", isAscending ? "ascending" : "descending");
  const rows = [...table.tBodies[0].rows];
  rows.sort(compared(heading.dataset.kind, heading.cellIndex, isAscending ? 1 : -1));
  table.tBodies[0].append(...rows);
}

for (const button of document.querySelectorAll(".sortable thead button")) {
  button.addEventListener("click", () => sort(button.closest("th")));
}
