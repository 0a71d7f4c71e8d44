// Hostile text made harmless and readable: colours become spans, every other control character becomes its picture.

// Control characters but the tab, and what is invisible or turns the direction of the text around it.
const CONTROL =
  "[\\u0000-\\u0008\\u000a-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb]";
const SPECIAL = new RegExp(CONTROL);
const PART = new RegExp(`\\u001b\\[([0-9;:]{0,60})m|(${CONTROL})`, "g");
const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const MOST_SPANS = 400; // of one line: the rest of it stays plain

// Text as nodes for a parent. Nothing leaks out of the line: colours end where it ends.
export function paint(parent, text) {
  if (!SPECIAL.test(text)) {
    parent.append(text);
    return;
  }
  const style = new Set();
  let from = 0;
  let spans = 0;
  const plain = (until) => {
    if (until > from) parent.append(spanned(text.slice(from, until), [...style]));
  };
  for (const match of text.matchAll(PART)) {
    plain(match.index);
    from = match.index + match[0].length;
    if (match[1] !== undefined) restyle(style, match[1]);
    else parent.append(spanned(picture(match[2]), ["control"]));
    if (++spans === MOST_SPANS) break;
  }
  if (from < text.length) parent.append(spanned(pictured(text.slice(from)), [...style]));
}

// The same as plain text: what is copied and searched.
export const pictured = (text) => (SPECIAL.test(text) ? text.replace(PART, (all, colour, control) => (control ? picture(control) : "")) : text);

function spanned(text, classes) {
  if (!classes.length) return text;
  const span = document.createElement("span");
  span.className = classes.map((name) => `ansi-${name}`).join(" ");
  span.textContent = text;
  return span;
}

function picture(control) {
  const code = control.codePointAt(0);
  if (code < 32) return String.fromCodePoint(0x2400 + code);
  if (code === 127) return "␡";
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

// SGR: bold, quiet, italic, underline and the sixteen colours. Of 256 and true colours the nearest of these is taken.
function restyle(style, parameters) {
  const codes = parameters.split(/[;:]/).map(Number);
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at];
    if (code === 0) style.clear();
    else if (code === 1) style.add("bold");
    else if (code === 2) style.add("quiet");
    else if (code === 3) style.add("italic");
    else if (code === 4) style.add("underline");
    else if (code === 22) ["bold", "quiet"].forEach((name) => style.delete(name));
    else if (code === 23) style.delete("italic");
    else if (code === 24) style.delete("underline");
    else if (code >= 30 && code <= 37) colour(style, COLOURS[code - 30]);
    else if (code >= 90 && code <= 97) colour(style, COLOURS[code - 90]);
    else if (code === 39) colour(style, "");
    else if (code === 38 || code === 48) {
      const exact = codes[at + 1] === 5 ? nearest256(codes[at + 2]) : codes[at + 1] === 2 ? nearest(codes.slice(at + 2, at + 5)) : "";
      if (code === 38) colour(style, exact);
      at += codes[at + 1] === 5 ? 2 : 4;
    }
  }
}

function colour(style, name) {
  for (const other of COLOURS) style.delete(other);
  if (name) style.add(name);
}

function nearest256(index) {
  if (index < 16) return COLOURS[index % 8];
  if (index >= 232) return index < 244 ? "black" : "white";
  const cube = index - 16;
  return nearest([Math.floor(cube / 36) * 51, (Math.floor(cube / 6) % 6) * 51, (cube % 6) * 51]);
}

function nearest([red = 0, green = 0, blue = 0]) {
  const bit = (part) => (part > 110 ? 1 : 0);
  return COLOURS[bit(red) + 2 * bit(green) + 4 * bit(blue)] ?? "";
}
