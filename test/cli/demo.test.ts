/** The command without arguments: a demonstration anybody can try with curl and watch on a terminal. */
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { CLI, Millrace } from '../support/millrace.js'
import { areMissing, Program, run } from '../support/programs.js'

const MEBIBYTE = 1024 * 1024
/** Where the demonstration listens unless somebody else does. */
const USUAL_PORT = 7000

/** Starts the demonstration; answers the URL it greets with. */
async function startDemo(options: ConstructorParameters<typeof Millrace>[1] = {}) {
  const demo = new Millrace([], options)
  const [, url] = await demo.program.seen(() => /forwards (http:\/\/\S+\/) to/.exec(demo.program.stdout))
  await demo.program.seen(() => demo.program.stdout.includes('or --help.\n'))
  return { demo, url: url! }
}

describe.each([
  ['with the addon', undefined, 'bulk bytes stay in the kernel'],
  ['with native off', 'off', 'copying, not splicing: switched-off'],
] as const)('the demonstration %s', (_, native, how) => {
  it.skipIf(areMissing('curl'))('says how to try it, forwards what is asked for, and sums up', async () => {
    const { demo, url } = await startDemo({ native })
    expect(demo.program.stdout).toContain(how)
    expect(demo.program.stdout).toContain(`curl ${url}\n`)
    const greeting = await run('curl', ['-sS', url])
    expect(greeting).toMatchObject({ code: 0, stderr: '' })
    expect(greeting.stdout).toContain('Hello from the backend')
    const format = ['-sS', '-o', '/dev/null', '-w', '%{http_code} %{size_download}']
    const bulk = await run('curl', [...format, `${url}bytes/64`])
    expect(bulk.stdout).toBe(`200 ${64 * MEBIBYTE}`)
    expect(await demo.stop('SIGINT')).toEqual({ code: 0, signal: null })
    const summary = demo.program.stdout.trimEnd().split('\n').at(-1)
    expect(summary).toMatch(/^2 connections, \d+ B up, 67\.1 MB down; spliced .+, copied .+$/)
    if (native === 'off') expect(summary).toContain('spliced 0 B')
    else expect(summary).toMatch(/spliced 6\d\.\d MB/)
    expect(demo.program.stderr).toBe('')
  })

  it('takes another port when the usual one is taken', async () => {
    const occupant = createServer()
    await new Promise((resolve) => {
      // Whoever else has the port already will do as well.
      occupant.once('error', resolve).listen(USUAL_PORT, '127.0.0.1', () => resolve(undefined))
    })
    const { demo, url } = await startDemo({ native })
    expect(new URL(url).port).not.toBe(String(USUAL_PORT))
    expect(await demo.stop()).toEqual({ code: 0, signal: null })
    occupant.close()
  })
})

describe.skipIf(areMissing('script'))('the demonstration on a terminal', () => {
  it('shows a live line, and drains on Ctrl-C', async () => {
    // Not every shell makes way for its last command by itself, and one that stays dies of Ctrl-C: 130.
    const demo = new Program('script', ['-qec', `exec "${process.execPath}" "${CLI}"`, '/dev/null'])
    await demo.seen(() => /\d connections {2}↑ [\d.]+ \w+\/s {2}↓ [\d.]+ \w+\/s {2}spliced/.exec(demo.stdout))
    demo.child.stdin.write('\x03')
    expect(await demo.exited).toEqual({ code: 0, signal: null })
    expect(demo.stdout).toMatch(/0 connections, 0 B up, 0 B down; spliced 0 B, copied 0 B\r\n$/)
  })
})
