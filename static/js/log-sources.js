// The containers that are merged into one log.

// What tells the sources apart: the end of their names, without the beginning they share.
export function shortNames(sources) {
  const labels = sources.map((one) => one.label);
  let shared = labels[0] ?? "";
  for (const label of labels) while (!label.startsWith(shared)) shared = shared.slice(0, -1);
  const cut = labels.length > 1 ? shared.lastIndexOf("-") + 1 : 0;
  return sources.map((one) => [one.n, one.label.slice(cut)]);
}
