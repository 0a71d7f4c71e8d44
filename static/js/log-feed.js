// The lines on their way from the server to the page: no more in one animation frame than it has time for, known lines
// left out after a reconnect, and the server told how far we are. It never sends more than a few frames ahead of that.

import { FULL } from "./log-lines.js";

const BUDGET = 12; // ms that an animation frame may spend on new lines, their layout included
const [FEWEST, MOST] = [40, 400]; // lines of one animation frame, while there is no long past to be shown
const PAST = 16; // of a long past, that part in one frame: its blocks are out of sight and cost little
const ACKNOWLEDGE_EVERY = 4; // frames, or when all is shown
const KNOWN = 2000; // lines remembered over a lost connection

export class Feed {
  #queue = []; // lines, marks and ends of frames that came and are not shown yet
  #batch = FEWEST; // lines of one animation frame: as many as there was time for lately
  #frame = 0;
  #task = 0;
  #seq = 0;
  #acknowledged = 0;
  #timer = 0;
  #isFirst = false; // of a log that begins: its first lines wait for no animation frame
  #known = null; // after a reconnect: what was shown before

  // on: { waits() when nothing more may be shown, skipped(count, at), shown(): lay out what was added, acknowledge(seq) }
  constructor(lines, on) {
    Object.assign(this, { lines, on });
  }

  stop() {
    this.#rest();
    clearTimeout(this.#timer);
  }

  // A new log begins. Of the same one after the connection was lost: lines that are shown already come again.
  begin(seq, { anew }) {
    this.#seq = this.#acknowledged = seq;
    this.#queue.length = 0;
    this.#isFirst = true;
    const known = anew ? [] : this.lines.entries.slice(-KNOWN).filter((entry) => entry.count);
    this.#known = known.length
      ? { texts: new Set(known.map((entry) => `${entry.at} ${entry.text.split("\n", 1)[0]}`)), from: known[0].at, until: known.at(-1).at, seen: false }
      : null;
    return known.length > 0;
  }

  take({ lines, gaps, now, seq }) {
    let from = 0;
    for (const [before, count] of gaps) {
      this.#enqueue(lines, from, before);
      this.#queue.push({ skipped: count, at: lines[before]?.[0] ?? now });
      from = before;
    }
    this.#enqueue(lines, from, lines.length);
    this.#queue.push({ seq });
    if (this.#isFirst && lines.length) this.#pump();
    else this.goOn();
  }

  // After the next frame was painted: adding lines and painting them are two short tasks, between which a click has its turn.
  goOn() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#task = setTimeout(() => this.#pump());
    });
  }

  #rest() {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#task);
    this.#frame = 0;
  }

  #enqueue(lines, from, until) {
    for (let at = from; at < until; at++) this.#queue.push(lines[at]);
  }

  // Paused and full: what comes waits at the server, so that what is being read stays.
  get #isHeld() {
    return this.on.waits() && this.lines.entries.length >= FULL;
  }

  #pump() {
    this.#rest();
    this.#isFirst = false;
    const began = performance.now();
    let at = 0;
    const most = Math.max(this.#batch, this.#queue.length / PAST);
    for (const until = Math.min(this.#queue.length, most); at < until && !this.#isHeld; at++) this.#show(this.#queue[at]);
    this.#queue.splice(0, at);
    if (at) this.on.shown();
    this.#adapt(at, performance.now() - began);
    if (!this.#queue.length) this.#acknowledge();
    else if (!this.#isHeld) this.goOn();
  }

  #adapt(lines, spent) {
    if (spent > BUDGET) this.#batch = Math.max(FEWEST, Math.floor(this.#batch / 2));
    else if (lines >= this.#batch && spent < BUDGET / 2) this.#batch = Math.min(MOST, this.#batch * 2);
  }

  #show(item) {
    if (Array.isArray(item)) {
      if (!this.#isKnown(item)) this.lines.add(item);
    } else if (item.skipped) {
      this.lines.mark(`${item.skipped.toLocaleString()} ${item.skipped === 1 ? "line" : "lines"} left out`, item.at);
      this.on.skipped(item.skipped, item.at);
    } else {
      this.#seq = item.seq;
      if (item.seq - this.#acknowledged >= ACKNOWLEDGE_EVERY) this.#acknowledge();
    }
  }

  // Lines that were shown before the connection was lost: leave them out, and say it when some are missing.
  #isKnown([at, source, , text]) {
    const known = this.#known;
    if (!known || source < 0) return false;
    if (at <= known.until) {
      const again = at < known.from || known.texts.has(`${at} ${text}`);
      known.seen ||= again;
      return again;
    }
    this.lines.mark(known.seen ? "Reconnected" : "Reconnected. Lines in between may be missing.");
    this.#known = null;
    return false;
  }

  #acknowledge() {
    if (this.#seq === this.#acknowledged) return;
    clearTimeout(this.#timer);
    const send = () => {
      this.#acknowledged = this.#seq;
      this.on.acknowledge(this.#seq);
    };
    if (this.#seq - this.#acknowledged >= ACKNOWLEDGE_EVERY) send();
    else this.#timer = setTimeout(send, 150);
  }
}
