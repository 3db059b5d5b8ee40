// Compiles the bench's own programs (load generator, C loop, the rival in Go) if a source is newer.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'

const HERE = import.meta.dirname
// Not below build/, because node-gyp empties that folder.
export const CACHE = join(HERE, '../../node_modules/.cache/millrace-bench')
const FLAGS = ['-std=c++20', '-O2', '-Wall', '-Wextra', '-fno-exceptions', '-fno-rtti']

/** Paths of the built programs. `goCopy` is undefined without go. Throws if a source does not compile. */
export function buildPrograms() {
  mkdirSync(CACHE, { recursive: true })
  const load = join(HERE, 'load')
  const loadSources = readdirSync(load).map((name) => join(load, name))
  const loopSources = [join(HERE, 'splice_loop.cc'), join(load, 'address.cc'), join(load, 'address.h')]
  return {
    load: build('load', loadSources, compileCxx),
    spliceLoop: build('splice_loop', loopSources, compileCxx),
    goCopy: hasGo() ? build('go-copy', [join(HERE, 'contenders/go-copy.go')], compileGo) : undefined,
  }
}

const compileCxx = (sources, output) => [
  'g++',
  ...FLAGS,
  ...sources.filter((source) => source.endsWith('.cc')),
  ...['-o', output],
]

const compileGo = (sources, output) => ['go', 'build', '-o', output, ...sources]

const hasGo = () => spawnSync('go', ['version']).error === undefined

function build(name, sources, commandFor) {
  const program = join(CACHE, name)
  if (sources.every((source) => changedAt(source) < changedAt(program))) return program
  // Puts the finished program in place, because another run may be about to start it.
  const unfinished = `${program}.${process.pid}`
  const [command, ...args] = commandFor(sources, unfinished)
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (error?.code === 'ENOENT') throw new Error(`the bench needs ${command}: apt-get install ${command}`)
  if (status !== 0) throw new Error(`${command} ${name}: ${error?.message ?? stderr}`)
  renameSync(unfinished, program)
  return program
}

function changedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
