/** Messages of a process by UDP, when it has no file descriptor for the socket, and when it exits. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { areMissing, run } from '../../../support/programs.js'
import { until } from '../../../support/wait.js'

/** More than an outbox has in flight. The receiver keeps so many in the kernel. */
const MANY = 300
const RECEIVE_BUFFER = 212_992

const builtUrl = (path: string): string =>
  JSON.stringify(new URL(`../../../../dist/${path}`, import.meta.url).href)
const OUTBOX = `
  import { closeSync, openSync } from 'node:fs'
  import { openDatagrams } from ${builtUrl('io/datagrams.js')}
  import { Outbox } from ${builtUrl('observe/log/syslog/outbox.js')}
  const port = Number(process.argv[1])
  const tally = { sent: 0, dropped: 0 }
  const open = () => new Outbox(openDatagrams({ kind: 'udp', host: '127.0.0.1', port }), tally)
`
/** It takes all file descriptors before it opens the outbox, and gives them back when the first message waits. */
const WITHOUT_FDS = `${OUTBOX}
  const held = []
  try {
    for (;;) held.push(openSync('/dev/null'))
  } catch {}
  const outbox = open()
  outbox.put(Buffer.from('1'))
  await new Promise(setImmediate)
  for (const fd of held) closeSync(fd)
  outbox.put(Buffer.from('2'))
  await outbox.close()
  process.stdout.write(JSON.stringify(tally))
`
const AT_EXIT = `${OUTBOX}
  const outbox = open()
  for (let i = 0; i < ${MANY}; i++) outbox.put(Buffer.from(String(i)))
  process.exit(0)
`

describe('messages by UDP', () => {
  let receiver: Socket
  let received: string[]
  beforeEach(async () => {
    received = []
    receiver = createSocket('udp4').bind(0, '127.0.0.1')
    receiver.on('message', (bytes) => received.push(bytes.toString()))
    await once(receiver, 'listening')
    receiver.setRecvBufferSize(RECEIVE_BUFFER)
  })
  afterEach(() => {
    receiver.close()
  })

  const node = (program: string): string[] => [
    process.execPath,
    '--input-type=module',
    ...['--eval', program, String(receiver.address().port)],
  ]

  it.skipIf(areMissing('prlimit'))(
    'messages wait while the process has no file descriptor for the socket',
    async () => {
      const { code, stdout, stderr } = await run('prlimit', ['--nofile=64:64', ...node(WITHOUT_FDS)])
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '{"sent":2,"dropped":0}', stderr: '' })
      await until(() => received.length === 2)
      expect(received).toEqual(['1', '2'])
    },
  )

  it('messages that wait when a process exits are sent', async () => {
    const [program = '', ...args] = node(AT_EXIT)
    expect(await run(program, args)).toMatchObject({ code: 0, stderr: '' })
    await until(() => received.length === MANY)
    expect(received).toEqual(Array.from({ length: MANY }, (_, i) => String(i)))
  })
})
