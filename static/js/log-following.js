// Whether a log stays at its end while lines come: until somebody scrolls up, and again when they come back to the end.

const NEAR = 48; // px from the end that still count as the end

export class Following {
  active = true;
  fresh = 0; // lines that came while it was paused
  #top = 0; // where it was scrolled to last

  // changed(): it began or ended, which is to be seen
  constructor(list, changed) {
    Object.assign(this, { list, changed });
  }

  set(active) {
    this.active = active;
    if (active) {
      this.fresh = 0;
      this.toEnd();
    }
    this.changed();
  }

  toEnd() {
    this.list.scrollTop = this.list.scrollHeight;
    this.keepPlace();
  }

  // The page scrolled by itself: that says nothing of what somebody wants to see.
  keepPlace() {
    this.#top = this.list.scrollTop;
  }

  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.list;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    const moved = scrollTop - this.#top;
    this.#top = scrollTop;
    if (this.active && moved < -2 && !isAtEnd) this.set(false);
    else if (!this.active && isAtEnd && moved > 2) this.set(true);
  }
}
