// What was looked at (#yaml-result) is not what is written any more: it says so, and cannot be applied.

export function agePlan() {
  const result = document.getElementById("yaml-result");
  result?.toggleAttribute("data-old", Boolean(result.querySelector(".yaml-apply")));
  const words = result?.querySelector(".yaml-old");
  if (words) words.hidden = false;
}
