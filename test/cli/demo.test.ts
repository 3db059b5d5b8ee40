/** The command without arguments: a demonstration that you can try with curl and watch on a terminal. */
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { CLI, Millrace } from '../support/millrace.js'
import { areMissing, Program, run } from '../support/programs.js'

const MEBIBYTE = 1024 * 1024
/** The port of the demonstration, unless another process has it. */
const USUAL_PORT = 7000

/** Starts the demonstration; returns the URL that it prints. */
async function startDemo(options: ConstructorParameters<typeof Millrace>[1] = {}) {
  const demo = new Millrace([], options)
  const [, url] = await demo.program.seen(() => /forwards (http:\/\/\S+\/) to/.exec(demo.program.stdout))
  await demo.program.seen(() => demo.program.stdout.includes('More: millrace --help\n'))
  return { demo, url: url! }
}

describe.each([
  ['with the addon', undefined, 'bulk bytes stay in the kernel'],
  ['with native off', 'off', 'copying, not splicing: switched-off'],
] as const)('the demonstration %s', (_, native, how) => {
  it.skipIf(areMissing('curl'))(
    'the demonstration prints a curl command, forwards, and sums up at its end',
    async () => {
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
    },
  )

  it('the demonstration takes another port if another process has the usual one', async () => {
    const occupant = createServer()
    await new Promise((resolve) => {
      // If another process already has the port, the test needs no occupant.
      occupant.once('error', resolve).listen(USUAL_PORT, '127.0.0.1', () => resolve(undefined))
    })
    const { demo, url } = await startDemo({ native })
    expect(new URL(url).port).not.toBe(String(USUAL_PORT))
    expect(await demo.stop()).toEqual({ code: 0, signal: null })
    occupant.close()
  })
})

describe.skipIf(areMissing('script'))('the demonstration on a terminal', () => {
  it('the demonstration shows a live line and drains on Ctrl-C', async () => {
    // Not every shell replaces itself by its last command. A shell that stays dies of Ctrl-C with 130.
    const demo = new Program('script', ['-qec', `exec "${process.execPath}" "${CLI}"`, '/dev/null'])
    await demo.seen(() => /\d connections {2}↑ [\d.]+ \w+\/s {2}↓ [\d.]+ \w+\/s {2}spliced/.exec(demo.stdout))
    demo.child.stdin.write('\x03')
    expect(await demo.exited).toEqual({ code: 0, signal: null })
    expect(demo.stdout).toMatch(/0 connections, 0 B up, 0 B down; spliced 0 B, copied 0 B\r\n$/)
  })
})
