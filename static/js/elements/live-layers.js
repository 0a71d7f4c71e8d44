// <live-layers>: the picture of the layers of one app. Layers that are different are pushed as HTML; lines are drawn
// between what leads to what; copies that appear, go or move are seen to; arrow keys go from thing to thing.

import { make } from "../make.js";
import { lines } from "../layers/lines.js";
import { moving } from "../layers/moving.js";
import { neighbour } from "../layers/neighbour.js";
import { live } from "../socket.js";

const MOST_TOLD = 4; // sentences that stay on the page

class LiveLayers extends HTMLElement {
  connectedCallback() {
    const { cluster, kind, key } = this.dataset;
    this.list = this.querySelector(".layers");
    this.svg = this.querySelector(".layer-lines");
    this.links = JSON.parse(this.querySelector("#layer-links").textContent);
    this.subscription = live.follow("layers", { cluster, kind, key }, (frame) => this.#receive(frame));
    this.observer = new ResizeObserver(() => this.#lines());
    this.observer.observe(this.list);
    for (const event of ["pointerover", "focusin"]) this.addEventListener(event, this.#point);
    for (const event of ["pointerleave", "focusout"]) this.addEventListener(event, this.#unpoint);
    this.addEventListener("keydown", this.#key);
    this.#roving();
  }

  disconnectedCallback() {
    this.subscription.close();
    this.observer.disconnect();
  }

  #receive(frame) {
    if (!frame.parts) return; // the head of the page says that it is gone
    const focused = this.contains(document.activeElement) ? document.activeElement.dataset.thing : undefined;
    const settle = moving(this.list);
    for (const [name, html] of Object.entries(frame.parts)) this.#put(name, html);
    if (frame.order) this.#arrange(frame.order);
    if (frame.links) this.links = frame.links;
    if (frame.notes) this.#notes(frame.notes);
    if (focused !== undefined && !this.list.contains(document.activeElement)) this.#focus(this.#find(focused) ?? this.querySelector("#layer-workload .thing, .thing"));
    this.#roving();
    this.#follow(settle());
    for (const words of frame.told ?? []) this.#tell(words);
  }

  // Our own template, which escapes what clusters say.
  #put(name, html) {
    const holder = document.createElement("template");
    holder.innerHTML = html;
    const fresh = holder.content.firstElementChild;
    const known = this.#layer(name);
    if (known?.outerHTML === fresh.outerHTML) return;
    if (known) known.replaceWith(fresh);
    else this.list.append(fresh);
  }

  #layer(name) {
    return this.list.querySelector(`:scope > [data-layer="${CSS.escape(name)}"]`);
  }

  #arrange(order) {
    for (const layer of [...this.list.children]) if (!order.includes(layer.dataset.layer)) layer.remove();
    order.forEach((name, place) => {
      const layer = this.#layer(name);
      if (this.list.children[place] !== layer) this.list.insertBefore(layer, this.list.children[place] ?? null);
    });
  }

  #notes(notes) {
    const old = this.querySelector("[data-notes]");
    old.replaceChildren(...notes.map((note) => make("p", { className: "quiet" }, note)));
  }

  #tell(words) {
    const list = this.querySelector("[data-told]");
    const at = new Date();
    const time = make("time", { className: "num", dateTime: at.toISOString() }, at.toLocaleTimeString([], { hour12: false }));
    list.prepend(make("li", {}, time, make("span", {}, words)));
    while (list.children.length > MOST_TOLD) list.lastElementChild.remove();
  }

  // Lines go with what moves, and end where it ends.
  #follow(moves) {
    this.#lines();
    if (this.isConnected && moves.some((one) => one.playState === "running")) requestAnimationFrame(() => this.#follow(moves));
  }

  #lines() {
    lines(this.svg, this.list, this.links, this.pointed);
  }

  #find(id) {
    return this.list.querySelector(`[data-thing="${CSS.escape(id)}"]`);
  }

  // What is pointed at, or has the focus, shows all that it is linked with.
  #point = (event) => {
    const id = event.target.closest("[data-thing]")?.dataset.thing;
    if (id === this.pointed) return;
    this.pointed = id;
    this.#lines();
  };

  #unpoint = () => {
    if (this.pointed === undefined) return;
    this.pointed = undefined;
    this.#lines();
  };

  // One stop for the Tab key; from there the arrows lead on.
  #roving() {
    const things = [...this.list.querySelectorAll("[data-thing]")];
    const current = things.find((one) => one === document.activeElement) ?? this.#find(this.current ?? "") ?? this.querySelector("#layer-workload .thing") ?? things[0];
    for (const one of things) one.tabIndex = one === current ? 0 : -1;
  }

  #focus(thing) {
    if (!thing) return;
    this.current = thing.dataset.thing;
    thing.focus({ preventScroll: false });
    this.#roving();
  }

  #key = (event) => {
    const here = event.target.closest("[data-thing]");
    if (!here || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const next = neighbour(this.list, here, event.key, this.links);
    if (next === undefined) return;
    event.preventDefault();
    this.#focus(next);
  };
}

customElements.define("live-layers", LiveLayers);
