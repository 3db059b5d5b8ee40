/**
 * Values that are made at most every so often, however many callers ask. A caller in between gets the last
 * value, or waits for the one that is being made.
 */
export class Snapshot<Value> {
  readonly #make: () => Promise<Value>
  readonly #lastsMs: number
  #value: Promise<Value> | undefined
  #madeAt = Number.NEGATIVE_INFINITY
  #isMaking = false

  constructor(lastsMs: number, make: () => Promise<Value>) {
    this.#make = make
    this.#lastsMs = lastsMs
  }

  get(): Promise<Value> {
    if (this.#value === undefined || !this.isFresh) this.#value = this.#begin()
    return this.#value
  }

  /** Something has changed, and the next caller has to see it. */
  forget(): void {
    this.#value = undefined
  }

  get isFresh(): boolean {
    return this.#isMaking || performance.now() - this.#madeAt < this.#lastsMs
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

/** One snapshot for each question. The next question drops those that are out of date. */
export class Snapshots<Question, Value> {
  readonly #make: (question: Question) => Promise<Value>
  readonly #lastsMs: number
  readonly #all = new Map<string, Snapshot<Value>>()

  constructor(lastsMs: number, make: (question: Question) => Promise<Value>) {
    this.#make = make
    this.#lastsMs = lastsMs
  }

  get(question: Question): Promise<Value> {
    for (const [key, each] of this.#all) if (!each.isFresh) this.#all.delete(key)
    const key = JSON.stringify(question)
    const known = this.#all.get(key) ?? new Snapshot(this.#lastsMs, () => this.#make(question))
    this.#all.set(key, known)
    return known.get()
  }

  forget(): void {
    this.#all.clear()
  }
}
