/**
 * Processes that share a table and are killed at any moment. What each of them held, and when, is read from its own notes and
 * not from the table: at no time may more places be held than the limits allow, and none may be lost for ever.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { loadNative } from '../../../src/io/kernel/native.js'
import type { Counts } from '../../../src/limits/counts/counts.js'
import { SharedCounts } from '../../../src/limits/counts/shared-counts.js'
import { temporaryFolder } from '../../support/folder.js'
import { PROCESS, sourceKey, want } from './contract.js'

const TAKER = fileURLToPath(new URL('taker.mjs', import.meta.url))
const TRIES = 20_000
const SOURCES = 500
/** So many numbers have two processes, the first of which is killed. */
const KILLED = 2
const PARTS = 10
/** So many processes are killed while they do nothing but count. */
const KILLED_INSIDE = 6
const RECORD_BYTES = 24
const { native } = loadNative()
if (native === undefined) console.log('no processes are killed: the addon is not here')

let started = 0

interface Note {
  readonly at: bigint
  readonly source: number
  readonly change: number
}

interface Limits {
  readonly most: number
  readonly mostPerSource: number
}

/** A table, and the processes that take places of it. This process has the last number of the table. */
class Takers {
  readonly limits: Limits
  readonly counts: SharedCounts
  readonly notes: Note[] = []
  readonly #fd: number
  readonly #folder: string
  readonly #running = new Set<ChildProcess>()

  constructor(folder: string, processes: number, limits: Limits) {
    this.limits = limits
    this.#folder = folder
    this.#fd = native!.createCounts(SOURCES, 16, processes + 1)
    this.counts = new SharedCounts(native!, this.#fd, processes)
  }

  /**
   * Runs a process. After `killAfter` of ten parts of its tries it is killed, and what it held is given back. `notes`: what it
   * writes down.
   */
  async run(worker: number, tries: number, killAfter?: number, notes = 'notes'): Promise<void> {
    const log = join(this.#folder, `notes-${started++}`)
    const { most, mostPerSource } = this.limits
    const args = [TAKER, worker, most, mostPerSource, SOURCES, tries, Math.ceil(tries / PARTS), notes]
    const file = openSync(log, 'w')
    const child = spawn(process.execPath, args.map(String), {
      stdio: ['ignore', 'pipe', 'inherit', this.#fd, file],
    })
    closeSync(file)
    this.#running.add(child)
    const exited = once(child, 'exit')
    let killedAt: bigint | undefined
    let parts = 0
    for await (const _ of createInterface({ input: child.stdout! })) {
      if (++parts !== killAfter) continue
      killedAt = process.hrtime.bigint()
      child.kill('SIGKILL')
    }
    const [code, signal] = await exited
    this.#running.delete(child)
    expect([code, signal]).toEqual(killedAt === undefined ? [0, null] : [null, 'SIGKILL'])
    this.#read(log, killedAt)
    if (killedAt !== undefined) expect(this.counts.reclaim(worker)).toBe(true)
  }

  close(): void {
    for (const child of this.#running) child.kill('SIGKILL')
    closeSync(this.#fd)
    this.counts.close()
  }

  /** A process that was killed holds nothing from the moment on in which the signal was sent. */
  #read(log: string, killedAt: bigint | undefined): void {
    const bytes = readFileSync(log)
    const last = new Map<number, number>()
    for (let at = 0; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
      const note = {
        at: bytes.readBigInt64LE(at),
        source: bytes.readInt32LE(at + 8),
        change: bytes.readInt32LE(at + 12),
      }
      if (killedAt !== undefined && note.at >= killedAt) break
      this.notes.push(note)
      last.set(note.source, (last.get(note.source) ?? 0) + note.change)
    }
    for (const [source, held] of last)
      for (let i = 0; i < held; i++) this.notes.push({ at: killedAt!, source, change: -1 })
  }
}

/** The most places that were held at the same time, of all and of one source. */
function mostHeld(notes: readonly Note[]): Limits {
  const sorted = notes.toSorted((a, b) => Number(a.at - b.at) || a.change - b.change)
  const held = new Map<number, number>()
  let [all, most, mostPerSource] = [0, 0, 0]
  for (const { source, change } of sorted) {
    const ofSource = (held.get(source) ?? 0) + change
    held.set(source, ofSource)
    all += change
    most = Math.max(most, all)
    mostPerSource = Math.max(mostPerSource, ofSource)
  }
  return { most, mostPerSource }
}

/** All places can be taken again, and room for all sources is there. */
function expectNothingLost(counts: Counts, { most }: Limits): void {
  expect(counts.held(PROCESS)).toBe(0)
  const wants = (number: number) => [want(PROCESS, most), want(sourceKey(number, 'other'), 1)]
  const places = Math.min(most, SOURCES)
  const taken = Array.from({ length: places }, (_, number) => counts.take(wants(number)))
  expect(taken.filter(({ entries }) => entries === undefined)).toEqual([])
  if (most <= SOURCES) expect(counts.take([want(PROCESS, most)])).toEqual({ refused: 0, why: 'connections' })
}

const folder = temporaryFolder()

describe.runIf(native !== undefined)('processes that share a table', () => {
  const open: Takers[] = []
  afterEach(() => {
    for (const takers of open.splice(0)) takers.close()
  })

  test.each([
    [1, { most: 1, mostPerSource: 1 }],
    [1, { most: 20, mostPerSource: 1 }],
    [1, { most: 1000, mostPerSource: 3 }],
    [4, { most: 1, mostPerSource: 1 }],
    [4, { most: 20, mostPerSource: 1 }],
    [4, { most: 1000, mostPerSource: 3 }],
  ])(
    '%i processes that are killed in the middle never hold more than %j, and lose no place',
    async (processes, limits) => {
      const takers = new Takers(folder, processes, limits)
      open.push(takers)
      const tries = TRIES / processes
      const lives = Array.from({ length: processes }, async (_, worker) => {
        if (worker < KILLED) await takers.run(worker, tries, 3 + worker)
        await takers.run(worker, tries)
      })
      await Promise.all(lives)
      const { most, mostPerSource } = mostHeld(takers.notes)
      expect(most).toBeLessThanOrEqual(limits.most)
      if (limits.most <= 20) expect(most).toBe(limits.most)
      expect(mostPerSource).toBeLessThanOrEqual(limits.mostPerSource)
      expectNothingLost(takers.counts, limits)
    },
  )

  test(`after ${KILLED_INSIDE} processes were killed inside the table, it has lost no place and no room`, async () => {
    const takers = new Takers(folder, 2, { most: SOURCES, mostPerSource: 2 })
    open.push(takers)
    for (let killed = 0; killed < KILLED_INSIDE; killed += 2)
      await Promise.all([0, 1].map((worker) => takers.run(worker, 2e5, 1 + worker, 'none')))
    expectNothingLost(takers.counts, takers.limits)
    for (let number = 0; number < SOURCES; number++) expect(takers.counts.held(sourceKey(number))).toBe(0)
  })
})
