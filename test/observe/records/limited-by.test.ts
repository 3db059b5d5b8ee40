/** Who makes a connection slow, from hand-made figures of the kernel for both sockets. */
import { expect, it } from 'vitest'
import type { TcpSending } from '../../../src/io/tcp-info.js'
import { type Life, lifeSince } from '../../../src/observe/records/life.js'
import { type Limiting, limitingOf } from '../../../src/observe/records/limited-by.js'
import { NOTHING_MOVED } from '../../../src/pipe/options.js'

type LimitingWord = Pick<Limiting, 'limitedBy'> & {
  readonly limitedShares: Partial<Limiting['limitedShares']> | undefined
}

const SECOND = 1e6
const MIB = 1024 * 1024

/** A side that took and gave nothing for 10 s. */
const QUIET: TcpSending = {
  busyMicros: 0,
  rwndMicros: 0,
  sndbufMicros: 0,
  retransmits: 0,
  rtoMicros: 200_000,
  ackedBytes: 0,
  bytesPerSecond: 0,
  silentMs: 10_000,
}

const HOUR = 3600 * SECOND

/** A connection of 10 s in which nothing happened. */
const IDLE: Life = {
  totalMicros: 10 * SECOND,
  waitMicros: 0,
  routeMicros: 0,
  queuedMicros: 0,
  connectMicros: 1000,
  firstByteMicros: undefined,
  isOneTurn: true,
  client: QUIET,
  backend: QUIET,
  totals: NOTHING_MOVED,
  slowed: undefined,
}

const side = (changes: Partial<TcpSending>): TcpSending => ({ ...QUIET, ...changes })
const received = (up: number, down: number): Life['totals'] => ({
  ...NOTHING_MOVED,
  receivedUp: up,
  receivedDown: down,
})

/** 10 s of bytes from the backend, after a short request. */
const download = (changes: Partial<Life>): Life => ({
  ...IDLE,
  firstByteMicros: 1000,
  totals: received(100, 10 * MIB),
  client: side({ silentMs: 10_000 }),
  backend: side({ silentMs: 0 }),
  ...changes,
})

/** Some turns in the first second, an hour of silence, and a goodbye of one side. */
const silentHour = (changes: Partial<Life>): Life => ({
  ...IDLE,
  totalMicros: HOUR,
  firstByteMicros: 1000,
  isOneTurn: false,
  ...changes,
})
const BEFORE_THE_HOUR = side({ silentMs: HOUR / 1000 - 1000 })

