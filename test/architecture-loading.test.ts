/**
 * What each kind of process loads. A file costs time at every start, so nobody loads what only others need. The tests read
 * files and run no code of millrace.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { loadedBy } from './support/static-imports.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const WORKER = ['src/workers/worker.ts', 'src/workers/own-process.ts']
const VERB = ['src/command/run.ts', 'src/command/ask.ts']
const SUPERVISOR = ['src/workers/supervisor.ts', 'src/workers/workers-control.ts']

it('src/cli.ts loads only the signals before it knows what to run', () => {
  expect(loadedBy('src/cli.ts')).toEqual({ files: ['src/cli.ts', 'src/signals.ts'], packages: [] })
})

it('a worker loads no package but pino and dns-packet, no schema of the config, no command and no admin server', () => {
  const { files, packages } = loadedBy(...WORKER)
  expect(packages).toEqual(['dns-packet', 'pino'])
  expect(files.filter((file) => /^src\/(command|admin|config\/schema)/.test(file))).toEqual([])
})

it('a supervisor loads nothing that serves clients, no schema and no admin server', () => {
  const { files, packages } = loadedBy(...SUPERVISOR)
  expect(packages).toEqual(['dns-packet'])
  expect(
    files.filter((file) => /^src\/(command|admin\/server|config\/schema|proxy\/running-proxy)/.test(file)),
  ).toEqual([])
})

it('a verb loads no package but commander and zod, and nothing that serves clients', () => {
  const { files, packages } = loadedBy(...VERB)
  expect(packages).toEqual(['commander', 'zod'])
  expect(files.filter((file) => /^src\/(proxy|cluster|connection|pipe|workers)\//.test(file))).toEqual([])
})

it('serving loads the admin server and its metrics only when there is an admin address', () => {
  const { files } = loadedBy('src/command/serve.ts', 'src/proxy/running-proxy.ts', 'src/index.ts')
  expect(files.filter((file) => /^src\/(admin\/(?!default-address)|observe\/metrics)/.test(file))).toEqual([])
})

it('the library loads no package but those of a proxy: no commander, pino-pretty, uplot or yaml', () => {
  const { files, packages } = loadedBy('src/index.ts')
  expect(packages).toEqual(['dns-packet', 'pino', 'zod'])
  expect(files.filter((file) => file.startsWith('src/command/'))).toEqual([])
})

it('millrace/pipe loads no package, and nothing of a proxy', () => {
  const { files, packages } = loadedBy('src/index-pipe.ts')
  expect(packages).toEqual([])
  expect(files.filter((file) => !/^src\/(io|pipe|\w[\w-]*\.ts$)/.test(file))).toEqual([])
})

it('millrace/faults loads no package, and of millrace only addresses, arguments and errors', () => {
  const { files, packages } = loadedBy('src/faults/faults.ts')
  expect(packages).toEqual([])
  expect(files.filter((file) => !file.startsWith('src/faults/'))).toEqual([
    'src/address.ts',
    'src/arguments.ts',
    'src/errors.ts',
    'src/escape.ts',
    'src/nearest.ts',
  ])
})

it('only what a process does at its start imports files later, because an update of the package removes files of the bundle', () => {
  const importing = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (path) =>
      path.endsWith('.ts') &&
      /(?:await|\?\?=) import\(|^\s+import\(/m.test(readFileSync(join(ROOT, 'src', path), 'utf8')),
  )
  expect(importing.sort()).toEqual([
    'cli.ts',
    'command/admin-addresses.ts',
    'command/run.ts',
    'command/serve.ts',
    // The successor of an upgrade does it in the seconds after its start.
    'proxy/hand-over/hand-over.ts',
    'proxy/library-run.ts',
  ])
})
