/** The log by syslog: a real rsyslogd reads its messages, and a receiver that is gone costs no time. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { SyslogInput } from '../../../../src/config/schemas/syslog-schema.js'
import { validateConfig } from '../../../../src/config/validate.js'
import { loadNative } from '../../../../src/io/kernel/native.js'
import { type OpenLog, openLog } from '../../../../src/observe/log/log.js'
import type { ConnectionFacts, RecordEnding } from '../../../../src/observe/records/record.js'
import { temporaryFolder } from '../../../support/folder.js'
import { areMissing, cannotTest, freePort, Program } from '../../../support/programs.js'
import { until } from '../../../support/wait.js'
import { parseSyslog } from './grammar.js'

const folder = temporaryFolder()
const ID = '01ARYZ6S410000000000000000'
const TALLY = { written: 0, dropped: 0 }
const FACTS = {
  ...{ acceptedAt: 0, listener: 'wörb', protocol: 'TCP', tags: {}, client: '192.0.2.7:5', retries: 0 },
  ...{ totalMicros: 0, bytesUp: 0, bytesDown: 0, splicedUp: 0, splicedDown: 0 },
} as unknown as ConnectionFacts
const FINISHED: RecordEnding = { by: 'client', phase: 'data', cause: 'finished' }
const ENDS = [
  undefined,
  FINISHED,
  { by: 'proxy', phase: 'opening', cause: 'denied: banned' },
  { by: 'backend', phase: 'connect', cause: 'no-backend' },
] as const
/** Of the lines that `logAll` writes. */
const SEVERITIES = [6, 6, 5, 4, 4, 3]

const isMissing =
  loadNative().native === undefined && cannotTest('syslog by a unix socket: there is no addon')

describe('the log by syslog', () => {
  const opened: OpenLog[] = []
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((log) => log.close()))
  })

  function open(syslog: SyslogInput): OpenLog {
    const { log } = validateConfig({
      listeners: [{ address: '127.0.0.1:0', cluster: 'back' }],
      clusters: { back: { backends: ['127.0.0.1:1'] } },
      log: { file: join(folder, 'log'), syslog },
    })
    const own = openLog(log)
    opened.push(own)
    return own
  }

  function logAll({ log, record }: OpenLog): void {
    for (const ended of ENDS) record(ID, FACTS, ended, TALLY)
    log.warn('a warning')
    log.error({ err: new Error('with a stack') }, 'an error')
  }

  it.skipIf(areMissing('rsyslogd') || isMissing)(
    'rsyslogd gets each line with its severity, by UDP and by a unix socket',
    async () => {
      const port = await freePort()
      const [config, socket, output] = ['rsyslog.conf', 'dev-log', 'output'].map((name) => join(folder, name))
      const fields = ['syslogfacility-text', 'syslogseverity', 'app-name', 'msgid', 'msg'].map(
        (name) => `%${name}%`,
      )
      writeFileSync(
        config!,
        `global(workDirectory="${folder}")
         module(load="imuxsock" SysSock.Use="off")
         module(load="imudp")
         template(name="fields" type="string" string="${fields.join('|')}\\n")
         input(type="imuxsock" Socket="${socket}" UseSpecialParser="off" IgnoreTimestamp="off")
         input(type="imudp" address="127.0.0.1" port="${port}")
         action(type="omfile" file="${output}" template="fields")`,
      )
      const rsyslogd = new Program('rsyslogd', ['-n', '-f', config!, '-i', join(folder, 'pid')])
      const { native } = loadNative()
      await until(() => native!.sendDatagram(socket!, Buffer.from('<14>1 - - - - ready - ')) === 0)
      logAll(open({ address: `udp://127.0.0.1:${port}`, facility: 'local3' }))
      logAll(open({ address: `unix:${socket}` }))
      const lines = (): string[] => readFileSync(output!, { encoding: 'utf8', flag: 'a+' }).split('\n')
      await until(() => lines().length > 2 * SEVERITIES.length + 1)
      const told = lines().filter((line) => line.includes('|millrace|'))
      for (const facility of ['local3', 'daemon']) {
        const own = told.filter((line) => line.startsWith(facility)).map((line) => line.split('|'))
        expect(own.map(([, severity]) => Number(severity))).toEqual(SEVERITIES)
        expect(own.map(([, , , id]) => id)).toEqual([
          'open',
          'connection',
          'connection',
          'connection',
          'log',
          'log',
        ])
        const texts = own.map(([, , , , ...text]) => JSON.parse(text.join('|')))
        expect(texts[1]).toMatchObject({ id: ID, listener: 'wörb', msg: 'connection' })
        expect(texts[5]).toMatchObject({ msg: 'an error', err: { message: 'with a stack' } })
      }
      // The receiver may have a message before this process hears that it was sent.
      await until(() => opened.every((each) => each.syslog!.counts()!.sent === 6))
      expect(opened.map((each) => each.syslog!.counts())).toEqual([
        { sent: 6, dropped: 0, cut: 0 },
        { sent: 6, dropped: 0, cut: 0 },
      ])
      await rsyslogd.kill()
    },
  )

  it('a message that is longer than maxBytes is cut, and is still a message of syslog', async () => {
    const receiver = createSocket('udp4').bind(0, '127.0.0.1')
    await once(receiver, 'listening')
    const log = open({ address: `udp://localhost:${receiver.address().port}`, maxBytes: 480 })
    log.log.warn('ä'.repeat(1000))
    const [bytes] = (await once(receiver, 'message')) as [Buffer]
    expect(bytes.length).toBeLessThanOrEqual(480)
    expect(bytes.length).toBeGreaterThan(476)
    expect(parseSyslog(bytes).text).toMatch(/^\{"level":40.*ä$/)
    await until(() => log.syslog!.counts()!.sent === 1)
    expect(log.syslog!.counts()).toEqual({ sent: 1, dropped: 0, cut: 1 })
    receiver.close()
  })

  it.skipIf(isMissing)(
    'a receiver that is not there costs messages and nothing else, and a reload can name another',
    async () => {
      const log = open({ address: 'unix:/no/such/socket' })
      logAll(log)
      expect(log.syslog!.counts()).toEqual({ sent: 0, dropped: 6, cut: 0 })
      const receiver = createSocket('udp6').bind(0, '::1')
      await once(receiver, 'listening')
      const syslog = {
        address: { kind: 'udp', host: '::1', port: receiver.address().port },
        facility: 3,
        maxBytes: 1452,
      } as const
      const prepared = await log.prepare({ level: 'info', file: join(folder, 'log'), syslog })
      prepared.take()
      log.log.warn('here')
      const [bytes] = (await once(receiver, 'message')) as [Buffer]
      expect(JSON.parse(parseSyslog(bytes).text)).toMatchObject({ msg: 'here' })
      await until(() => log.syslog!.counts()!.sent === 1)
      receiver.close()
    },
  )

  it('a log without syslog counts nothing of it', () => {
    expect(openLog({ level: 'info', file: join(folder, 'log') }).syslog!.counts()).toBeUndefined()
  })
})
