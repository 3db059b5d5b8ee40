/**
 * Signals while the command starts. A module hook sends each signal in the middle of an import. So it comes at the same
 * point of the start, however fast the machine is.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { Millrace, runMillrace, writeConfig } from '../support/millrace.js'

/** Of each kind of process: how a file of the bundle begins that is loaded early, and one that is loaded late. */
const MOMENTS = {
  serving: ['./run-', './serve-'],
  worker: ['./worker-', './own-process-'],
  check: ['./run-', './load-'],
} as const
const folder = temporaryFolder()
const preload = join(folder, 'preload.mjs')

beforeAll(() => {
  const hook = join(folder, 'hook.mjs')
  writeFileSync(
    hook,
    `const { SIGNAL_AT, SIGNAL } = process.env
    let isSent = false
    export async function resolve(specifier, context, next) {
      const isMoment = specifier.startsWith(SIGNAL_AT)
      if (isMoment && !isSent) process.kill(process.pid, SIGNAL)
      isSent ||= isMoment
      return next(specifier, context)
    }`,
  )
  const register = `import { register } from 'node:module'
    const isWorker = process.send !== undefined
    if (isWorker === (process.env.SIGNAL_WHOM === 'worker')) register(${JSON.stringify(pathToFileURL(hook).href)})`
  writeFileSync(preload, register)
})

function signalling(signal: NodeJS.Signals, at: string, whom: 'worker' | 'command' = 'command') {
  const NODE_OPTIONS = `--import=${pathToFileURL(preload).href}`
  return { env: { NODE_OPTIONS, SIGNAL: signal, SIGNAL_AT: at, SIGNAL_WHOM: whom } }
}

const config = (more: object = {}) => ({
  listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'only' }],
  clusters: { only: { backends: ['127.0.0.1:9'] } },
  ...more,
})

describe.each(MOMENTS.serving)('a signal while millrace loads %s', (at) => {
  it.each([
    ['SIGTERM', 1],
    ['SIGTERM', 2],
    ['SIGINT', 1],
  ] as const)(
    '%s during the start ends millrace with 0 before it listens (workers: %d)',
    async (signal, workers) => {
      const file = writeConfig(folder, config({ workers }))
      const { code, stdout, stderr } = await runMillrace(['--config', file], signalling(signal, at))
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).not.toContain('listening on')
    },
  )

  it.each([1, 2])(
    'SIGHUP during the start reloads the config once millrace listens (workers: %d)',
    async (workers) => {
      const file = writeConfig(folder, config({ workers }))
      const millrace = new Millrace(['--config', file], signalling('SIGHUP', at))
      await millrace.logged(({ msg }) => msg === 'config reloaded')
      const order = millrace.lines.map(({ msg }) => msg)
      expect(order.findIndex((msg) => msg.startsWith('listening on'))).toBeLessThan(
        order.indexOf('config reloaded'),
      )
      expect(await millrace.stop()).toEqual({ code: 0, signal: null })
    },
  )

  it.each(['SIGUSR1', 'SIGUSR2'] as const)('%s during the start does not end millrace', async (signal) => {
    const file = writeConfig(folder, config())
    const millrace = new Millrace(['--config', file], signalling(signal, at))
    await millrace.logged(({ msg }) => msg.startsWith('admin on'))
    expect(await millrace.stop()).toEqual({ code: 0, signal: null })
    expect(millrace.program.stderr).toBe('')
  })
})

describe.each(MOMENTS.worker)('a signal while a worker loads %s', (at) => {
  it.each(['SIGHUP', 'SIGUSR2'] as const)(
    '%s during the start of the workers kills none of them',
    async (signal) => {
      const file = writeConfig(folder, config({ workers: 2 }))
      const millrace = new Millrace(['--config', file], signalling(signal, at, 'worker'))
      const { workers } = await millrace.logged(({ msg }) => msg === '2 workers')
      expect(workers).toBe(2)
      expect(millrace.lines.filter(({ level }) => level >= 50)).toEqual([])
      expect(await millrace.stop()).toEqual({ code: 0, signal: null })
    },
  )
})

it.each(MOMENTS.check)(
  'SIGTERM during the start of `millrace check`, while it loads %s, kills it',
  async (at) => {
    const file = writeConfig(folder, config())
    const outcome = await runMillrace(['check', '--config', file], signalling('SIGTERM', at))
    expect(outcome).toMatchObject({ signal: 'SIGTERM', stdout: '' })
  },
)
