// Icons from the sprite. Levels and platforms are names of icons, too (static/icons.json).

const SVG = "http://www.w3.org/2000/svg";
const sprite = document.documentElement.dataset.icons;

export function icon(name, kind = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", kind ? `icon ${kind}` : "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${sprite}#i-${name}`);
  svg.append(use);
  return svg;
}

export function setIcon(svg, name) {
  const href = `${sprite}#i-${name}`;
  const use = svg.firstElementChild;
  if (use.getAttribute("href") !== href) use.setAttribute("href", href);
}
