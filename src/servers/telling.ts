/** Gives records to a function of the user. Whatever that does, the server goes on. */
import { show } from '../arguments.js'

export class Telling<Record> {
  readonly #onRecord: ((record: Record) => unknown) | undefined
  #hasWarned = false

  constructor(onRecord: ((record: Record) => unknown) | undefined) {
    this.#onRecord = onRecord
  }

  tell(record: Record): void {
    Promise.resolve(record)
      .then(this.#onRecord)
      .catch((error: unknown) => this.#warn(error))
  }

  #warn(error: unknown): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    process.emitWarning(
      `onRecord failed, so records of millrace are lost: ${error instanceof Error ? error.message : show(error)}`,
      {
        code: 'MILLRACE_RECORD_FAILED',
      },
    )
  }
}
