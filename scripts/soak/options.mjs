// The command line of the soak.
import { parseArgs } from 'node:util'
import { readOrExit } from '../usage.mjs'

const USAGE = `npm run soak [-- OPTIONS]
  --minutes N   how long backends fail, 0.1 to 10080. Default: 60
  --seed S      chooses which backend fails when and how. Default: a random one, which is printed
  --workers N   processes of millrace, 1 to 256. Default: 2
  --rate N      new connections a second, all services together, 10 to 10000. Default: 200`

const NUMBERS = {
  minutes: { least: 0.1, most: 10_080, isWhole: false },
  seed: { least: 1, most: 2 ** 31, isWhole: true },
  workers: { least: 1, most: 256, isWhole: true },
  rate: { least: 10, most: 10_000, isWhole: true },
}

/** Exits if the arguments make no sense. */
export const parseOptions = (argv) => readOrExit(argv, USAGE, readOptions)

/** What the arguments choose. Throws an error that says what is wrong. */
export function readOptions(argv) {
  const options = Object.fromEntries(Object.keys(NUMBERS).map((name) => [name, { type: 'string' }]))
  const { values } = parseArgs({ args: argv, options })
  const number = (name, fallback) => (values[name] === undefined ? fallback : read(name, values[name]))
  return {
    minutes: number('minutes', 60),
    seed: number('seed', 1 + Math.floor(Math.random() * 1_000_000)),
    workers: number('workers', 2),
    rate: number('rate', 200),
  }
}

function read(name, text) {
  const { least, most, isWhole } = NUMBERS[name]
  const value = Number(text)
  if (text.trim() !== '' && value >= least && value <= most && (!isWhole || Number.isInteger(value)))
    return value
  throw new Error(
    `--${name} takes a ${isWhole ? 'whole ' : ''}number from ${least} to ${most}, not "${text}"`,
  )
}
