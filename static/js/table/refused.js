// Asks what may be done to none of the selected rows, a moment after the selection changed.

const QUIET = 150; // ms
const MOST = 500; // as many as can be acted on at once

export function askRefused(told) {
  let timer, asking;
  return (ids) => {
    clearTimeout(timer);
    asking?.abort();
    if (!ids.length) return told({});
    timer = setTimeout(async () => {
      asking = new AbortController();
      try {
        const answer = await fetch(`/act/refused/?${new URLSearchParams({ rows: ids.slice(0, MOST).join(",") })}`, { signal: asking.signal });
        told(answer.ok ? (await answer.json()).refused : {});
      } catch (error) {
        if (error.name !== "AbortError") told({}); // it is offered then: the dialog asks again
      }
    }, QUIET);
  };
}
