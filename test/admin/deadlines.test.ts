/**
 * Callers who take their time, until a deadline of Node's own ends it, and what is told once a second. Nobody can move
 * these clocks ahead, so all of them are waited for at once, each with a proxy of its own.
 */
import { describe, expect, it } from 'vitest'
import { until } from '../support/wait.js'
import { BARE, closed, expectProblem, HEAD, JSON_HEAD, Rig } from './rig.js'

const STUCK = 'POST /api/v1/connections/kill HTTP/1.1\r\nHost: local'

/** With a proxy that is ended after it. */
const withRig = (story: (rig: Rig) => Promise<void>) => async (): Promise<void> => {
  const rig = await Rig.start()
  try {
    await story(rig)
  } finally {
    await rig.end()
  }
}

describe.concurrent('while others wait, too,', () => {
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
    // Those that are too many are closed at once, the others when their time is over.
    await Promise.all(stuck.map(closed))
    expect(await rig.ask('/livez')).toMatchObject({ status: 200 })
  }
  it(
    'a hundred that are stuck in the middle of a request do not keep traffic from flowing',
    withRig(stuckHundred),
    20_000,
  )

  const readsNothing = async (rig: Rig): Promise<void> => {
    // More than kernels hold: what is left to write is how it learns that it is gone.
    const socket = await rig.raw(`GET /assets/page.js HTTP/1.1\r\n${BARE}\r\n`.repeat(500_000))
    socket.pause()
    await closed(socket)
  }
  it('who asks on and on and reads nothing is let go after a while', withRig(readsNothing), 20_000)

  it.each([
    ['never ends', 'GET / HTTP/1.1\r\nHost: local'],
    ['has a body that never ends', `POST /api/v1/drain HTTP/1.1\r\n${JSON_HEAD}Content-Length: 9\r\n\r\n{`],
  ])(
    'a caller whose request %s is told so as everybody else',
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
  it('event streams tell at once, and again each second', withRig(eachSecond))
})
