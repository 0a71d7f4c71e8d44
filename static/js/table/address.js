// The state of a list lives in its address, and only there: search, labels, filters, sort, columns.

const OWN = ["q", "labels"]; // what narrows a list beside its columns: the search and the label selector

export class Address {
  get params() {
    return new URLSearchParams(location.search);
  }

  get query() {
    return location.search.replace(/^\?/, "");
  }

  // Change some of it. While somebody types the entry in the history is replaced, otherwise a new one is added.
  change(values, { typing = false } = {}) {
    const params = this.params;
    for (const [key, value] of Object.entries(values)) {
      if (value === null || value === "") params.delete(key);
      else params.set(key, value);
    }
    const search = params.toString().replaceAll("%2C", ",");
    const address = `${location.pathname}${search ? `?${search}` : ""}`;
    if (typing) history.replaceState(history.state, "", address);
    else history.pushState(null, "", address);
    document.dispatchEvent(new CustomEvent("address"));
  }

  // Once: upwards, twice: downwards, three times: as it was.
  sort(key) {
    const now = this.params.get("sort");
    this.change({ sort: now === key ? `-${key}` : now === `-${key}` ? null : key });
  }

  // The values a column is filtered by, and whether these are the ones left out.
  filter(key) {
    const text = this.params.get(key) ?? "";
    return { without: text.startsWith("-"), values: new Set(text.replace(/^-/, "").split(",").filter(Boolean)) };
  }

  setFilter(key, values, without = false) {
    this.change({ [key]: values.size ? `${without ? "-" : ""}${[...values].join(",")}` : null });
  }

  // A cluster is where one looks, not what one looks for.
  isFiltered(columns) {
    const { params } = this;
    return [...OWN, ...columns.map((column) => column.key)].some((key) => key !== "cluster" && params.get(key));
  }

  clear(columns) {
    this.change(Object.fromEntries([...OWN, ...columns.map((column) => column.key)].map((key) => [key, null])));
  }
}
