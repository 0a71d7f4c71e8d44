// Which rows are selected: kept by id, so that scrolling, sorting and live changes do not lose them.

export class Selection extends EventTarget {
  #ids = new Set();
  #anchor = null;
  cut = 0; // how many rows "all" would have been, where not all could be selected

  get size() {
    return this.#ids.size;
  }

  get ids() {
    return [...this.#ids];
  }

  has(id) {
    return this.#ids.has(id);
  }

  toggle(id, on = !this.#ids.has(id)) {
    if (on) this.#ids.add(id);
    else this.#ids.delete(id);
    this.#anchor = id;
    this.#tell();
  }

  // From the last one toggled to this one, in the order on the page.
  extend(id, order) {
    const [from, to] = [order.indexOf(this.#anchor), order.indexOf(id)].sort((a, b) => a - b);
    if (from < 0) return this.toggle(id, true);
    for (const one of order.slice(from, to + 1)) this.#ids.add(one);
    this.#tell();
  }

  set(ids, cut = 0) {
    this.#ids = new Set(ids);
    this.cut = cut;
    this.#tell();
  }

  clear() {
    if (this.size) this.set([]);
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}
