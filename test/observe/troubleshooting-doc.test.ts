/** docs/troubleshooting.md explains every cause of a record, and every warning and error that the log can have. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ENDINGS } from '../../src/observe/endings.js'
import { HOLE, logMessages, messagesOf } from '../support/log-messages.js'

const text = readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8')
const cells = (row: string): string[] => row.split(' | ').map((cell) => cell.replaceAll(/^\| | ?\|$/g, ''))

/** Message and level of each row of the last table. */
const rows = [...text.matchAll(/^\| `.*\| (?:warn|error) \|.*$/gm)].map(([row]) => cells(row))
const told = rows.map(([message = '', level]) => ({ level, text: /`(.*?)`/.exec(message)![1]! }))

/** Words of the page that stand for a value. */
const VALUES =
  /\b(?:BACKEND|CLUSTER|CODE|COUNT|ERRNO|FILE|HOST|LIMIT|LISTENER|MESSAGE|REASON|SOCKETS|STATE|TIER)\b/g
const written = (message: string): string => message.replaceAll(VALUES, HOLE)

describe('messages read from the sources', () => {
  it.each([
    ['log.warn(facts, message)', HOLE],
    ['const message = why(backend)\nlog.warn(facts, message)', HOLE],
    ["const message = 'it failed'\nlog.error({ a: [1] }, message)", 'it failed'],
    [`log.warn({}, \`the file $\{file} is gone\`)`, `the file ${HOLE} is gone`],
  ])('the message of %j is read to its end', (source, text) => {
    expect(messagesOf(source).map((each) => each.text)).toEqual([text])
  })

  it('a source that ends within a call is an error', () => {
    expect(() => messagesOf("log.warn({}, 'a'")).toThrow('never ends')
  })
})

describe('docs/troubleshooting.md', () => {
  it('docs/troubleshooting.md explains every cause that a record can have', () => {
    const named = new Set([...text.matchAll(/`([a-z][a-z-]+)(?:: …)?`/g)].map(([, cause]) => cause))
    expect(ENDINGS.map(({ cause }) => cause).filter((cause) => !named.has(cause))).toEqual([])
  })

  it('docs/troubleshooting.md explains every warning and error of the log with its level, and no other', () => {
    const messages = logMessages()
    expect(messages.length).toBeGreaterThan(20)
    const line = ({ level, text }: { level?: string | undefined; text: string }) => `${level}: ${text}`
    const known = new Set(messages.map(line))
    const explained = new Set(told.map(({ level, text }) => line({ level, text: written(text) })))
    expect([...explained].sort()).toEqual([...known].sort())
  })

  it('docs/troubleshooting.md shows records and log lines that are JSON', () => {
    const lines = [...text.matchAll(/```json\n(.*?)\n```/gs)].flatMap(([, code = '']) => code.split('\n'))
    expect(lines.length).toBeGreaterThan(8)
    for (const each of lines) expect(JSON.parse(each)).toHaveProperty('msg')
  })
})
