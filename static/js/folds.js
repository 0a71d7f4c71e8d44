// Groups of the sidebar that were opened or closed: kept in a cookie, so that the server's next page is right from the start.

import { keep } from "./looks.js";

const COOKIE = "folds"; // "networking:1.storage:0"

function known() {
  const text = document.cookie.split("; ").find((one) => one.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1) ?? "";
  return new Map(text.split(".").filter(Boolean).map((one) => one.split(":")));
}

document.addEventListener("click", (event) => {
  const fold = event.target.closest("summary")?.closest("[data-fold]");
  if (!fold) return;
  const chosen = known().set(fold.dataset.fold, fold.open ? "0" : "1"); // it is turned only after this
  keep(COOKIE, [...chosen].map((one) => one.join(":")).join("."));
});
