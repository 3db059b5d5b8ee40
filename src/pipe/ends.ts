/**
 * Which directions of a pipe are over, and which side ended first. Both are in one whole number, because each
 * field of a pipe costs eight bytes of every connection.
 */
import type { Direction } from './direction.js'

export const NOTHING_IS_OVER = 0
const UP_IS_OVER = 1
const DOWN_IS_OVER = 2
/** If both sides ended at once, neither bit is set. */
const CLIENT_WAS_FIRST = 4
const BACKEND_WAS_FIRST = 8
/** A stream was told of the end and has not confirmed it. */
const UP_IS_PENDING = 16
const DOWN_IS_PENDING = 32

/** Adds to `ends` what is over by now, or about to be. */
export function endsAfter(ends: number, up: Direction, down: Direction): number {
  const over = (up.isOver ? UP_IS_OVER : 0) | (down.isOver ? DOWN_IS_OVER : 0)
  const pending = (up.isEndPending ? UP_IS_PENDING : 0) | (down.isEndPending ? DOWN_IS_PENDING : 0)
  const hadNone = (ends & (UP_IS_OVER | DOWN_IS_OVER)) === 0
  return ends | over | pending | (hadNone ? firstOf(over) : 0)
}

export function endedFirst(ends: number): 'client' | 'backend' | undefined {
  if ((ends & CLIENT_WAS_FIRST) !== 0) return 'client'
  return (ends & BACKEND_WAS_FIRST) !== 0 ? 'backend' : undefined
}

function firstOf(over: number): number {
  if (over === UP_IS_OVER) return CLIENT_WAS_FIRST
  return over === DOWN_IS_OVER ? BACKEND_WAS_FIRST : 0
}