it.each<[string, Life, LimitingWord]>([
  ['an idle connection is limited by nobody', IDLE, { limitedBy: 'nobody', limitedShares: undefined }],
  [
    'a client whose receive window was full limits the connection',
    download({ client: side({ busyMicros: 9 * SECOND, rwndMicros: 8 * SECOND }) }),
    { limitedBy: 'client', limitedShares: { client: 0.8, backend: 0.2 } },
  ],
  [
    'a backend whose receive window was full limits the connection',
    {
      ...IDLE,
      totals: received(10 * MIB, 0),
      client: side({ silentMs: 0 }),
      backend: side({ busyMicros: 9 * SECOND, rwndMicros: 9 * SECOND }),
    },
    { limitedBy: 'backend', limitedShares: { client: 0.1, backend: 0.9 } },
  ],
  [
    'congestion control on the way to the client is the network of the client',
    download({ client: side({ busyMicros: 9.5 * SECOND, ackedBytes: 9 * MIB, bytesPerSecond: MIB }) }),
    { limitedBy: 'client-network', limitedShares: { 'client-network': 0.9, backend: 0.1 } },
  ],
  [
    'a full send buffer whose bytes are all on their way is the network',
    download({ client: side({ busyMicros: 9 * SECOND, sndbufMicros: 9 * SECOND }) }),
    { limitedBy: 'client-network', limitedShares: { 'client-network': 0.9, backend: 0.1 } },
  ],
  [
    'retransmission timeouts on the way to the backend are the time of its network',
    {
      ...IDLE,
      totals: received(1000, 0),
      client: side({ silentMs: 9999 }),
      backend: side({ busyMicros: 9 * SECOND, retransmits: 5, rtoMicros: 1.6 * SECOND }),
    },
    { limitedBy: 'backend-network', limitedShares: { 'backend-network': 0.8 } },
  ],
  [
    'a peer that acknowledges small messages late makes no network slow',
    {
      ...IDLE,
      firstByteMicros: 1000,
      isOneTurn: false,
      totals: received(100_000, 100_000),
      client: side({ busyMicros: 4 * SECOND, ackedBytes: 100_000, bytesPerSecond: 10 * MIB, silentMs: 10 }),
      backend: side({ busyMicros: 4 * SECOND, ackedBytes: 100_000, bytesPerSecond: 10 * MIB, silentMs: 5 }),
    },
    { limitedBy: 'nobody', limitedShares: undefined },
  ],
  [
    'a backend that writes a stream slowly limits the connection',
    download({}),
    { limitedBy: 'backend', limitedShares: { backend: 1 } },
  ],
  [
    'a client that writes a stream slowly limits the connection',
    { ...IDLE, totals: received(10 * MIB, 0), client: side({ silentMs: 0 }) },
    { limitedBy: 'client', limitedShares: { client: 1 } },
  ],
  [
    'a backend that sends a few messages a minute limits nobody',
    download({ totals: received(100, 10_000) }),
    { limitedBy: 'nobody', limitedShares: undefined },
  ],
  [
    'a backend that takes long for its first answer limits the connection',
    {
      ...IDLE,
      firstByteMicros: 6 * SECOND,
      totals: received(100, 100),
      client: side({ silentMs: 9_000 }),
      backend: side({ silentMs: 3_999 }),
    },
    { limitedBy: 'backend', limitedShares: { backend: 0.5 } },
  ],
  [
    'a backend that does not answer the last question limits the connection',
    {
      ...IDLE,
      firstByteMicros: 1000,
      isOneTurn: false,
      totals: received(200, 100),
      client: side({ silentMs: 7000 }),
      backend: side({ silentMs: 9000 }),
    },
    { limitedBy: 'backend', limitedShares: { backend: 0.7 } },
  ],
  [
    'a backend that never sends a byte may speak a protocol without answers',
    { ...IDLE, totals: received(1000, 0), client: side({ silentMs: 5000 }) },
    { limitedBy: 'nobody', limitedShares: undefined },
  ],
  [
    'a client that writes a stream slowly limits the connection, also if it gets an answer at the end',
    {
      ...IDLE,
      firstByteMicros: 9.99 * SECOND,
      totals: received(10 * MIB, 100),
      client: side({ silentMs: 10 }),
      backend: side({ silentMs: 9 }),
    },
    { limitedBy: 'client', limitedShares: { client: 1 } },
  ],
  [
    'a Postgres session with a large answer, an idle hour and a goodbye of the backend is limited by nobody',
    silentHour({
      totals: received(500, 1024 * MIB),
      client: BEFORE_THE_HOUR,
      backend: side({ silentMs: 0 }),
    }),
    { limitedBy: 'nobody', limitedShares: undefined },
  ],
  [
    'an upload with an answer, an idle hour and a goodbye of the client is limited by nobody',
    silentHour({
      totals: received(1024 * MIB, 500),
      client: side({ silentMs: 0 }),
      backend: BEFORE_THE_HOUR,
    }),
    { limitedBy: 'nobody', limitedShares: undefined },
  ],
  [
    'a slow upload with an answer ends before the goodbye that follows an idle time',
    {
      ...IDLE,
      firstByteMicros: 4 * SECOND,
      totals: received(10 * MIB, 500),
      client: side({ silentMs: 0 }),
      backend: side({ silentMs: 5999 }),
    },
    { limitedBy: 'client', limitedShares: { client: 0.4 } },
  ],
  [
    'a fast answer before an idle time is no stream, whoever says goodbye where TLS ends at millrace',
    {
      ...IDLE,
      firstByteMicros: 1000,
      totals: received(500, 10 * MIB),
      client: side({ silentMs: 0 }),
      backend: side({ silentMs: 9900 }),
    },
    { limitedBy: 'nobody', limitedShares: { backend: 0.01 } },
  ],
  [
    'a close_notify of a backend after an idle hour limits nobody if TLS passes through',
    silentHour({
      totals: received(2000, 100 * MIB),
      client: side({ silentMs: HOUR / 1000 - 5 }),
      backend: side({ silentMs: 0 }),
    }),
    { limitedBy: 'nobody', limitedShares: undefined },
  ],
  [
    'a client that waits in the queue waits for us',
    { ...IDLE, queuedMicros: 4 * SECOND },
    { limitedBy: 'our-limit', limitedShares: { 'our-limit': 0.4 } },
  ],
  [
    'bytes that wait for a shared rate wait for us',
    download({ slowed: { down: { by: 'listener', waitedMs: 9000 } } }),
    { limitedBy: 'our-limit', limitedShares: { backend: 0.1, 'our-limit': 0.9 } },
  ],
  [
    'bytes that wait for a shared rate, and that the kernel paces too, wait for us in both ways',
    download({
      client: side({ busyMicros: 7 * SECOND, ackedBytes: 7 * MIB, bytesPerSecond: 50 * MIB }),
      slowed: { down: { by: 'listener', bytesPerSecond: MIB, waitedMs: 2000 } },
    }),
    { limitedBy: 'our-limit', limitedShares: { backend: 0.1, 'our-limit': 0.9 } },
  ],
  [
    'bytes that the kernel paces at our order wait for us',
    download({
      client: side({ busyMicros: 10 * SECOND, ackedBytes: 10 * MIB, bytesPerSecond: 50 * MIB }),
      slowed: { down: { by: 'connection', bytesPerSecond: MIB } },
    }),
    { limitedBy: 'our-limit', limitedShares: { 'our-limit': 1 } },
  ],
  [
    'a network that is slower than the rate of the connection is slow itself',
    download({
      client: side({ busyMicros: 10 * SECOND, ackedBytes: 10 * MIB, bytesPerSecond: MIB }),
      slowed: { down: { by: 'connection', bytesPerSecond: 2 * MIB } },
    }),
    { limitedBy: 'client-network', limitedShares: { 'client-network': 1 } },
  ],
  [
    'a backend that accepts slowly limits the connection',
    { ...IDLE, connectMicros: 5 * SECOND },
    { limitedBy: 'backend', limitedShares: { backend: 0.5 } },
  ],
  [
    'a side that is slow for a tenth of the time limits nobody',
    { ...IDLE, connectMicros: SECOND },
    { limitedBy: 'nobody', limitedShares: { backend: 0.1 } },
  ],
  [
    'a client whose first bytes come slowly limits the connection',
    { ...IDLE, waitMicros: 5 * SECOND },
    { limitedBy: 'client', limitedShares: { client: 0.5 } },
  ],
  [
    'a route function that takes long for itself is not the client',
    { ...IDLE, waitMicros: 5 * SECOND, routeMicros: 4 * SECOND },
    { limitedBy: 'our-limit', limitedShares: { client: 0.1, 'our-limit': 0.4 } },
  ],
  [
    'a connection of 15 ms is too short for a word',
    { ...IDLE, totalMicros: 15_000, connectMicros: 12_000 },
    { limitedBy: 'nobody', limitedShares: undefined },
  ],
])('%s', (_, life, limiting) => {
  expect(limitingOf(life)).toEqual(limiting)
})

