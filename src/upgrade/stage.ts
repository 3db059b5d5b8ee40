/** A step of an upgrade that is reached once, or not at all. */
import { MillraceError } from '../errors.js'

export class Stage<Value> {
  readonly reached: Promise<Value>
  reach: (value: Value) => void = () => {}
  fail: (error: Error) => void = () => {}

  constructor() {
    this.reached = new Promise((resolve, reject) => {
      this.reach = resolve
      this.fail = reject
    })
    // Nobody may be waiting for it.
    this.reached.catch(() => {})
  }

  /** Rejects with `wrong-state` and this reason if the step is not reached in time. */
  within(ms: number, why: string): Promise<Value> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new MillraceError('wrong-state', why)), ms)
    })
    return Promise.race([this.reached, late]).finally(() => clearTimeout(timer))
  }
}
