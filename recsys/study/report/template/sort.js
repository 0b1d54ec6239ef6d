// A heading sorts its table: highest first, lowest first, then as it was. Without this, the table is as it was.
for (const table of document.querySelectorAll("table:not(.wordy)")) {
  const bodies = [...table.tBodies];
  const rows = bodies.flatMap((body) => [...body.querySelectorAll("tr:not(.family)")]);
  const homes = rows.map((row) => row.parentNode);
  const headings = [...table.querySelectorAll(".names th")];
  const value = (row, column) => Number(row.cells[column].dataset.value ?? NaN);

  const sort = (column, way) => {
    const order = rows.map((row, index) => [value(row, column), index, row]);
    order.sort((a, b) => Number.isNaN(a[0]) - Number.isNaN(b[0]) || way * (a[0] - b[0]) || a[1] - b[1]);
    table.classList.toggle("sorted", way !== 0);
    if (way) order.forEach(([, , row]) => bodies[0].append(row));
    else rows.forEach((row, index) => homes[index].append(row));
  };

  headings.slice(1).forEach((heading, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const next = { null: "descending", descending: "ascending", ascending: null }[heading.getAttribute("aria-sort")];
      headings.forEach((each) => each.removeAttribute("aria-sort"));
      if (next) heading.setAttribute("aria-sort", next);
      sort(index + 1, { descending: -1, ascending: 1 }[next] ?? 0);
    });
  });
}
