/** Those who read the records of a proxy with `for await`. */
import { Readable } from 'node:stream'
import type { ConnectionRecord } from '../../observe/records/record.js'
import type { RecordReader } from './event-types.js'

export const DEFAULT_WAITING_RECORDS = 1000
export const MOST_WAITING_RECORDS = 100_000

interface Reader {
  readonly records: Readable
  readonly most: number
  missed: number
}

export class RecordReaders {
  readonly #readers = new Set<Reader>()
  #isOver = false

  get size(): number {
    return this.#readers.size
  }

  open(most = DEFAULT_WAITING_RECORDS): RecordReader {
    const records = new Readable({ objectMode: true, highWaterMark: most, read: () => {} })
    const reader: Reader = { records, most, missed: 0 }
    records.once('close', () => this.#readers.delete(reader))
    if (this.#isOver) records.push(null)
    else this.#readers.add(reader)
    return {
      [Symbol.asyncIterator]: () => records[Symbol.asyncIterator](),
      get missed() {
        return reader.missed
      },
    }
  }

  push(record: ConnectionRecord): void {
    for (const reader of this.#readers) {
      if (reader.records.readableLength < reader.most) reader.records.push(record)
      else reader.missed++
    }
  }

  /** No more records come. What waits is still read. */
  end(): void {
    this.#isOver = true
    for (const { records } of this.#readers) records.push(null)
    this.#readers.clear()
  }
}
