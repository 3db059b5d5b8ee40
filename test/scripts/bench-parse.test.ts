/** How the bench reads the output of other programs. The samples are from iperf 3.12, wrk 4.1, redis 7.0 and ss. */
import { describe, expect, it } from 'vitest'
import { benchPart } from './bench-part.js'

const { parseIperf3, parseRedisBenchmark, parseSockets, parseStraceTotal, parseWrk } =
  await benchPart('parse')

const IPERF3_BIDIR = `{"end":{"sum_sent":{"seconds":1.000942,"bytes":1026293760,"retransmits":2,"sender":true},
"sum_received":{"seconds":1.007364,"bytes":1017380864,"sender":true},
"sum_sent_bidir_reverse":{"seconds":1.000942,"bytes":1806172160,"sender":false},
"sum_received_bidir_reverse":{"seconds":1.007364,"bytes":1798569984,"sender":false},
"sender_tcp_congestion":"bbr","receiver_tcp_congestion":"bbr"}}`

const WRK = `Running 1s test @ http://127.0.0.1:23302/
  1 threads and 4 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.78ms  514.75us   3.99ms   69.77%
    Req/Sec     2.18k    46.27     2.30k    81.82%
  Latency Distribution
     50%    1.74ms
     75%    2.08ms
     90%    2.46ms
     99%    3.22ms
  2386 requests in 1.10s, 797.04KB read
Requests/sec:   2168.15
Transfer/sec:    724.27KB
`

const REDIS = `"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
"GET","1190476.25","0.417","0.120","0.295","0.919","1.303","1.743"
`

describe('iperf3', () => {
  it('the bench counts the bytes that arrived in an iperf3 run, both ways together', () => {
    const { bytes, elapsedNs } = parseIperf3(IPERF3_BIDIR)
    expect(bytes).toBe(1017380864 + 1798569984)
    expect(elapsedNs).toBeCloseTo(1.007364e9, 0)
  })

  it('the bench fails if an iperf3 run failed or moved no byte', () => {
    expect(() => parseIperf3('{"end":{},"error":"unable to connect to server: Connection refused"}')).toThrow(
      'Connection refused',
    )
    expect(() => parseIperf3('{"end":{"sum_received":{"seconds":1,"bytes":0}}}')).toThrow('no byte arrived')
  })
})

describe('wrk', () => {
  it('the bench counts the answers of a wrk run and reads its quantiles in every unit', () => {
    expect(parseWrk(WRK)).toMatchObject({ roundTrips: 2386, p50Ns: 1.74e6, p99Ns: 3.22e6 })
    expect(parseWrk(WRK).elapsedNs).toBeCloseTo(1.1005e9, -6)
    expect(parseWrk(WRK.replace('3.22ms', '850.00us')).p99Ns).toBe(850e3)
    expect(parseWrk(WRK.replace('3.22ms', '1.50s')).p99Ns).toBe(1.5e9)
  })

  it('the bench fails if answers of a wrk run were errors or connections broke', () => {
    expect(() =>
      parseWrk(WRK.replace('Requests/sec', '  Non-2xx or 3xx responses: 1836\nRequests/sec')),
    ).toThrow('Non-2xx')
    const broken = '  Socket errors: connect 0, read 3, write 0, timeout 0\nRequests/sec'
    expect(() => parseWrk(WRK.replace('Requests/sec', broken))).toThrow('read 3')
    expect(() => parseWrk('unable to connect to 127.0.0.1:23309 Connection refused')).toThrow('no answers')
  })

  it('the bench accepts a wrk run with late answers', () => {
    const late = '  Socket errors: connect 0, read 0, write 0, timeout 2\nRequests/sec'
    expect(parseWrk(WRK.replace('Requests/sec', late)).roundTrips).toBe(2386)
  })
})

describe('redis-benchmark', () => {
  it('the bench reads the rate and the quantiles of redis-benchmark', () => {
    const { roundTrips, elapsedNs, p50Ns, p99Ns } = parseRedisBenchmark(REDIS, 100_000)
    expect([roundTrips, p50Ns, p99Ns]).toEqual([100_000, 295_000, 1_303_000])
    expect(elapsedNs).toBeCloseTo(84e6, -6)
  })

  it('the bench fails if redis-benchmark has no result', () => {
    expect(() => parseRedisBenchmark('Could not connect to Redis', 10)).toThrow('no result')
  })
})

it('the bench reads the total number of calls from strace, with or without errors', () => {
  const head = '------ ----------- ----------- --------- --------- ----------------\n'
  expect(parseStraceTotal(`${head}100.00    0.000000           0       152         2 total\n`)).toBe(152)
  expect(parseStraceTotal(`${head}100.00    0.000000           0       152           total\n`)).toBe(152)
  expect(() => parseStraceTotal('')).toThrow('nothing')
})

it('the bench reads the queued bytes and the memory of established sockets from ss', () => {
  const text = `ESTAB 0      1511409          127.0.0.1:40924          127.0.0.1:5555  skmem:(r0,rb131072,t0,tb4194304,f3855,w1528049,o0,bl0,d0)
ESTAB 393004 0       [::ffff:127.0.0.1]:5555  [::ffff:127.0.0.1]:40924 skmem:(r394668,rb23182860,t0,tb3939840,f2644,w0,o0,bl0,d13)
TIME-WAIT 0  0              127.0.0.1:40910          127.0.0.1:5555`
  expect(parseSockets(text)).toEqual([
    { localPort: 40924, peerPort: 5555, queued: 1511409, memory: 1528049 },
    { localPort: 5555, peerPort: 40924, queued: 393004, memory: 394668 },
  ])
})
