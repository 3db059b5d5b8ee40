// The bench's command line, and what of the loads and contenders it chooses.
import { parseArgs } from 'node:util'
import { LOADS, smokeLoads } from './loads.mjs'

const USAGE = `npm run bench [-- OPTIONS]
  --quick              the loads people ask for first, 3 rounds: under 3 minutes
  --smoke              one load of each kind, tiny, once: bytes are checked, times are not looked at
  --only NAME…         loads whose name or family begins so (bulk, request-64B, connect, idle, …)
  --contenders A,B     these only (millrace, haproxy-splice, nginx, …)
  --rounds N           default 5
  --write-readme       renew the table in README.md, and docs/benchmarks.md, .json and .svg`

// Variants that answer a question of their own, and one process per connection: not for the short runs.
const VARIANTS = [
  'millrace-on',
  'millrace-off',
  'millrace-logging',
  'millrace-uncounted',
  'millrace-scraped',
  'socat',
]
const isOrdinary = ({ name }) => !VARIANTS.includes(name)
const isQuick = ({ isCore, family }) => isCore && family !== 'probe'
const isForSmoke = ({ name, kind }) => kind === 'rival' || /^millrace(-library)?$/.test(name)

/** Exits with 2 and the usage when the arguments make no sense. */
export function parseOptions(argv) {
  try {
    return choose(
      parseArgs({
        args: argv,
        allowPositionals: true,
        options: {
          quick: { type: 'boolean', default: false },
          smoke: { type: 'boolean', default: false },
          only: { type: 'string', multiple: true, default: [] },
          contenders: { type: 'string' },
          rounds: { type: 'string' },
          'write-readme': { type: 'boolean', default: false },
        },
      }),
    )
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`)
    process.exit(2)
  }
}

function choose({ values, positionals }) {
  const { quick, smoke, only } = values
  if (positionals.length > 0 && only.length === 0) throw new Error(`"${positionals[0]}" is not an option`)
  const wanted = [...only, ...positionals]
  const all = smoke ? smokeLoads() : LOADS
  const loads = wanted.length > 0 ? pick(all, wanted) : all.filter((load) => isQuick(load) || !quick)
  const rounds = smoke ? 1 : Number(values.rounds ?? (quick ? 3 : 5))
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds must be 1 or more, not "${values.rounds}"`)
  const names = values.contenders?.split(',')
  const byDefault = smoke ? isForSmoke : quick ? isOrdinary : () => true
  return {
    loads,
    rounds,
    isSmoke: smoke,
    writesReadme: values['write-readme'],
    names: names ?? [],
    isChosen: names === undefined ? byDefault : ({ name }) => names.includes(name),
  }
}

function pick(loads, wanted) {
  const isCalled = (load, word) => load.name.startsWith(word) || load.family === word
  const unknown = wanted.find((word) => !loads.some((load) => isCalled(load, word)))
  if (unknown !== undefined) {
    const families = [...new Set(loads.map(({ family }) => family))]
    throw new Error(`no load is called "${unknown}"; there are ${families.join(', ')}`)
  }
  return loads.filter((load) => wanted.some((word) => isCalled(load, word)))
}
