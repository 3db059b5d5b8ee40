/**
 * How environments end while pipes carry traffic: threads are terminated, and processes exit, run out of work or throw.
 * Each test runs its own process and checks its exit code and its fds.
 */
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { kernelLoop } from '../../src/io/choose-engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { type Finished, run } from '../support/programs.js'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
const ENGINES = kernelLoop() instanceof KernelLoop ? ['kernel', 'stream'] : ['stream']

/** Runs a script in the folder of traffic.mjs. */
function script(engine: string, body: string): Promise<Finished> {
  const env = engine === 'kernel' ? {} : { MILLRACE_NATIVE: 'off' }
  const text = `
    import { Worker } from 'node:worker_threads'
    import { once } from 'node:events'
    import { readdirSync } from 'node:fs'
    import { setImmediate as nextTurn } from 'node:timers/promises'
    import { startTraffic } from './traffic.mjs'
    ${body}`
  return run(process.execPath, ['--input-type=module', '-e', text], { cwd: FOLDER, env })
}

describe.each(ENGINES)('the %s engine', (engine) => {
  test('a thread that is terminated under traffic leaves no fd open', async () => {
    const { code, signal, stdout, stderr } = await script(
      engine,
      `
      const fds = () => readdirSync('/proc/self/fd').length
      const open = []
      for (let i = 0; i < 10; i++) {
        const thread = new Worker('./traffic-thread.mjs', { execArgv: [] })
        const [kind] = await once(thread, 'message')
        for (let turn = 0; turn < i * 100; turn++) await nextTurn()
        await thread.terminate()
        open.push(fds())
        if (i === 9) console.log(JSON.stringify({ kind, left: open.at(-1) - open[0] }))
      }`,
    )
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
    expect(JSON.parse(stdout)).toEqual({ kind: engine, left: 0 })
  })

  test('several threads carry traffic at once, each with its own engine', async () => {
    const { code, signal, stdout, stderr } = await script(
      engine,
      `
      const threads = Array.from({ length: 3 }, () => new Worker('./traffic-thread.mjs', { execArgv: [] }))
      const messages = threads.map((thread) => once(thread, 'message'))
      const own = await startTraffic('auto')
      const kinds = await Promise.all(messages)
      await threads[0].terminate()
      await own.stop()
      console.log(JSON.stringify([own.kind, ...kinds.flat()]))
      process.exit(0)`,
    )
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
    expect(JSON.parse(stdout)).toEqual([engine, engine, engine, engine])
  })

  test.each(['on', 'off'])(
    'a process that exits under traffic ends with its exit code (splice: %s)',
    async (splice) => {
      for (const turns of [0, 10, 100]) {
        const { code, signal, stderr } = await script(
          engine,
          `
        await startTraffic('${splice}')
        for (let turn = 0; turn < ${turns}; turn++) await nextTurn()
        process.exit(7)`,
        )
        expect({ code, signal, stderr }).toEqual({ code: 7, signal: null, stderr: '' })
      }
    },
  )

  test('a process whose connections have ended ends by itself', async () => {
    const { code, signal, stdout, stderr } = await script(
      engine,
      `
      const traffic = await startTraffic('auto')
      await traffic.stop()
      console.log('stopped')`,
    )
    expect({ code, signal, stdout, stderr }).toEqual({
      code: 0,
      signal: null,
      stdout: 'stopped\n',
      stderr: '',
    })
  })

  test('an error thrown to the event loop ends the process as Node does', async () => {
    const { code, signal, stderr } = await script(
      engine,
      `
      const { createEngine } = await import('../../dist/io/choose-engine.js')
      const { connect } = await import('node:net')
      const accepted = () => { throw new Error('of the user') }
      const address = { kind: 'tcp', host: '127.0.0.1', port: 0 }
      const listening = await createEngine().listen(address, { backlog: 1, sharePort: false }, { accepted })
      connect(listening.address.port, '127.0.0.1').on('error', () => {})`,
    )
    expect({ code, signal }).toEqual({ code: 1, signal: null })
    expect(stderr).toContain('Error: of the user')
  })

  test('a process with a handler for uncaught errors goes on accepting after one', async () => {
    const { code, signal, stdout, stderr } = await script(
      engine,
      `
      const { createEngine } = await import('../../dist/io/choose-engine.js')
      const { connect } = await import('node:net')
      let clients = 0
      process.on('uncaughtException', ({ message }) => console.log(message))
      const accepted = (client) => {
        client.reset()
        if (++clients === 2) listening.close()
        else throw new Error('of the user')
      }
      const address = { kind: 'tcp', host: '127.0.0.1', port: 0 }
      const listening = await createEngine().listen(address, { backlog: 1, sharePort: false }, { accepted })
      for (let i = 0; i < 2; i++) {
        const client = connect(listening.address.port, '127.0.0.1').on('error', () => {})
        await new Promise((resolve) => client.on('close', resolve))
      }`,
    )
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
    expect(stdout).toBe('of the user\n')
  })
})
