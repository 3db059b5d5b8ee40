/**
 * A table whose mutex another process has: it was killed with it, or stopped. Tests write the first word of the mutex, which is a
 * futex (get_robust_list(2)): the thread that has it, and whether this thread died.
 */
import { closeSync, fstatSync, readSync, writeSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadNative } from '../../../src/io/kernel/native.js'
import { SharedCounts } from '../../../src/limits/counts/shared-counts.js'
import { entryOf, PROCESS, sourceAt, sourceKey, TestClock, want } from './contract.js'

/** After the first word of the table, which tells its layout. */
const MUTEX_AT = 8
const FREE = 0
const OWNER_DIED = 0x4000_0000
/** The thread that every system has. It never has this mutex. */
const SOMEBODY = 1
const LINE_BYTES = 64
const SOURCES = 4
const { native } = loadNative()

let fd: number
let first: SharedCounts
let second: SharedCounts
beforeEach(() => {
  if (native === undefined) return
  fd = native.createCounts(SOURCES, 4, 2)
  const clock = new TestClock()
  first = new SharedCounts(native, fd, 0, clock)
  second = new SharedCounts(native, fd, 1, clock)
})
afterEach(() => {
  if (native === undefined) return
  for (const counts of [first, second]) counts.close()
  closeSync(fd)
})

function setMutex(word: number): void {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(word)
  writeSync(fd, bytes, 0, bytes.length, MUTEX_AT)
}

/** The sources that can be taken in addition to those of `before`. */
const roomFor = (counts: SharedCounts, before: number): number => {
  let room = 0
  while (counts.take([want(sourceKey(before + room))]).entries !== undefined) room++
  return room
}

describe.runIf(native !== undefined)('a table whose mutex another process has', () => {
  it('the next process repairs all that a killed one may have left unfinished', () => {
    const entries = [1, 2, 3].map((number) => entryOf(first.take([want(sourceKey(number), 0, 1)])))
    second.take([want(PROCESS), want(sourceKey(1), 0, 0)])
    first.leave(entries[2]!)
    breakLinks()
    setMutex(OWNER_DIED)
    expect([1, 2, 3].map((number) => second.held(sourceKey(number)))).toEqual([2, 1, 0])
    expect(second.held(PROCESS)).toBe(1)
    const known = Array.from(second.sources('process'), ({ source }) => source)
    expect(known.sort()).toEqual([1, 2, 3].map((number) => sourceAt(number)).sort())
    first.reclaim(0)
    expect([1, 2, 3].map((number) => second.held(sourceKey(number)))).toEqual([1, 0, 0])
    // One place was never used. The rates of the idle sources have not recovered.
    expect(roomFor(second, 10)).toBe(1)
  })

  it('a process does not wait for a stopped one, and gives back later what it could not give back', () => {
    const entry = entryOf(first.take([want(PROCESS), want(sourceKey(1))]))
    first.addBytes(entry, 1)
    setMutex(SOMEBODY)
    expect(first.take([want(PROCESS)])).toEqual({ refused: 0, why: 'full-table' })
    expect([first.held(PROCESS), first.reclaim(1), [...first.sources('process')]]).toEqual([0, false, []])
    expect(first.addBytes(entry, 5)).toBe(1)
    first.leave(entry)
    setMutex(FREE)
    expect(second.held(PROCESS)).toBe(1)
    expect([first.held(PROCESS), second.held(PROCESS), second.held(sourceKey(1))]).toEqual([0, 0, 1])
  })

  it('a process cannot begin while a stopped one may keep it from giving back what was held before', () => {
    setMutex(SOMEBODY)
    expect(() => new SharedCounts(native!, fd, 0)).toThrow('another process was stopped inside the table')
    setMutex(FREE)
  })
})

/** Sets to 0 what can be made again: the chains. It is the second part of the table, after its header. */
function breakLinks(): void {
  const header = Buffer.alloc(2 * LINE_BYTES)
  expect(readSync(fd, header, 0, header.length, 0)).toBe(header.length)
  const buckets = header.readUInt32LE(MUTEX_AT + 40 + 16 + 4)
  expect(buckets * 4).toBeLessThan(fstatSync(fd).size)
  writeSync(fd, Buffer.alloc(buckets * 4), 0, buckets * 4, header.length)
}
