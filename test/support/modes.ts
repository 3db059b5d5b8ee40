/** The ways the built command moves bytes, each of which must carry the same traffic. */
import { expect } from 'vitest'
import { loadNative } from '../../src/io/kernel/native.js'
import { cannotTest } from './programs.js'
import type { AccessRecord } from './record-fields.js'

export interface Mode {
  readonly name: string
  readonly splice: 'auto' | 'on' | 'off'
  /** `MILLRACE_NATIVE`. */
  readonly native: 'off' | undefined
}

export const WITHOUT_NATIVE: Mode = { name: 'native off', splice: 'auto', native: 'off' }

/** Every mode this machine has. */
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

/** Of all bytes in these records, the share that was spliced. */
export function splicedShare(records: readonly AccessRecord[]): number {
  const sum = (count: (record: AccessRecord) => number): number =>
    records.reduce((total, record) => total + count(record), 0)
  return sum((each) => each.splicedUp + each.splicedDown) / sum((each) => each.bytesUp + each.bytesDown)
}

/** Bulk is spliced where it may be: nearly all of it in `on`, most of it in `auto`, none without. */
export function expectBulk(records: readonly AccessRecord[], { splice, native }: Mode): void {
  const share = splicedShare(records)
  if (native === 'off' || splice === 'off') expect(share).toBe(0)
  else expect(share).toBeGreaterThan(splice === 'on' ? 0.99 : 0.9)
  for (const { notSplicing } of records) expect(notSplicing).toBe(whyNot({ splice, native }))
}

/** Whether the mode chooses by what comes, and so splices more or less of what trickles in. */
export const isAdaptive = ({ splice, native }: Mode): boolean => splice === 'auto' && native !== 'off'

/** Small messages are copied, unless splicing is ordered: then but for one that comes just behind a splice. */
export function expectSmall(records: readonly AccessRecord[], { splice, native }: Mode): void {
  if (splice === 'on' && native !== 'off') expect(splicedShare(records)).toBeGreaterThan(0.99)
  else expect(splicedShare(records)).toBe(0)
}

function whyNot({ splice, native }: Pick<Mode, 'splice' | 'native'>): string | undefined {
  return native === 'off' || splice === 'off' ? 'switched-off' : undefined
}
