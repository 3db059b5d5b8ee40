/**
 * A value that is made at most every so often, however many ask for it: who comes meanwhile gets the last one, or waits
 * for the one that is being made.
 */
export class Snapshot<Value> {
  readonly #make: () => Promise<Value>
  readonly #lastsMs: number
  #value: Promise<Value> | undefined
  #madeAt = Number.NEGATIVE_INFINITY
  #isMaking = false

  constructor(lastsMs: number, make: () => Promise<Value>) {
    this.#lastsMs = lastsMs
    this.#make = make
  }

  get(): Promise<Value> {
    const isFresh = this.#isMaking || performance.now() - this.#madeAt < this.#lastsMs
    if (this.#value === undefined || !isFresh) this.#value = this.#begin()
    return this.#value
  }

  async #begin(): Promise<Value> {
    this.#isMaking = true
    try {
      return await this.#make()
    } catch (error) {
      this.#value = undefined
      throw error
    } finally {
      this.#isMaking = false
      this.#madeAt = performance.now()
    }
  }
}
