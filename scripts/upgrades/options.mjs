// The command line of the upgrades under load.
import { parseArgs } from 'node:util'
import { readOrExit } from '../usage.mjs'

const USAGE = `npm run upgrades [-- OPTIONS]
  --upgrades N  how many upgrades, one after another, 1 to 1000. Default: 10
  --workers N   processes of millrace, 1 to 256. Default: 1
  --rate N      new connections a second, 1 to 10000. Default: 2000
  --tunnels N   connections that stay open and carry bytes, 0 to 10000. Default: 1000`

const NUMBERS = {
  upgrades: { least: 1, most: 1000, usual: 10 },
  workers: { least: 1, most: 256, usual: 1 },
  rate: { least: 1, most: 10_000, usual: 2000 },
  tunnels: { least: 0, most: 10_000, usual: 1000 },
}

/** Exits if the arguments make no sense. */
export const parseOptions = (argv) => readOrExit(argv, USAGE, readOptions)

/** What the arguments choose. Throws an error that says what is wrong. */
export function readOptions(argv) {
  const options = Object.fromEntries(Object.keys(NUMBERS).map((name) => [name, { type: 'string' }]))
  const { values } = parseArgs({ args: argv, options })
  const read = ([name, { least, most, usual }]) => [
    name,
    numberIn(name, values[name] ?? String(usual), least, most),
  ]
  return Object.fromEntries(Object.entries(NUMBERS).map(read))
}

function numberIn(name, text, least, most) {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new Error(`--${name} takes a whole number from ${least} to ${most}, not "${text}"`)
}
