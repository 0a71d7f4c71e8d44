// The cluster that was chosen in the switcher: ?cluster=prod-eu in the address. Every link of a page keeps it; the sidebar
// follows when a list's own filter chooses another one.

import { ask } from "./ask.js";

const PARAM = "cluster";
const ONE = /^[a-z0-9][a-z0-9_-]*$/i; // a list may be filtered by several clusters, or by all but one

export function chosenCluster() {
  const text = new URLSearchParams(location.search).get(PARAM) ?? "";
  return ONE.test(text) ? text : "";
}

// The same address, narrowed as this page is; the pages of other clusters, and of other sites, are left as they are.
export function scoped(href) {
  const cluster = chosenCluster();
  const address = new URL(href, location.href);
  const elsewhere = address.pathname.match(/^\/clusters\/([^/]+)\//)?.[1] ?? cluster;
  if (!cluster || address.origin !== location.origin || address.searchParams.has(PARAM) || elsewhere !== cluster) return href;
  address.searchParams.set(PARAM, cluster);
  return address.pathname + address.search + address.hash;
}

function keep(event) {
  const link = event.target.closest?.("a[href]:not([data-unscoped], [download], [href^='#'])");
  if (link && chosenCluster()) link.setAttribute("href", scoped(link.getAttribute("href")));
}

for (const name of ["click", "auxclick", "contextmenu"]) document.addEventListener(name, keep, { capture: true });

let known = chosenCluster();

// A part of the frame as the server has it now.
export function anew(part) {
  ask(location.href, part, { select: part, swap: "outerMorph" });
}

// The address of this page changed without a new page: the sidebar and the palette are of the cluster it names now.
function changed() {
  if (chosenCluster() === known) return;
  known = chosenCluster();
  for (const part of ["#side", "#scope"]) anew(part);
  document.dispatchEvent(new CustomEvent("scope"));
}

document.addEventListener("address", changed);
addEventListener("popstate", changed);
