// The bench's command line, and what of the loads and contenders it chooses.
import { parseArgs } from 'node:util'
import { LOADS, smokeLoads } from './loads.mjs'

const USAGE = `npm run bench [-- OPTIONS]
  --quick              the core loads only, 3 rounds: under 3 minutes
  --smoke              one load of each kind, tiny, once: bytes are checked, times are not looked at
  --only NAME…         loads whose name or family begins so (bulk, request-64B, connect, idle, …)
  --contenders A,B     these only (millrace, haproxy-splice, nginx, …)
  --rounds N           default 5
  --write-readme       renew the table in README.md, and docs/benchmarks.md, .json and .svg`

const SMOKE_CONTENDERS = ['haproxy-splice', 'haproxy-copy', 'nginx', 'socat', 'node-pipe', 'millrace', 'node-pipe-library', 'millrace-library']

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
  const wanted = [...only, ...positionals]
  if (positionals.length > 0 && only.length === 0) throw new Error(`"${positionals[0]}" is not an option`)
  const all = smoke ? smokeLoads() : LOADS.filter((load) => load.isCore || !quick)
  const loads = wanted.length === 0 ? all : pick(smoke ? all : LOADS, wanted)
  const rounds = smoke ? 1 : Number(values.rounds ?? (quick ? 3 : 5))
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds must be 1 or more, not "${values.rounds}"`)
  const names = values.contenders?.split(',') ?? (smoke ? SMOKE_CONTENDERS : undefined)
  return { loads, rounds, isSmoke: smoke, writesReadme: values['write-readme'], isChosen: ({ name }) => names?.includes(name) ?? true, names }
}

function pick(loads, wanted) {
  return wanted.flatMap((word) => {
    const found = loads.filter(({ name, family }) => name.startsWith(word) || family === word)
    if (found.length === 0) throw new Error(`no load is called "${word}": ${[...new Set(loads.map((load) => load.family))].join(', ')}`)
    return found
  })
}
