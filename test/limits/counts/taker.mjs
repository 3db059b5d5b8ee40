/**
 * A process that takes and leaves places of a shared table as fast as it can, until it is killed or has tried often enough.
 * It uses the built code. Arguments: its number, the limit of all, that of each source, how many sources, how many tries, and
 * after how many of them stdout gets a line.
 *
 * fd 3 is the table. fd 4 gets a record of 24 bytes after each place that was taken and before each that is left: the time, the
 * source, and 1 or -1. Without `notes` as the last argument there are none, and it is in the table for most of its time.
 */
import { writeSync } from 'node:fs'
import { loadNative } from '../../../dist/io/kernel/native.js'
import { SharedCounts } from '../../../dist/limits/counts/shared-counts.js'
import { sourceOf } from '../../../dist/source.js'

const [worker, most, mostPerSource, sources, tries, toldEvery] = process.argv.slice(2, 8).map(Number)
const hasNotes = process.argv[8] === 'notes'
const counts = new SharedCounts(loadNative().native, 3, worker)
const record = Buffer.alloc(24)
const held = []
const keys = Array.from({ length: sources }, (_, number) => ({
  scope: 'process',
  source: sourceOf(number * 65536, { prefix4: 32, prefix6: 64 }),
}))

function note(source, change) {
  if (!hasNotes) return
  record.writeBigInt64LE(process.hrtime.bigint(), 0)
  record.writeInt32LE(source, 8)
  record.writeInt32LE(change, 12)
  writeSync(4, record)
}

function take(source) {
  const wants = [
    { key: { scope: 'process' }, most, perSecond: 0, burst: 1 },
    { key: keys[source], most: mostPerSource, perSecond: 0, burst: 1 },
  ]
  const { entries } = counts.take(wants)
  if (entries === undefined) return
  note(source, 1)
  held.push({ source, entries })
}

function leave() {
  const [{ source, entries }] = held.splice(Math.floor(Math.random() * held.length), 1)
  note(source, -1)
  for (const entry of entries) counts.leave(entry)
}

for (let tried = 1; tried <= tries; tried++) {
  take(Math.floor(Math.random() * sources))
  // It holds many for a time, then few.
  const share = tried % 1000 < 500 ? 0.1 : 0.9
  while (held.length > 0 && Math.random() < share) leave()
  if (tried % toldEvery === 0) writeSync(1, `${tried}\n`)
}
while (held.length > 0) leave()
