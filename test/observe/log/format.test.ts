/** The form of the lines of a log, as `log.format` says it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { LogFormat } from '../../../src/config/schemas/log-schema.js'
import { openLog } from '../../../src/observe/log/log.js'
import type { ConnectionFacts } from '../../../src/observe/records/record.js'
import { temporaryFolder } from '../../support/folder.js'

const folder = temporaryFolder()
const FACTS = {
  ...{ acceptedAt: 0, listener: 'web', protocol: 'TCP', tags: {}, client: '192.0.2.7:5', retries: 0 },
  ...{ totalMicros: 0, bytesUp: 0, bytesDown: 0, splicedUp: 0, splicedDown: 0 },
} as unknown as ConnectionFacts
const ENDED = { by: 'client', phase: 'data', cause: 'finished' } as const

/** What a log with this format writes. */
async function written(format: LogFormat | undefined, later = format): Promise<string[]> {
  const file = join(folder, `${format}-${later}`)
  const opened = openLog({ level: 'trace', file, format })
  const prepared = await opened.prepare({ level: 'trace', file, format: later })
  prepared.take()
  for (const level of ['trace', 'debug', 'info', 'warn', 'error'] as const) opened.log[level]('text')
  opened.record('01ARYZ6S410000000000000000', FACTS, ENDED, { written: 0, dropped: 0 })
  await opened.close()
  return readFileSync(file, 'utf8').trimEnd().split('\n')
}

test('with journald each line is a JSON object behind its priority, and a record is one of them', async () => {
  const lines = (await written('journald')).map((line) => /^<(\d)>(.*)$/.exec(line)!)
  expect(lines.map(([, priority]) => priority)).toEqual(['7', '7', '6', '4', '3', '6'])
  expect(lines.map(([, , text]) => JSON.parse(text!).msg)).toEqual([...Array(5).fill('text'), 'connection'])
})

test('with pretty each line is text for people, without colours in a file', async () => {
  const lines = await written('pretty')
  expect(lines[3]).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] WARN: text$/)
  expect(lines[5]).toMatch(/INFO: connection \{"id":"01ARYZ6S41/)
})

test.each([['json'], [undefined]] as const)(
  'with %s a file has a JSON object on each line',
  async (format) => {
    for (const line of await written(format)) expect(JSON.parse(line)).toHaveProperty('msg')
  },
)

test('a reload can change the format', async () => {
  expect((await written('json', 'journald'))[0]).toMatch(/^<7>\{/)
})
