// The containers that are merged into one log.

// What tells the sources apart: the end of their names, without the beginning they share.
// A name that is there in two clusters is said with its cluster.
export function shortNames(sources) {
  const wheres = Map.groupBy(sources, (one) => one.label);
  const several = new Set(sources.map((one) => one.where)).size > 1;
  if (several) return sources.map((one) => [one.n, new Set(wheres.get(one.label).map(({ where }) => where)).size > 1 ? `${one.label} · ${one.where}` : one.label]);
  const labels = sources.map((one) => one.label);
  let shared = labels[0] ?? "";
  for (const label of labels) while (!label.startsWith(shared)) shared = shared.slice(0, -1);
  const cut = labels.length > 1 ? shared.lastIndexOf("-") + 1 : 0;
  return sources.map((one) => [one.n, one.label.slice(cut)]);
}
