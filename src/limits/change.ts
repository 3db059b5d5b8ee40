/**
 * What a claim of one connection has to take and to give back, so that it holds places in other limits than before. It is the same for
 * all connections that hold places in the same limits. Pure.
 */
import type { Limit } from './limit.js'

export interface Change {
  /** The limits in which the connection holds places from now on. */
  readonly limits: readonly Limit[]
  /** For each of them: which of its places before it is. -1: the connection has none yet. */
  readonly from: readonly number[]
  /** Which of its places before are given back. */
  readonly left: readonly number[]
  /** The places stay as they are. */
  readonly isNone: boolean
}

/** `before`: the limits in which it holds places. */
export function changeTo(limits: readonly Limit[], before: readonly Limit[]): Change {
  const from = limits.map((limit) => before.findIndex(({ key }) => key === limit.key))
  const left = Array.from(before.keys()).filter((index) => !from.includes(index))
  const isNone = left.length === 0 && from.every((place, index) => place === index)
  return { limits, from, left, isNone }
}
