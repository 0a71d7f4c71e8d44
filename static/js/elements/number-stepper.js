// <number-stepper>: a number with − and +, and a slider beside it; the browser's own fields do the counting.

class NumberStepper extends HTMLElement {
  connectedCallback() {
    this.number = this.querySelector('input[type="number"]');
    this.slider = this.querySelector('input[type="range"]');
    this.addEventListener("click", (event) => this.#step(event.target.closest("[data-step]")));
    this.addEventListener("input", ({ target }) => this.#follow(target));
    this.#bounds();
  }

  #step(button) {
    if (!button) return;
    if (button.dataset.step === "1") this.number.stepUp();
    else this.number.stepDown();
    this.number.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #follow(target) {
    if (target === this.slider) this.number.value = target.value;
    else if (this.slider) this.slider.value = this.number.value;
    this.#bounds();
  }

  #bounds() {
    const value = Number(this.number.value);
    const [less, more] = this.querySelectorAll("[data-step]");
    less.disabled = this.number.min !== "" && value <= Number(this.number.min);
    more.disabled = this.number.max !== "" && value >= Number(this.number.max);
  }
}

customElements.define("number-stepper", NumberStepper);
