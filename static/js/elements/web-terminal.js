// <web-terminal>: a shell in a container. Keys go out as bytes; what comes is drawn by xterm.js and acknowledged once
// it is drawn, so that a flood waits in the container and not in the page.

import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { Terminal } from "@xterm/xterm";
import { icon } from "../icons.js";
import { make } from "../make.js";
import { terminalDocument } from "../terminal-document.js";
import { confirmed, confirmedLink } from "../terminal-paste.js";

const ACKNOWLEDGE_EVERY = 64 * 1024; // bytes
const SCROLLBACK = 5000;
const THEME = {
  background: "#0b0c10", foreground: "#e6e9ef", cursor: "#e6e9ef", cursorAccent: "#0b0c10", selectionBackground: "#3b4463",
  black: "#3a3f4b", red: "#ff8a8f", green: "#5fd39a", yellow: "#f3bd55", blue: "#7cb8ff", magenta: "#c79bf2", cyan: "#6fd6d6", white: "#d5dae3",
  brightBlack: "#8c94a3", brightRed: "#ffa5a9", brightGreen: "#83e3b4", brightYellow: "#ffd684", brightBlue: "#a3ceff", brightMagenta: "#dcbcff", brightCyan: "#97e8e8", brightWhite: "#ffffff",
};

const tool = (name, label) => make("button", { type: "button", className: "btn ghost sm sq", title: label, aria: { label } }, icon(name, "sm"));

class WebTerminal extends HTMLElement {
  connectedCallback() {
    if (this.terminal) return;
    this.target = { cluster: this.dataset.cluster, kind: this.dataset.kind, uid: this.dataset.uid, container: this.dataset.container ?? "" };
    this.#build();
    this.#open();
  }

  disconnectedCallback() {
    this.abort?.abort();
    this.resizing?.disconnect();
    this.#hangUp();
    this.terminal?.dispose();
    this.terminal = null;
    this.replaceChildren();
  }

