// What lists and bans cost: how long it takes to swap a list, how long that blocks the event loop, and a look of each client.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAddress } from '../../dist/address.js'
import { BanCheck } from '../../dist/limits/bans/ban-check.js'
import { BanTable } from '../../dist/limits/bans/ban-table.js'
import { sourceNetwork } from '../../dist/limits/bans/network.js'
import { createAccessCheck } from '../../dist/limits/lists/access-check.js'
import { ConfigLists } from '../../dist/limits/lists/config-lists.js'
import { OwnLists } from '../../dist/limits/lists/own-lists.js'
import { nsPerCall } from './time-calls.mjs'
import { usedBytes } from './used-memory.mjs'

const WHOLE = { prefix4: 32, prefix6: 64 }
const PORTS = 65_536
const CLIENTS = 1000
/** A prime, so that the networks of a list have no order. */
const STEP = 7919
const FOR_A_DAY_MS = 86_400_000

/** Networks, and clients that are in them or not. */
const FAMILIES = {
  IPv4: {
    network: (index) => `10.${(index >> 8) & 255}.${index & 255}.${(index >> 16) * 64}/26`,
    inside: (index) => packed(0x0a000001 + ((index & 0xffff) << 8) + (index >> 16) * 64),
    outside: (index) => packed(0x0b000001 + index),
  },
  IPv6: {
    network: (index) => `2001:db8:${hex(index >> 8)}:${hex((index & 255) << 8)}::/56`,
    inside: (index) => parseAddress(`[2001:db8:${hex(index >> 8)}:${hex((index & 255) << 8)}::1]:1024`),
    outside: (index) => parseAddress(`[2001:db9:${hex(index >> 8)}:${hex(index & 255)}::1]:1024`),
  },
}

/** Prints the figures of docs/limits.md. */
export async function measureLists(extent) {
  const { entries } = extent
  const count = entries.toLocaleString('en')
  console.log(
    `\n| list of ${count} networks | bytes of an entry | swap, ms | longest block, ms | ns, client in it | ns, client not in it |`,
  )
  console.log('|---|---:|---:|---:|---:|---:|')
  const directory = mkdtempSync(join(tmpdir(), 'millrace-lists-'))
  try {
    for (const [name, family] of Object.entries(FAMILIES)) await printList(name, family, directory, extent)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
  printBans(extent)
}

async function printList(name, { network, inside, outside }, directory, extent) {
  const { entries, swaps } = extent
  const path = join(directory, `${name}.txt`)
  const at = (index) => (index * STEP) % entries
  writeFileSync(path, Array.from({ length: entries }, (_, index) => `${network(at(index))}\n`).join(''))
  const limits = { deny: { addresses: [], files: [path] }, allow: undefined, dryRun: false }
  const lists = new ConfigLists({ listeners: [], clusters: {}, limits })
  const { entryBytes, medianMs, longestMs } = await swap(lists, { entries, swaps })
  const check = createAccessCheck('process', limits, lists)
  const looks = [inside, outside].map((client) => {
    const clients = Array.from({ length: CLIENTS }, (_, index) => client(at(index)))
    return Math.round(nsPerCall((index) => check.refuses(clients[index % CLIENTS]), extent))
  })
  const figures = [entryBytes.toFixed(0), medianMs.toFixed(0), longestMs.toFixed(1), ...looks]
  console.log(`| ${name} | ${figures.join(' | ')} |`)
}

/** Reads the list again and again, each time into the place of the one that is in use. The first one has no list to replace. */
async function swap(lists, { entries, swaps }) {
  const own = new OwnLists({ loaded: () => {}, failed: () => {} })
  const before = usedBytes()
  await own.load(lists)
  const entryBytes = (usedBytes() - before) / entries
  const took = []
  let longestMs = 0
  for (let i = 0; i < swaps; ++i) {
    const turns = watchTurns()
    const beganAt = performance.now()
    await own.load(lists)
    took.push(performance.now() - beganAt)
    longestMs = Math.max(longestMs, turns.stop())
  }
  own.stop()
  return { entryBytes, medianMs: took.toSorted((a, b) => a - b)[swaps >> 1], longestMs }
}

/** The longest time between two turns of the event loop. `monitorEventLoopDelay` adds up to a ms. */
function watchTurns() {
  let longestMs = 0
  let lastAt = performance.now()
  const turn = () => {
    const now = performance.now()
    longestMs = Math.max(longestMs, now - lastAt)
    lastAt = now
    next = setImmediate(turn)
  }
  let next = setImmediate(turn)
  return {
    stop: () => {
      clearImmediate(next)
      return longestMs
    },
  }
}

function printBans(extent) {
  const { bans } = extent
  console.log(
    `\n| ${bans.toLocaleString('en')} bans | bytes of a ban | ns, client banned | ns, client not banned |\n|---|---:|---:|---:|`,
  )
  // A table that became garbage meanwhile would make the next one look smaller.
  const kept = []
  for (const [name, family] of Object.entries(FAMILIES)) printBansOf(name, family, extent, kept)
}

function printBansOf(name, { inside, outside }, extent, kept) {
  const { bans } = extent
  const before = usedBytes()
  const table = new BanTable()
  kept.push(table)
  for (let index = 0; index < bans; ++index) ban(table, inside(index))
  const banBytes = Math.round((usedBytes() - before) / bans)
  const check = new BanCheck('process', false, table, { turnedAway: () => {} })
  const looks = [inside, outside].map((client) => {
    const clients = Array.from({ length: CLIENTS }, (_, index) => client((index * STEP) % bans))
    return Math.round(nsPerCall((index) => check.refuses(clients[index % CLIENTS]), extent))
  })
  console.log(`| ${name} | ${banBytes} | ${looks.join(' | ')} |`)
}

function ban(table, client) {
  const since = performance.now()
  const network = sourceNetwork(client, WHOLE)
  const until = since + FOR_A_DAY_MS
  table.set({ scope: 'process', network, since, until, why: '', refused: 0, heapIndex: -1 })
}

/** As the addon tells the address and port of a client. */
const packed = (ipv4) => ipv4 * PORTS + 1024
const hex = (number) => number.toString(16)
