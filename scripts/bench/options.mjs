// The command line of the bench, and which loads and contenders it chooses.
import { parseArgs } from 'node:util'
import { readOrExit } from '../usage.mjs'
import { LOADS, smokeLoads } from './loads.mjs'
import { machineCongestion, reasonNoNamespaces } from './network.mjs'

const USAGE = `npm run bench [-- OPTIONS]
  --quick              the most important loads, 3 rounds. Takes less than 3 minutes
  --smoke              one tiny load of each kind, once. Compares every byte and ignores times
  --only NAME…         only loads of this family or whose names begin so (bulk, request-64B, connect, idle, …). Keeps
                       their results beside those of the same commit and machine
  --contenders A,B     only these contenders (millrace, haproxy-splice, nginx, …). Does not keep the results
  --congestion A,B     cubic, bbr, or both (default)
  --picks              only the cost of choosing: ns per pick of every balancing rule, and a reload with 10,000 backends
  --pacing             only rates of bytes: asked and measured, paced by the kernel and counted by millrace, and the delay of
                       messages of 64 B beside bulk
  --start              only the start: ms to the first client, CPU and memory, of one process and of two workers, beside HAProxy
  --limits             only what limits cost: memory of a source, ns of a client's places, the swap of a list of 100,000
                       entries, and ns of a look in it and in the bans
  --rounds N           default 6. Fewer rounds give no interval of 95 %
  --also NAME=COMMAND  one more rival. COMMAND contains {listen_host} {listen_port} {backend_host} {backend_port}
  --write-readme       writes the table of README.md, and docs/benchmarks.md, .json and .svg, from all results kept for
                       this commit and machine. As the only option it measures nothing`

const CONTROLS = ['cubic', 'bbr']
// The short runs leave out all contenders that answer a question of their own.
const QUICK_CONTENDERS = ['c-splice', 'haproxy-splice', 'nginx', 'go', 'millrace']
const QUICK_MOST_WARM_MS = 800
const isForSmoke = ({ name, kind }) => kind === 'rival' || kind === 'reference' || SMOKED.includes(name)
const SMOKED = [
  'millrace',
  'millrace-pipe',
  'millrace-nobody',
  'millrace-uncounted',
  'millrace-workers-limits',
]

/** Exits if the arguments make no sense. */
export const parseOptions = (argv) => readOrExit(argv, USAGE, readOptions)

/** What the arguments choose. Throws an error that says what is wrong. */
export function readOptions(argv) {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      contenders: { type: 'string' },
      congestion: { type: 'string' },
      rounds: { type: 'string' },
      picks: { type: 'boolean', default: false },
      pacing: { type: 'boolean', default: false },
      limits: { type: 'boolean', default: false },
      start: { type: 'boolean', default: false },
      also: { type: 'string', multiple: true, default: [] },
      'write-readme': { type: 'boolean', default: false },
    },
  })
  const { quick, smoke, only, picks, pacing, limits, start } = values
  for (const [name, isAlone] of Object.entries({ picks, pacing, limits, start }))
    if (isAlone && argv.length > 1) throw new Error(`--${name} takes no other option`)
  if (positionals.length > 0 && only.length === 0) throw new Error(`"${positionals[0]}" is not an option`)
  const names = values.contenders?.split(',')
  const also = values.also.map(parseAlso)
  const writesReadme = values['write-readme']
  const isWritingOnly = writesReadme && argv.length === 1
  return {
    loads: isWritingOnly
      ? []
      : chooseLoads([...only, ...positionals], readControls(values.congestion), { quick, smoke }),
    rounds: smoke ? 1 : readRounds(values.rounds ?? (quick ? '3' : '6')),
    isSmoke: smoke,
    picks,
    pacing,
    limits,
    start,
    isQuick: quick,
    writesReadme,
    also,
    names: names ?? [],
    isStored: names === undefined && !quick && !smoke,
    isChosen: chooserOf(names, { quick, smoke }, also),
  }
}

function chooserOf(names, { quick, smoke }, also) {
  if (names !== undefined) return ({ name }) => names.includes(name)
  if (smoke) return isForSmoke
  const quickNames = [...QUICK_CONTENDERS, ...also.map(({ name }) => name)]
  return quick ? ({ name }) => quickNames.includes(name) : () => true
}

function readRounds(text) {
  const rounds = Number(text)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds must be 1 or more, not "${text}"`)
  return rounds
}

function readControls(text) {
  const controls = text?.split(',') ?? CONTROLS
  const unknown = controls.find((name) => !CONTROLS.includes(name))
  if (unknown !== undefined) throw new Error(`--congestion takes ${CONTROLS.join(' and ')}, not "${unknown}"`)
  return controls
}

function parseAlso(text) {
  const [, name, command] = /^([\w.-]+)=(.+)$/s.exec(text) ?? []
  if (name === undefined) throw new Error(`--also takes NAME=COMMAND, not "${text}"`)
  for (const word of ['{listen_port}', '{backend_port}'])
    if (!command.includes(word)) throw new Error(`--also ${name}: the command does not say ${word}`)
  return { name, words: command.trim().split(/\s+/) }
}

// Without namespaces only the machine's own congestion control can be used.
const smokeCongestion = () => (reasonNoNamespaces() === undefined ? 'cubic' : machineCongestion())

function chooseLoads(wanted, controls, { quick, smoke }) {
  const all = smoke ? smokeLoads(smokeCongestion()) : LOADS
  const isCalled = (load, word) => load.name.startsWith(word) || load.family === word
  const unknown = wanted.find((word) => !all.some((load) => isCalled(load, word)))
  if (unknown !== undefined) {
    const families = [...new Set(all.map(({ family }) => family))]
    throw new Error(`no load is called "${unknown}"; there are ${families.join(', ')}`)
  }
  const isWanted = (load) =>
    wanted.length > 0 ? wanted.some((word) => isCalled(load, word)) : load.isQuick || !quick
  const chosen = all.filter((load) => isWanted(load) && (smoke || controls.includes(load.congestion)))
  return quick
    ? chosen.map((load) => ({ ...load, warmMs: Math.min(load.warmMs, QUICK_MOST_WARM_MS) }))
    : chosen
}
