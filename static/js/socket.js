// The tab's one websocket: topics are followed over it, and followed again after every reconnection.
// docs/live-protocol.md describes the frames.

import { heardAt } from "./clock.js";
import { STATES, stateAfter } from "./line-states.js";

const SILENCE = 25_000; // ms without any frame: the line is dead
const SLOWEST = 15_000; // ms between two tries to reconnect
const REFUSED_AFTER = 2; // tries that were turned away, before it is asked why
const SENT_TO_SIGN_IN = "sent-to-sign-in"; // when, in this tab's storage
const LATER = 1000; // ms until it is asked again for what is not known yet
const A_LOOP = 60_000; // ms; sent there again so soon, signing in does not help

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
    } else if (frame.t === "end" && frame.code === "later") {
      return setTimeout(() => this.socket.subscriptions.has(this.number) && this.subscribe(), LATER);
    } else if (frame.t === "end") {
      this.socket.subscriptions.delete(this.number);
    }
    this.onFrame(frame);
  }
}

class LiveSocket extends EventTarget {
  subscriptions = new Map();
  state = "connecting"; // one of STATES
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
    if (STATES[this.state].over || this.#isOpen || this.#socket?.readyState === WebSocket.CONNECTING) return;
    clearTimeout(this.#retry);
    this.#tries = 0;
    this.#open();
  }

  get #isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  #say(state) {
    if (state === this.state && state !== "live") return;
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

  // A line that is turned away at the door gets no code: another question tells whether it is for want of a session.
  async #askWhy() {
    const answer = await fetch("/palette/?q=", { headers: { "HX-Request": "true" } }).catch(() => null);
    if (answer?.status === 401) return "ended";
    return answer?.ok ? "crowded" : null;
  }

  #receive(frame) {
    if (frame.op === "ping") this.send({ op: "ping" });
    else if (frame.id !== undefined) this.subscriptions.get(frame.id)?.receive(frame);
  }

  async #closed(socket, code) {
    if (socket !== this.#socket) return;
    clearTimeout(this.#silence);
    let state = stateAfter(code);
    const going = state === "reconnecting" && ["restarting", "crowded"].includes(this.state); // still for the same reason
    this.#say(going ? this.state : state);
    if (++this.#tries > REFUSED_AFTER && state === "reconnecting") {
      state = (await this.#askWhy()) ?? state;
      if (socket !== this.#socket) return; // tried again meanwhile
      if (state !== "reconnecting") this.#say(state);
    }
    if (state === "ended") return this.#signIn();
    if (STATES[state].over) return;
    const wait = STATES[state].wait ?? Math.min(SLOWEST, 250 * 2 ** this.#tries);
    this.#retry = setTimeout(() => this.#open(), wait * (0.2 + 0.8 * Math.random()));
  }

  // Leads to the sign-in page, and back here afterwards. Who is signed in lands here again at once: a page that then did
  // the same would load itself for ever.
  #signIn() {
    const sent = Number(sessionStorage.getItem(SENT_TO_SIGN_IN));
    if (Date.now() - sent < A_LOOP) return this.#say("unwelcome");
    sessionStorage.setItem(SENT_TO_SIGN_IN, Date.now());
    location.reload();
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

// Pages without a sidebar, as the one to sign in at: whoever comes from there is let in anew.
if (!document.body.classList.contains("shell")) sessionStorage.removeItem(SENT_TO_SIGN_IN);

addEventListener("online", () => live.retryNow());
document.addEventListener("visibilitychange", () => document.hidden || live.retryNow());
