/** The ways in which the built command moves bytes. All must carry the same traffic. */
import { expect } from 'vitest'
import { loadNative } from '../../src/io/kernel/native.js'
import { cannotTest } from './programs.js'
import type { AccessRecord } from './record-fields.js'

export interface Mode {
  readonly name: string
  readonly splice: 'auto' | 'on' | 'off'
  /** The value of `MILLRACE_NATIVE`. */
  readonly native: 'off' | undefined
}

export const WITHOUT_NATIVE: Mode = { name: 'native off', splice: 'auto', native: 'off' }

/** All modes that work on this machine. */
export function modes(): readonly Mode[] {
  const loaded = loadNative({})
  if (loaded.native === undefined) {
    cannotTest(`splice, because there is no addon: ${loaded.missing}`)
    return [WITHOUT_NATIVE]
  }
  const native = (['auto', 'on', 'off'] as const).map((splice) => ({
    name: `splice: ${splice}`,
    splice,
    native: undefined,
  }))
  return [...native, WITHOUT_NATIVE]
}

/** The share of all bytes in these records that was spliced. */
export function splicedShare(records: readonly AccessRecord[]): number {
  const sum = (count: (record: AccessRecord) => number): number =>
    records.reduce((total, record) => total + count(record), 0)
  return sum((each) => each.splicedUp + each.splicedDown) / sum((each) => each.bytesUp + each.bytesDown)
}

/** Checks that bulk is spliced: nearly all of it in `on`, most of it in `auto`, none in the other modes. */
export function expectBulk(records: readonly AccessRecord[], { splice, native }: Mode): void {
  const share = splicedShare(records)
  if (native === 'off' || splice === 'off') expect(share).toBe(0)
  else expect(share).toBeGreaterThan(splice === 'on' ? 0.99 : 0.9)
  for (const { notSplicing } of records) expect(notSplicing).toBe(whyNot({ splice, native }))
}

/** Whether the mode chooses by the size of each read. It may then splice a part of slow traffic. */
export const isAdaptive = ({ splice, native }: Mode): boolean => splice === 'auto' && native !== 'off'

/** Checks that small messages are copied. With splice `on` all are spliced, except one right behind a splice. */
export function expectSmall(records: readonly AccessRecord[], { splice, native }: Mode): void {
  if (splice === 'on' && native !== 'off') expect(splicedShare(records)).toBeGreaterThan(0.99)
  else expect(splicedShare(records)).toBe(0)
}

function whyNot({ splice, native }: Pick<Mode, 'splice' | 'native'>): string | undefined {
  return native === 'off' || splice === 'off' ? 'switched-off' : undefined
}
