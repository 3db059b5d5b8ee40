// Compiles the load generator and the C reference proxy with g++, when a source is newer.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'

const HERE = import.meta.dirname
// Not below build/: node-gyp empties that.
const OUTPUT = join(HERE, '../../node_modules/.cache/millrace-bench')
const FLAGS = ['-std=c++20', '-O2', '-Wall', '-Wextra', '-fno-exceptions', '-fno-rtti']

/** Paths of the built programs. Throws when there is no g++ or a source does not compile. */
export function buildPrograms() {
  mkdirSync(OUTPUT, { recursive: true })
  const load = join(HERE, 'load')
  const loadSources = readdirSync(load).map((name) => join(load, name))
  return {
    load: build('load', loadSources),
    spliceLoop: build('splice_loop', [join(HERE, 'splice_loop.cc')]),
  }
}

function build(name, sources) {
  const program = join(OUTPUT, name)
  if (sources.every((source) => changedAt(source) < changedAt(program))) return program
  const units = sources.filter((source) => source.endsWith('.cc'))
  // Put in place whole: another run may be about to start the program.
  const unfinished = `${program}.${process.pid}`
  const { status, stderr, error } = spawnSync('g++', [...FLAGS, ...units, '-o', unfinished], {
    encoding: 'utf8',
  })
  if (error?.code === 'ENOENT') throw new Error('the bench needs g++: apt-get install g++')
  if (status !== 0) throw new Error(`g++ ${name}: ${error?.message ?? stderr}`)
  renameSync(unfinished, program)
  return program
}

function changedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
