/**
 * The types of the package, as a program in TypeScript sees them. The compilers are no dependencies of the checkout, because each has
 * a command `tsc`.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { output } from './checks.mjs'

/** The oldest version whose users need no other setting, and the newest one. */
export const COMPILERS = ['5.3.3', '7.0.2']
const NODE_TYPES = '@types/node@20.19.43'

const PROGRAM = `
import { connect, type Socket } from 'node:net'
import { type Fault, faultyProxy, type FaultyProxy } from 'millrace/faults'
import { pipe as smallPipe } from 'millrace/pipe'
import { createProxy, type Logger, MillraceError, pipe, type PipeRecord, type Proxy, type RunningPipe, type Visitor } from 'millrace'

const logger: Logger = console
const route = async (visitor: Visitor): Promise<string> => (await visitor.clientHello())?.serverName ?? 'none'
const listeners = [{ address: '127.0.0.1:0', route }]
const proxy: Proxy = createProxy({ listeners, clusters: { none: { backends: ['127.0.0.1:1'] } } }, { log: logger })
export const { start, drain, status } = proxy

export async function join(client: Socket): Promise<string | undefined> {
  const { signal } = new AbortController()
  await proxy.start({ signal })
  const record: PipeRecord = await pipe(client, connect(1), { head: Buffer.from('x'), idleTimeoutMs: 1000, signal, adopt: false })
  return record.ended.error?.message
}

export const isRetryable = (error: unknown): boolean => error instanceof MillraceError && error.retryable

export const same: typeof pipe = smallPipe

export const web = (client: Socket): Promise<PipeRecord> => pipe(new TransformStream<Uint8Array, Uint8Array>(), client)

export async function once(client: Socket): Promise<void> {
  await using own = createProxy({ listeners, clusters: {} })
  await own.start()
  using running = pipe(client, connect(1))
  await using waited: RunningPipe = pipe(client, connect(1))
  running.close()
}

export async function test(faults: readonly Fault[]): Promise<number> {
  const faulty: FaultyProxy = await faultyProxy({ to: '127.0.0.1:1', faults, listen: '127.0.0.1:0' })
  faulty.set([{ do: 'reset', after: { bytes: 1000, direction: 'down' } }, { do: 'delay', ms: 5 }])
  await faulty[Symbol.asyncDispose]()
  return faulty.port
}

// @ts-expect-error: the option is misspelt.
export const wrong = (client: Socket) => pipe(client, connect(1), { idleTimeout: 1000 })
`

const CONFIG = {
  compilerOptions: {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    types: ['node'],
  },
  include: ['program.ts'],
}

/** Compiles a program that uses the package in `node_modules` of `folder`, and checks every declaration that it reaches. */
export async function compileWith(version, folder) {
  const project = join(folder, `typescript-${version}`)
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{ "name": "program", "private": true, "type": "module" }')
  writeFileSync(join(project, 'program.ts'), PROGRAM)
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(CONFIG))
  const packages = [`typescript@${version}`, NODE_TYPES]
  await output('npm', ['install', ...packages, '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: project,
  })
  await output(process.execPath, ['node_modules/typescript/bin/tsc', '--project', '.'], { cwd: project })
}