it('a part of a life has only what came in this part', () => {
  const before = download({
    totalMicros: 5 * SECOND,
    totals: received(100, 5 * MIB),
    backend: side({ silentMs: 0 }),
  })
  const client = side({ busyMicros: 5 * SECOND, rwndMicros: 5 * SECOND })
  const limiting = limitingOf(lifeSince(before, download({ client })))
  expect(limiting).toEqual({ limitedBy: 'client', limitedShares: { client: 1 } })
})

it('in a part of a life a stream is one of the side that alone has sent', () => {
  const before = download({ totalMicros: 5 * SECOND, totals: received(5 * MIB, 5 * MIB), isOneTurn: false })
  const part = (up: number, down: number, changes: Partial<Life> = {}): Limiting =>
    limitingOf(
      lifeSince(before, { ...before, totalMicros: 10 * SECOND, totals: received(up, down), ...changes }),
    )
  const sendsNow = { client: side({ silentMs: 0 }), backend: side({ silentMs: 6000 }) }
  expect(part(5 * MIB, 10 * MIB).limitedBy).toBe('backend')
  expect(part(10 * MIB, 5 * MIB, sendsNow).limitedBy).toBe('client')
  expect(part(6 * MIB, 10 * MIB, { client: side({ silentMs: 100 }) }).limitedBy).toBe('nobody')
})

it('a backend that was asked before the part of a life still owes its answer', () => {
  const asked = {
    firstByteMicros: 1000,
    totals: received(200, 100),
    client: side({ silentMs: 1000 }),
    backend: side({ silentMs: 3000 }),
  }
  const before = { ...IDLE, ...asked, totalMicros: 5 * SECOND }
  const now = {
    ...before,
    totalMicros: 6 * SECOND,
    client: side({ silentMs: 2000 }),
    backend: side({ silentMs: 4000 }),
  }
  expect(limitingOf(lifeSince(before, now))).toEqual({ limitedBy: 'backend', limitedShares: { backend: 1 } })
})