  #build() {
    this.abort = new AbortController();
    const { signal } = this.abort;
    this.chooser = make("select", { className: "btn sm", hidden: true, aria: { label: "Container" } });
    this.chooser.addEventListener("change", () => this.#choose(), { signal });
    this.who = make("span", { className: "terminal-who", role: "status" });
    this.find = make("input", { type: "search", placeholder: "Find", title: "Ctrl+Shift+F leads here, out of the terminal", aria: { label: "Find in the terminal", keyshortcuts: "Control+Shift+F" } });
    this.find.addEventListener("keydown", (event) => this.#search(event), { signal });
    const recorded = make("span", { className: "tag", title: "Who opened it, when, and how it ended is recorded; what is typed is not." }, icon("shield-check", "sm"), "Recorded in the audit");
    const whole = tool("maximize-2", "Full screen");
    whole.addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : this.requestFullscreen()), { signal });
    const tools = make("span", { className: "terminal-tools" }, make("span", { className: "field terminal-find" }, icon("search", "sm"), this.find), recorded, whole);
    this.screen = make("div", { className: "terminal-screen" });
    this.append(make("div", { className: "terminal-bar" }, this.chooser, this.who, tools), this.screen);
    this.#draw(signal);
  }

  #draw(signal) {
    const terminal = (this.terminal = new Terminal({
      documentOverride: terminalDocument,
      allowProposedApi: false,
      cursorBlink: false,
      fontFamily: getComputedStyle(this).getPropertyValue("--mono"),
      fontSize: 13,
      lineHeight: 1.25,
      linkHandler: { allowNonHttpProtocols: false, activate: (event, address) => follow(address) },
      logLevel: "off",
      macOptionIsMeta: true,
      screenReaderMode: false,
      scrollback: SCROLLBACK,
      theme: THEME,
      windowOptions: {}, // no program may move, resize, raise or ask about our window
    }));
    // Programs may not write to the clipboard (OSC 52), nor ask who or what we are to have the answer typed for them.
    for (const code of [4, 10, 11, 12, 50, 52]) terminal.parser.registerOscHandler(code, () => true);
    this.fit = new FitAddon();
    this.search = new SearchAddon();
    terminal.loadAddon(this.fit);
    terminal.loadAddon(this.search);
    terminal.loadAddon(new WebLinksAddon((event, address) => follow(address)));
    terminal.open(this.screen);
    // The shell gets Tab and Escape: how to get out without a mouse has to be said.
    terminal.textarea.ariaLabel = `Terminal in ${this.dataset.name ?? "a container"}. Control Shift F leads out of it.`;
    terminal.onData((data) => this.#send(new TextEncoder().encode(data)));
    terminal.onBinary((data) => this.#send(Uint8Array.from(data, (one) => one.charCodeAt(0))));
    terminal.onResize(() => this.#tellSize());
    terminal.attachCustomKeyEventHandler((event) => this.#key(event));
    // Before xterm.js sees it: a paste is looked at first.
    this.screen.addEventListener("paste", (event) => this.#paste(event), { signal, capture: true });
    this.resizing = new ResizeObserver(() => this.#fit());
    this.resizing.observe(this.screen);
    document.fonts.ready.then(() => this.#fit());
  }

  // --- the line ---------------------------------------------------------------------------------------------------

  #open() {
    this.#hangUp();
    this.screen.querySelector(".terminal-end")?.remove();
    this.terminal.options.disableStdin = false;
    this.who.textContent = "Opening a shell…";
    this.reason = null;
    this.received = this.drawn = this.told = 0;
    const address = `${location.origin.replace(/^http/, "ws")}/terminal/?${new URLSearchParams(this.target)}`;
    const socket = (this.socket = new WebSocket(address));
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => socket === this.socket && (typeof data === "string" ? this.#control(JSON.parse(data)) : this.#receive(data));
    socket.onclose = ({ code }) => socket === this.socket && this.#closed(code);
  }

  #hangUp() {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  #control(frame) {
    if (frame.t === "open") this.#opened(frame);
    else if (frame.t === "notice") this.terminal.write(`\r\n\x1b[33m${frame.text}\x1b[0m\r\n`);
    else if (frame.t === "end") this.reason = frame;
  }

  #opened({ program, user, containers, chosen }) {
    this.who.textContent = `Shell: ${program}${user ? ` as ${user}` : ""}`;
    if (!this.containers) {
      this.containers = containers;
      this.chooser.replaceChildren(...containers.map((one, index) => new Option(one.label, index)));
      this.chooser.value = chosen;
      this.chooser.hidden = containers.length < 2;
    }
    this.#fit();
    this.#tellSize();
    this.terminal.focus();
  }

  #receive(data) {
    this.terminal.write(new Uint8Array(data), () => {
      this.drawn += data.byteLength;
      if (this.drawn - this.told < ACKNOWLEDGE_EVERY) return;
      this.told = this.drawn;
      this.#say({ t: "ack", n: this.drawn });
    });
  }

  #closed(code) {
    this.socket = null;
    this.terminal.options.disableStdin = true;
    const opened = this.who.textContent.startsWith("Shell");
    const why = this.reason?.why ?? (code === 1006 && !opened ? "The terminal was not opened." : "The connection was lost.");
    const hint = this.reason?.hint ?? (opened ? "" : "You may not be allowed to open it, or the container is not there any more.");
    const again = make("button", { type: "button", className: "btn sm" }, icon("rotate-cw", "sm"), opened ? "Open again" : "Try again");
    again.addEventListener("click", () => this.#again());
    this.who.textContent = "Closed";
    this.screen.append(make("div", { className: "terminal-end", role: "status" }, make("p", {}, why, hint ? make("small", {}, hint) : ""), again));
  }

  #again() {
    this.terminal.reset();
    this.#open();
  }

  #choose() {
    const { kind, uid, container } = this.containers[Number(this.chooser.value)];
    this.target = { ...this.target, kind, uid, container };
    this.#again();
  }

  // --- what goes out ----------------------------------------------------------------------------------------------

  #send(bytes) {
    const most = 16 * 1024; // a frame that is too large would close the line
    for (let from = 0; from < bytes.length && this.socket?.readyState === WebSocket.OPEN; from += most) {
      this.socket.send(bytes.subarray(from, from + most));
    }
  }

  #say(frame) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  #fit() {
    if (this.terminal && this.screen.offsetParent !== null && this.screen.clientWidth) this.fit.fit();
  }

  #tellSize() {
    this.#say({ t: "size", columns: this.terminal.cols, rows: this.terminal.rows });
  }

  async #paste(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
    const text = await confirmed(event.clipboardData.getData("text/plain"));
    if (text) this.terminal?.paste(text);
    this.terminal?.focus();
  }

  // --- keys -------------------------------------------------------------------------------------------------------

  #key(event) {
    if (event.type !== "keydown") return true;
    const copies = (event.ctrlKey && event.shiftKey && event.code === "KeyC") || (event.metaKey && event.code === "KeyC");
    if (copies && this.terminal.hasSelection()) {
      navigator.clipboard.writeText(this.terminal.getSelection());
      event.preventDefault();
      return false;
    }
    if (event.ctrlKey && event.shiftKey && event.code === "KeyF") {
      this.find.focus();
      event.preventDefault();
      return false;
    }
    // The browser pastes, so that we are asked first.
    return !(event.ctrlKey && event.shiftKey && event.code === "KeyV");
  }

  #search(event) {
    if (event.key === "Enter") {
      if (event.shiftKey) this.search.findPrevious(this.find.value);
      else this.search.findNext(this.find.value);
    } else if (event.key === "Escape") this.terminal.focus();
  }
}

async function follow(address) {
  const url = URL.parse?.(address) ?? new URL(address);
  if (!["http:", "https:"].includes(url.protocol)) return;
  if (await confirmedLink(url.href)) window.open(url.href, "_blank", "noopener,noreferrer");
}

customElements.define("web-terminal", WebTerminal);
