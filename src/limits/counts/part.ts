/**
 * The part of every limit that one of several workers has, if they have no table in common. The parts of all workers add up
 * to the limit. Pure.
 */
import { intervalOf } from './rate.js'

/** Worker `worker`, from 0, of `workers`. */
export interface Part {
  readonly worker: number
  readonly workers: number
}

/** One process that has all of every limit. */
export const ALONE: Part = { worker: 0, workers: 1 }

/** The places that one worker may hold. */
export const partOf = (most: number, { worker, workers }: Part): number =>
  Math.floor(most / workers) + (worker < most % workers ? 1 : 0)

/** ns between two places that one worker takes, if all workers together keep to a rate. */
export const intervalOfPart = (perSecond: number, { workers }: Part): number =>
  intervalOf(perSecond / workers)

/** The burst of one worker. It is at least 1, because a worker with less could never take a place. */
export const burstOfPart = (burst: number, { workers }: Part): number => Math.max(1, burst / workers)
