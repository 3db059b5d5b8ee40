/** How the page follows a process: when it gives a stream up, and when it asks again. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
// @ts-expect-error the page has no declarations; the test uses it as the page does
import { Follower } from '../../page/events.js'

let asked: number[]
let told: unknown[]
let gone: string[]
let answer: (signal: AbortSignal) => Promise<Response>
let follower: { run(): Promise<void>; wake(): void }

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
  asked = []
  told = []
  gone = []
  answer = () => Promise.reject(new TypeError('Failed to fetch'))
  vi.stubGlobal('fetch', (path: string, { signal }: { signal: AbortSignal }) => {
    if (path === '/api/v1/history') return Promise.resolve(Response.json({ traffic: [], counts: [] }))
    asked.push(Date.now())
    return answer(signal)
  })
  follower = new Follower({
    past: () => {},
    moment: (moment: unknown) => told.push(moment),
    gone: (why: string) => gone.push(why),
    login: () => new Promise(() => {}),
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** An event stream that sends what the test puts into it. */
function stream(signal: AbortSignal): { response: Response; say: (text: string) => void; end: () => void } {
  let controller!: ReadableStreamDefaultController<Uint8Array>
  const body = new ReadableStream<Uint8Array>({
    start: (each) => {
      controller = each
    },
  })
  signal.addEventListener('abort', () => controller.error(signal.reason))
  const say = (text: string) => controller.enqueue(new TextEncoder().encode(text))
  return { response: new Response(body), say, end: () => controller.close() }
}

it('the page asks again after 1 s, then later each time, and at last every 10 s', async () => {
  void follower.run()
  await vi.advanceTimersByTimeAsync(60_000)
  const pauses = asked.slice(1).map((at, index) => at - asked[index]!)
  expect(pauses.slice(0, 3)).toEqual([1000, 1500, 2250])
  expect(pauses.slice(-3)).toEqual([10_000, 10_000, 10_000])
  expect(new Set(gone)).toEqual(new Set(['millrace does not answer']))
})

it('the page asks at once when somebody looks at it again', async () => {
  void follower.run()
  await vi.advanceTimersByTimeAsync(60_000)
  const before = asked.length
  follower.wake()
  await vi.advanceTimersByTimeAsync(0)
  expect(asked).toHaveLength(before + 1)
})

it('the page gives up an answer that does not come, or a silent stream, after 5 s', async () => {
  answer = (signal) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  void follower.run()
  await vi.advanceTimersByTimeAsync(4500)
  expect(gone).toEqual([])
  await vi.advanceTimersByTimeAsync(500)
  expect(gone).toEqual(['millrace sent nothing for 5 s'])
  answer = async (signal) => stream(signal).response
  await vi.advanceTimersByTimeAsync(1000 + 5000)
  expect(gone).toEqual(['millrace sent nothing for 5 s', 'millrace sent nothing for 5 s'])
})

it('the page keeps a stream with an event every few seconds, and asks again 1 s after its end', async () => {
  let current: ReturnType<typeof stream> | undefined
  void follower.run()
  await vi.advanceTimersByTimeAsync(9000)
  answer = async (signal) => {
    current = stream(signal)
    return current.response
  }
  while (current === undefined) await vi.advanceTimersByTimeAsync(100)
  const lost = gone.length
  for (let i = 0; i < 10; i++) {
    current.say(`data: ${i}\n\n`)
    await vi.advanceTimersByTimeAsync(4000)
  }
  expect(told).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(gone).toHaveLength(lost)
  const before = asked.length
  current.end()
  await vi.advanceTimersByTimeAsync(0)
  expect(gone.at(-1)).toBe('millrace ended the stream')
  await vi.advanceTimersByTimeAsync(1000)
  expect(asked).toHaveLength(before + 1)
})

it('the page gives its stream up at once when it wakes on a laptop that has slept', async () => {
  let aborted = false
  answer = async (signal) => {
    signal.addEventListener('abort', () => {
      aborted = true
    })
    return stream(signal).response
  }
  void follower.run()
  await vi.advanceTimersByTimeAsync(1000)
  // While the laptop sleeps, the clock goes on and no timer does.
  vi.setSystemTime(3_600_000)
  follower.wake()
  expect(aborted).toBe(true)
})

it('the page takes only the last of several events that come together', async () => {
  let current!: ReturnType<typeof stream>
  answer = async (signal) => {
    current = stream(signal)
    return current.response
  }
  void follower.run()
  await vi.advanceTimersByTimeAsync(100)
  current.say('data: 1\n\ndata: 2\n\ndata: 3\n\n')
  await vi.advanceTimersByTimeAsync(100)
  expect(told).toEqual([3])
})
