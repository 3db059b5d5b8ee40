/** The log of a process: written to stdout in the background, and complete when the process exits. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../support/folder.js'
import { areMissing, Program, run } from '../../support/programs.js'
import { UNSAFE_SAMPLES, unsafeIn } from '../../support/unsafe.js'

const LINES = 2000
const LOG = new URL('../../../dist/observe/log/log.js', import.meta.url).href
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
     if (process.argv[3] === 'unsafe') {
       const unsafe = ${JSON.stringify(UNSAFE_SAMPLES.join(''))}
       log.error({ [unsafe]: unsafe, err: new Error(unsafe) }, unsafe)
       record('01ARYZ6S410000000000000000', { ...facts, client: unsafe, tags: { [unsafe]: unsafe }, alpn: [unsafe] },
         { by: 'proxy', phase: 'opening', cause: 'rejected: ' + unsafe })
     } else if (process.argv[3]) record('01ARYZ6S410000000000000000', facts, { by: 'client', phase: 'data', cause: 'finished' })
     process.exit(0)`,
  )
})

describe('the log', () => {
  it('the log is one JSON object per line, and an exit loses none', async () => {
    const { stdout } = await run(process.execPath, [script, 'info'])
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines).toHaveLength(LINES + 1)
    expect(lines.slice(0, LINES).map(({ i }) => i)).toEqual(Array.from({ length: LINES }, (_, i) => i))
    expect(lines.at(-1)).toMatchObject({ level: 40, msg: 'last' })
  })

  it('the log holds no line below its level', async () => {
    const { stdout } = await run(process.execPath, [script, 'warn'])
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
    expect((await run(process.execPath, [script, 'silent'])).stdout).toBe('')
  })

  it.skipIf(areMissing('script'))(
    'the log on a terminal has a time, a level and a message in a readable line',
    async () => {
      const command = `"${process.execPath}" "${script}" warn`
      const terminal = new Program('script', ['-qec', command, '/dev/null'])
      expect(await terminal.exited).toEqual({ code: 0, signal: null })
      expect(terminal.stdout).toMatch(/\[\d\d:\d\d:\d\d\.\d+\].*WARN.*last/)
    },
  )

  it.skipIf(areMissing('script'))(
    'the log on a terminal shows a record in one line, in colours unless NO_COLOR is set',
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

  it('the log escapes control characters, and its JSON still has them', async () => {
    const { stdout } = await run(process.execPath, [script, 'warn', 'unsafe'])
    expect(unsafeIn(stdout)).toEqual([])
    const [, line, record] = stdout.trimEnd().split('\n')
    const unsafe = UNSAFE_SAMPLES.join('')
    expect(JSON.parse(line!)).toMatchObject({ msg: unsafe, [unsafe]: unsafe, err: { message: unsafe } })
    expect(JSON.parse(record!)).toMatchObject({ client: unsafe, tags: { [unsafe]: unsafe }, alpn: [unsafe] })
  })

  it.skipIf(areMissing('script'))(
    'the log on a terminal shows control characters as their code points',
    async () => {
      const command = `NO_COLOR=1 "${process.execPath}" "${script}" warn unsafe`
      const terminal = new Program('script', ['-qec', command, '/dev/null'])
      await terminal.exited
      const lines = terminal.stdout.replaceAll('\r\n', '\n').trimEnd().split('\n')
      expect(lines.flatMap(unsafeIn)).toEqual([])
      expect(lines.filter((line) => /^\[\d\d:/.test(line))).toHaveLength(3)
      expect(lines.at(-1)).toContain('<U+001B><U+007F><U+0080><U+0085><U+009B>')
    },
  )
})
