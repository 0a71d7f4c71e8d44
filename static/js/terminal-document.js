// The document as xterm.js sees it (build.mjs and the option documentOverride put it there), so that the page's policy needs no 'unsafe-inline': its
// <style> elements carry the page's nonce, and a style attribute is set the way the policy allows.

const nonce = document.querySelector("script[nonce]")?.nonce ?? "";

function createElement(...args) {
  const element = document.createElement(...args);
  if (args[0] === "style") element.nonce = nonce;
  if (args[0] === "span") {
    element.setAttribute = (name, value) => {
      if (name === "style") element.style.cssText = value;
      else Element.prototype.setAttribute.call(element, name, value);
    };
  }
  return element;
}

export const terminalDocument = new Proxy(document, {
  get(target, name) {
    if (name === "createElement") return createElement;
    const value = target[name];
    return typeof value === "function" ? value.bind(target) : value;
  },
});
