/**
 * Slow callers of the admin server, which a deadline of Node's HTTP server ends, and events that come once a second.
 * Tests cannot move these clocks ahead. So all tests of this file run at the same time, each with its own proxy.
 */
import { describe, expect, it } from 'vitest'
import { until } from '../support/wait.js'
import { BARE, closed, expectProblem, HEAD, JSON_HEAD, Rig } from './rig.js'

const STUCK = 'POST /api/v1/connections/kill HTTP/1.1\r\nHost: local'

/** Runs the test with a proxy of its own, and ends the proxy afterwards. */
const withRig = (story: (rig: Rig) => Promise<void>) => async (): Promise<void> => {
  const rig = await Rig.start()
  try {
    await story(rig)
  } finally {
    await rig.end()
  }
}

describe.concurrent('slow callers of the admin server', () => {
  const stuckHundred = async (rig: Rig): Promise<void> => {
    const stuck = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const socket = await rig.raw(STUCK)
        return socket.resume()
      }),
    )
    const client = await rig.join()
    client.send(Buffer.from('still'))
    await client.receive(10)
    // The server closes those above its limit at once, and the others when their time is over.
    await Promise.all(stuck.map(closed))
    expect(await rig.ask('/livez')).toMatchObject({ status: 200 })
  }
  it(
    'a hundred callers that send half a request do not stop the traffic of the proxy',
    withRig(stuckHundred),
    20_000,
  )

  const readsNothing = async (rig: Rig): Promise<void> => {
    // More than the kernel's buffers hold. A caller with bytes left to write notices that the server closed it.
    const socket = await rig.raw(`GET /assets/page.js HTTP/1.1\r\n${BARE}\r\n`.repeat(500_000))
    socket.pause()
    await closed(socket)
  }
  it(
    'the admin server closes a caller that sends requests and reads no answers',
    withRig(readsNothing),
    20_000,
  )

  it.each([
    ['never ends', 'GET / HTTP/1.1\r\nHost: local'],
    ['has a body that never ends', `POST /api/v1/drain HTTP/1.1\r\n${JSON_HEAD}Content-Length: 9\r\n\r\n{`],
  ])(
    'a caller whose request %s gets 408 with a reason as JSON',
    (_, bytes) => withRig(async (rig) => expectProblem(await rig.answerTo(bytes), 408, /5 s/))(),
    20_000,
  )

  const eachSecond = async (rig: Rig): Promise<void> => {
    const caller = await rig.raw(`GET /api/v1/events HTTP/1.1\r\n${HEAD}\r\n`)
    let heard = ''
    caller.on('data', (chunk: Buffer) => {
      heard += chunk
    })
    await until(() => heard.split('event: status').length === 4)
    const data = JSON.parse(/^data: (.*)$/m.exec(heard)![1]!)
    expect(data).toMatchObject({ status: { state: 'running' }, connections: [], mayChange: true })
    caller.destroy()
  }
  it('an event stream sends the status at once and then every second', withRig(eachSecond))
})
