/** Hand: whether the own hand is to be up. A host may lower it, which holds through a rejoin as well. Pure. */
export class Hand {
  #isWanted = false;
  /** What was wanted last is not in the roster yet: what that says is older. */
  #isOpen = false;

  set(isRaised: boolean, isShown: boolean): void {
    this.#isOpen = isRaised !== isShown || (this.#isOpen && isRaised !== this.#isWanted);
    this.#isWanted = isRaised;
  }

  handleShown(isShown: boolean): void {
    if (isShown === this.#isWanted) this.#isOpen = false;
    else if (!this.#isOpen) this.#isWanted = isShown;
  }

  /** What the node has to be told; null for nothing. */
  difference(isShown: boolean): boolean | null {
    return this.#isWanted === isShown ? null : this.#isWanted;
  }
}
