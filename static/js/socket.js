// The tab's one websocket: topics are followed over it, and followed again after every reconnection.
// docs/live-protocol.md describes the frames.

import { heardAt } from "./clock.js";

const SILENCE = 25_000; // ms without any frame: the line is dead
const SLOWEST = 15_000; // ms between two tries to reconnect
const ENDED = 4401;

class Subscription {
  constructor(socket, number, topic, args, onFrame) {
    Object.assign(this, { socket, number, topic, args, onFrame, seq: 0, synced: false });
  }

  subscribe() {
    this.synced = false;
    this.socket.send({ op: "sub", id: this.number, topic: this.topic, args: this.args });
  }

  // Follow something else of the same sort; the answer is a whole snapshot.
  set(args) {
    this.args = { ...this.args, ...args };
    this.synced = false;
    this.socket.send({ op: "set", id: this.number, args });
  }

  resync() {
    this.synced = false;
    this.socket.send({ op: "resync", id: this.number });
  }

  acknowledge(n) {
    this.socket.send({ op: "ack", id: this.number, n });
  }

  close() {
    this.socket.subscriptions.delete(this.number);
    this.socket.send({ op: "unsub", id: this.number });
  }

  receive(frame) {
    heardAt(frame.now);
    if (frame.t === "snap") {
      this.seq = frame.seq;
      this.synced = true;
    } else if (frame.t === "patch") {
      if (this.synced && frame.seq !== this.seq + 1) this.resync();
      if (!this.synced && !frame.lines) return; // what came before the snapshot says nothing
      this.seq = frame.seq;
    } else if (frame.t === "end") {
      this.socket.subscriptions.delete(this.number);
    }
    this.onFrame(frame);
  }
}

class LiveSocket extends EventTarget {
  subscriptions = new Map();
  state = "connecting"; // "live", "reconnecting", "offline", "ended"
  #socket = null;
  #numbers = 0;
  #tries = 0;
  #retry = 0;
  #silence = 0;

  follow(topic, args, onFrame) {
    if (!this.#socket) this.#open();
    const subscription = new Subscription(this, ++this.#numbers, topic, args, onFrame);
    this.subscriptions.set(subscription.number, subscription);
    if (this.#isOpen) subscription.subscribe();
    return subscription;
  }

  send(frame) {
    if (this.#isOpen) this.#socket.send(JSON.stringify(frame));
  }

  retryNow() {
    if (this.state === "ended" || this.#isOpen || this.#socket?.readyState === WebSocket.CONNECTING) return;
    clearTimeout(this.#retry);
    this.#tries = 0;
    this.#open();
  }

  get #isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  #say(state) {
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }

  #open() {
    const socket = (this.#socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/live/`));
    socket.onopen = () => {
      this.#tries = 0;
      this.#say("live");
      this.#listen();
      for (const subscription of this.subscriptions.values()) subscription.subscribe();
    };
    socket.onmessage = ({ data }) => {
      this.#listen();
      this.#receive(JSON.parse(data));
    };
    socket.onclose = ({ code }) => this.#closed(socket, code);
  }

  #receive(frame) {
    if (frame.op === "ping") this.send({ op: "ping" });
    else if (frame.id !== undefined) this.subscriptions.get(frame.id)?.receive(frame);
  }

  #closed(socket, code) {
    if (socket !== this.#socket) return;
    clearTimeout(this.#silence);
    if (code === ENDED) {
      this.#say("ended");
      location.reload(); // leads to the sign-in page, and back here afterwards
      return;
    }
    this.#say(navigator.onLine ? "reconnecting" : "offline");
    const wait = Math.random() * Math.min(SLOWEST, 500 * 2 ** this.#tries++);
    this.#retry = setTimeout(() => this.#open(), wait);
  }

  #listen() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      const dead = this.#socket;
      dead.close();
      this.#closed(dead, 0); // a dead line does not even say that it closed
    }, SILENCE);
  }
}

export const live = new LiveSocket();

addEventListener("online", () => live.retryNow());
document.addEventListener("visibilitychange", () => document.hidden || live.retryNow());
