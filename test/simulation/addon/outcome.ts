/** The cells into which a transfer writes what it did: `Outcome` of native/transfer.h. */
import * as native from '../../../src/io/kernel/native-constants.js'

const NO_PIPE_LEASED = -1

export function clearOutcome(outcome: Int32Array): void {
  outcome.fill(0, 0, native.COPIED + 1)
  outcome[native.PIPE] = NO_PIPE_LEASED
}

export function add(outcome: Int32Array, cell: number, bytes: number): void {
  outcome[cell] = outcome[cell]! + bytes
}

/** `errno` is positive. */
export function fail(outcome: Int32Array, finding: number, errno: number): number {
  outcome[native.ERROR] = errno
  return finding
}
