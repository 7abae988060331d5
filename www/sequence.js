// Finds out what is missed or repeated among events that the server numbers one by one.

export class Sequence {
  missed = 0;
  repeated = 0;
  #highest;

  /** `before` is the number before the first one, if that is known. */
  constructor(before) {
    this.#highest = before;
  }

  add(number) {
    this.#highest ??= number - 1;
    if (number <= this.#highest) {
      this.repeated++;
    } else {
      this.missed += number - this.#highest - 1;
      this.#highest = number;
    }
  }
}
