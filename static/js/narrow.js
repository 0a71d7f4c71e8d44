// What a narrow screen needs of us: the label of each value where a table becomes cards, and the open tab in sight.

const NARROW = matchMedia("(width <= 760px)");

function labelCells() {
  for (const table of document.querySelectorAll(".plain-table table")) {
    const labels = [...(table.tHead?.rows[0]?.cells ?? [])].map((cell) => (cell.querySelector(".sr") ? "" : cell.textContent.trim()));
    for (const row of table.tBodies[0]?.rows ?? []) {
      for (const [index, cell] of [...row.cells].entries()) {
        if (index > 0 && labels[index]) cell.dataset.label = labels[index];
      }
    }
  }
}

function showTab() {
  for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
    const bar = tab.parentElement;
    const off = tab.getBoundingClientRect().left - bar.getBoundingClientRect().left;
    bar.scrollLeft += off - (bar.clientWidth - tab.offsetWidth) / 2;
  }
}

function fit() {
  labelCells(); // a quick look is narrow on any screen
  if (NARROW.matches) showTab();
}

fit();
NARROW.addEventListener("change", fit);
document.addEventListener("htmx:after:swap", fit);
