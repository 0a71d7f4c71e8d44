// The widths of a table's columns as the grid of its rows: where there is less room than they ask for, those that may
// grow give way together, so that the last ones are never out of sight.

const BOX = 24; // px, of the box to tick
const GAP = 12;

export function tracks(widths) {
  const least = widths.map((width) => Number(/^minmax\((\d+)px/.exec(width)?.[1] ?? 0)); // 0: of a fixed width
  const sum = least.reduce((all, one) => all + one, 0);
  const fixed = widths.reduce((all, width, index) => all + GAP + (least[index] ? 0 : Number.parseFloat(width) || 0), BOX);
  const given = (one) => `min(${one}px, (100% - ${fixed}px) * ${(one / sum).toFixed(4)})`;
  const columns = widths.map((width, index) => (least[index] ? width.replace(`${least[index]}px`, given(least[index])) : width));
  return [`${BOX}px`, ...columns].join(" ");
}
