// Keeps results from one call to the next, so that a long run can be divided: a file for each load, in a
// folder for each commit and machine.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE } from './build.mjs'
import { LOADS } from './loads.mjs'

/** Stores results of loads. They replace stored results of the same loads. */
export function storeLoads(loads, setting, failures, cache = CACHE) {
  const directory = directoryOf(setting, cache)
  mkdirSync(directory, { recursive: true })
  for (const load of loads) {
    const own = failures.filter((failure) => failure.load === load.name)
    const text = JSON.stringify({ ...load, date: setting.date, versions: setting.versions, failures: own })
    writeFileSync(join(directory, `${load.name}.json`), `${text}\n`)
  }
}

/** All results of the same commit and machine, in the order of the loads, with the titles the loads have now. */
export function loadStored(setting, cache = CACHE) {
  const directory = directoryOf(setting, cache)
  const names = existsSync(directory) ? readdirSync(directory) : []
  const order = new Map(LOADS.map(({ name, title }, i) => [`${name}.json`, { i, title }]))
  const loads = names
    .filter((name) => order.has(name))
    .toSorted((a, b) => order.get(a).i - order.get(b).i)
    .map((name) => ({
      ...JSON.parse(readFileSync(join(directory, name), 'utf8')),
      title: order.get(name).title,
    }))
  return { loads, failures: loads.flatMap((load) => load.failures) }
}

function directoryOf({ commit, machine }, cache) {
  const key = createHash('sha256')
    .update(JSON.stringify([commit, machine]))
    .digest('hex')
    .slice(0, 8)
  return join(cache, 'results', `${commit.slice(0, 7)}-${key}`)
}
