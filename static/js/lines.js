// A line of a field of lines, taken apart into what is typed, and put together again. A part says what stands between it
// and the part before it ("before"), and what it may be ("choices"); what is left out of a line is empty. A part that may
// stand "alone" is the whole of a line without what stands before it: of "8080:80" and of "80" the port inside.

export function takeApart(line, parts) {
  const values = parts.map(() => "");
  let rest = line;
  const alone = Math.max(0, parts.findIndex((part) => part.alone && !line.includes(part.before)));
  for (let at = alone; at < parts.length; at++) {
    const [found, next] = upTo(rest, parts, at);
    if (parts[at].choices.length && !isChoice(found, parts[at])) continue; // it was left out: what stands here is the next part
    values[at] = found;
    if (next === parts.length) break;
    rest = rest.slice(found.length + parts[next].before.length);
    at = next - 1;
  }
  return values.map((value, at) => value || (parts[at].choices[0]?.[0] ?? ""));
}

export function putTogether(values, parts) {
  if (values.every((value, at) => !value.trim() || parts[at].choices.length)) return "";
  let line = "";
  let waiting = "";
  for (const [at, value] of values.entries()) {
    const { alone } = parts[at];
    const needed = line || !alone || values.some((later, index) => index > at && later && parts[index].before === parts[at].before);
    const before = at && needed ? parts[at].before : "";
    if (value || (alone && line) || before === "=") {
      line += waiting + before + value;
      waiting = "";
    } else if (before === " ") waiting += before;
  }
  return line.trimStart(); // of a first part that is empty, only the space behind it is left
}

// Up to the nearest of the separators that may follow.
function upTo(text, parts, at) {
  let [end, next] = [text.length, parts.length];
  for (let later = at + 1; later < parts.length; later++) {
    const { before, alone } = parts[later];
    const last = alone && !parts.slice(later + 1).some((part) => part.before === before); // "127.0.0.1:8080:80"
    const found = last ? text.lastIndexOf(before) : text.indexOf(before);
    if (found >= 0 && found < end) [end, next] = [found, later];
  }
  return [text.slice(0, end), next];
}

const isChoice = (text, part) => part.choices.some(([value]) => value === text);
