/** The log as a process has it: written to stdout in the background, and still whole when the process exits. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { areMissing, Program, run } from '../support/programs.js'

const LINES = 2000
const LOG = new URL('../../dist/observe/log.js', import.meta.url).href
const script = join(temporaryFolder(), 'log.mjs')
beforeAll(() => {
  writeFileSync(
    script,
    `import { openLog } from ${JSON.stringify(LOG)}
     const { log, record } = openLog({ level: process.argv[2] })
     for (let i = 0; i < ${LINES}; i++) log.info({ i }, 'line')
     log.debug('not this')
     log.warn('last')
     const facts = { acceptedAt: 1469918176385, listener: 'front', protocol: 'TCP', tags: {}, client: '192.0.2.7:5',
       retries: 0, totalMicros: 1500, bytesUp: 1, bytesDown: 2, splicedUp: 0, splicedDown: 0 }
     if (process.argv[3]) record('01ARYZ6S410000000000000000', facts, { by: 'client', phase: 'data', cause: 'finished' })
     process.exit(0)`,
  )
})

describe('the log', () => {
  it('is one JSON object per line, none lost at an exit', async () => {
    const { stdout } = await run(process.execPath, [script, 'info'])
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines).toHaveLength(LINES + 1)
    expect(lines.slice(0, LINES).map(({ i }) => i)).toEqual(Array.from({ length: LINES }, (_, i) => i))
    expect(lines.at(-1)).toMatchObject({ level: 40, msg: 'last' })
  })

  it('holds nothing below its level', async () => {
    const { stdout } = await run(process.execPath, [script, 'warn'])
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
    expect((await run(process.execPath, [script, 'silent'])).stdout).toBe('')
  })

  it.skipIf(areMissing('script'))('is for people on a terminal', async () => {
    const command = `"${process.execPath}" "${script}" warn`
    const terminal = new Program('script', ['-qec', command, '/dev/null'])
    expect(await terminal.exited).toEqual({ code: 0, signal: null })
    expect(terminal.stdout).toMatch(/\[\d\d:\d\d:\d\d\.\d+\].*WARN.*last/)
  })

  it.skipIf(areMissing('script'))(
    'has a record in one line there, in colours unless they are not wanted',
    async () => {
      const lastLine = async (environment: string): Promise<string> => {
        const command = `${environment} "${process.execPath}" "${script}" warn record`
        const terminal = new Program('script', ['-qec', command, '/dev/null'])
        await terminal.exited
        return terminal.stdout.trimEnd().split('\n').at(-1)!
      }
      const plain = await lastLine('NO_COLOR=1')
      expect(plain).toMatch(
        /^\[\d\d:\d\d:\d\d\.\d+\] INFO: connection \{"id":"01ARYZ6S.*"termination":"--"\}$/,
      )
      expect(await lastLine('env -u NO_COLOR TERM=xterm')).toContain('\x1b[32mINFO')
    },
  )
})
