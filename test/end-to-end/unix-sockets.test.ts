/** Unix sockets that other programs use: abstract names, and files with a mode and a group. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { kernelLoop } from '../../src/io/choose-engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { temporaryFolder } from '../support/folder.js'
import { Millrace, runMillrace, writeConfig } from '../support/millrace.js'
import { areMissing, cannotTest, Program, run } from '../support/programs.js'

const hasKernel = kernelLoop() instanceof KernelLoop || !cannotTest(`abstract names: ${kernelLoop()}`)
const folder = temporaryFolder()
const [front, back] = [`millrace-front-${process.pid}`, `millrace-back-${process.pid}`]
const programs: Program[] = []
afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.kill()))
})

const configOf = (listener: Partial<ListenerInput>, backend: string) => ({
  listeners: [{ name: 'front', cluster: 'back', ...listener } as ListenerInput],
  clusters: { back: { backends: [backend] } },
  admin: false as const,
})

async function start(listener: Partial<ListenerInput>, backend: string, native?: 'off'): Promise<Millrace> {
  const file = writeConfig(folder, configOf(listener, backend))
  const millrace = new Millrace(['--config', file], { native })
  programs.push(millrace.program)
  await millrace.logged(({ msg }) => msg.startsWith('listening on'))
  return millrace
}

it.skipIf(!hasKernel || areMissing('socat'))(
  'socat reaches millrace, and millrace reaches socat, by the same abstract names',
  async () => {
    const echo = new Program('socat', [`ABSTRACT-LISTEN:${back},fork`, 'EXEC:cat'])
    programs.push(echo)
    const millrace = await start({ address: `unix:@${front}` }, `unix:@${back}`)
    const { stdout } = await run('socat', ['-t5', '-', `ABSTRACT-CONNECT:${front}`], { input: 'hello' })
    expect(stdout).toBe('hello')
    const [record] = await millrace.records(1)
    expect(record).toMatchObject({ backend: `unix:@${back}`, backendAddress: `unix:@${back}`, bytesUp: 5 })
    expect(millrace.lines.find(({ listener }) => listener === 'front')!.address).toBe(`unix:@${front}`)
  },
)

it('`millrace check` refuses an abstract name without the addon', async () => {
  const file = writeConfig(folder, configOf({ address: `unix:@${front}` }, '127.0.0.1:9'))
  const result = await runMillrace(['check', '--config', file], { native: 'off' })
  expect(result.code).toBe(78)
  expect(result.stderr).toMatch(/listeners\[0\]\.address: abstract sockets (need the addon|exist only on)/)
})

it.each([
  ['with the addon', undefined],
  ['with native off', 'off'],
] as const)('a unix socket has the mode and the group of the config, %s', async (_, native) => {
  const path = join(folder, `mode-${native}`)
  const group = process.getgid!()
  await start({ address: `unix:${path}`, mode: '0620', group }, '127.0.0.1:9', native)
  const { mode, gid } = statSync(path)
  expect({ mode: (mode & 0o777).toString(8), gid }).toEqual({ mode: '620', gid: group })
})

it('millrace exits with 1 if the group of a unix socket does not exist', async () => {
  const file = writeConfig(
    folder,
    configOf({ address: `unix:${join(folder, 'none')}`, group: 'nobody-has-this' }, '127.0.0.1:9'),
  )
  const result = await runMillrace(['--config', file])
  expect(result).toMatchObject({ code: 1, stdout: '' })
  expect(result.stderr).toMatch(/there is no group nobody-has-this in \/etc\/group: give its number\n$/)
})
