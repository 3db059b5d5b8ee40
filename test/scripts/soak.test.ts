/** `npm run soak`: its parts, and a run of some seconds. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { Program } from '../support/programs.js'
import { until } from '../support/wait.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** The soak is plain JavaScript without types, so a test loads its parts as they are. */
const part = async (name: string) => await import(new URL(`scripts/soak/${name}.mjs`, `file://${ROOT}`).href)
const { readOptions } = await part('options')
const { Random } = await part('random')
const { Timeline } = await part('timeline')
const { judge, SETTLE_MS, DETECT_MS } = await part('judge')
const { Failures, keyOf } = await part('failures')
const { checkAnswer, conversationOf, CONVERSATIONS } = await part('conversations')
const { reasonsOf } = await part('report')
const { Millrace } = await part('millrace')

const ONE = '127.0.0.1:1'
const OTHER = '127.0.0.1:2'
const NOW = 1_000_000

describe('the command line of the soak', () => {
  it('the soak takes an hour, two workers and a seed if nothing else is asked for', () => {
    expect(readOptions([])).toMatchObject({ minutes: 60, workers: 2, rate: 200 })
    expect(readOptions(['--minutes', '0.5', '--seed', '7'])).toMatchObject({ minutes: 0.5, seed: 7 })
  })

  it.each([
    ['--minutes', '0'],
    ['--workers', '1.5'],
    ['--seed', 'x'],
    ['--rate', ''],
  ])('the soak refuses %s %s and names the range', (name, text) => {
    expect(() => readOptions([name, text])).toThrow(/takes a (whole )?number from .* to .*, not/)
  })
})

describe('the verdict of the soak about a failed connection', () => {
  const failure = { beganAt: NOW, failedAt: NOW + 1000, how: 'ECONNRESET', receivedBytes: 0 }
  const addresses = [ONE, OTHER]
  const joinedTo = (backend: string) => ({
    backend,
    backendAddress: backend,
    timings: { waitMs: 0, connectMs: 1 },
  })
  const verdict = (
    faults: readonly [address: string, kind: string, from: number, to?: number][],
    more: object = {},
    record?: object,
  ): string => {
    const timeline = new Timeline(addresses)
    for (const [address, kind, from, to] of faults) {
      timeline.begin(address, kind, from)
      if (to !== undefined) timeline.end(address, to)
    }
    return judge({ failure: { ...failure, ...more }, record, addresses, timeline })
  }

  it('a connection that failed while every backend served is lost, or cut if bytes had come', () => {
    expect(verdict([])).toBe('lost')
    expect(verdict([], { receivedBytes: 3 })).toBe('cut')
    expect(verdict([], { how: 'corrupt' })).toBe('corrupt')
  })

  it('a connection that was joined to a backend before it was killed is not lost', () => {
    expect(verdict([[ONE, 'kill', NOW + 500]], {}, joinedTo(ONE))).toBe('joined')
    expect(verdict([[ONE, 'kill', NOW + 500]], {}, joinedTo(OTHER))).toBe('lost')
    expect(verdict([[ONE, 'kill', NOW + 500]])).toBe('lost')
  })

  it('a connection that millrace sends to a backend that has hung for long is lost', () => {
    expect(verdict([[ONE, 'hang', NOW - DETECT_MS / 2]], {}, joinedTo(ONE))).toBe('joined')
    expect(verdict([[ONE, 'hang', NOW - DETECT_MS - 1000]], {}, joinedTo(ONE))).toBe('lost')
  })

  it('a connection is not lost if something was done to every backend not long before', () => {
    const both = (to: number): [string, string, number, number][] => [
      [ONE, 'drain', to - 10, to],
      [OTHER, 'drain', to - 10, to],
    ]
    expect(verdict(both(NOW - SETTLE_MS / 2))).toBe('nobody')
    expect(verdict(both(NOW - SETTLE_MS - 1))).toBe('lost')
  })

  it('a backend that was drained does not excuse a connection that was joined to it', () => {
    expect(verdict([[ONE, 'drain', NOW + 500]], {}, joinedTo(ONE))).toBe('lost')
  })
})

describe('the failed connections of the soak', () => {
  const failure = {
    service: 'echo',
    from: 'c:1',
    beganAt: NOW,
    failedAt: NOW + 1000,
    how: 'end',
    receivedBytes: 0,
  }
  const record = (startedAt: number, more: object = {}) => ({
    listener: 'echo',
    startedAt: new Date(startedAt).toISOString(),
    timings: { waitMs: 0, connectMs: 1, totalMs: 1000 },
    backend: ONE,
    backendAddress: ONE,
    ...more,
  })
  const services = [{ name: 'echo', addresses: [ONE, OTHER] }]
  const millrace = new Millrace(services, 1)
  let printed: string[] = []
  const started = (records: Map<string, unknown>) => {
    printed = []
    const timeline = new Timeline([ONE, OTHER])
    timeline.begin(ONE, 'kill', NOW + 900)
    const failures = new Failures({
      services,
      records,
      timeline,
      print: (line: string) => printed.push(line),
    })
    failures.add(failure)
    return failures
  }

  it('a failed connection is judged when its record has come', () => {
    const records = new Map<string, unknown>()
    const failures = started(records)
    failures.judge(NOW + 1100)
    expect(failures.areJudged).toBe(false)
    records.set(keyOf('echo', 'c:1'), record(NOW + 1))
    failures.judge(NOW + 1200)
    expect(failures.areJudged).toBe(true)
    expect(failures.verdicts).toMatchObject({ joined: 1, lost: 0 })
  })

  it('a later connection from the same port to another listener does not hide the record of a failed one', () => {
    const { records } = millrace
    const failures = started(records)
    for (const line of [record(NOW + 1), record(NOW + 2, { listener: 'redis' })])
      millrace.read(JSON.stringify({ msg: 'connection', client: 'c:1', ...line }))
    failures.judge(NOW + 1200)
    expect(failures.verdicts).toMatchObject({ joined: 1, lost: 0 })
  })

  it.each([
    ['of an earlier connection from the same port', record(NOW - 5000)],
    ['of another listener', record(NOW, { listener: 'redis' })],
  ])('a record %s says nothing about a failed connection, which is lost in the end', (_, other) => {
    const failures = started(new Map([[keyOf(other.listener, 'c:1'), other]]))
    failures.judge(NOW + 2000)
    expect(failures.areJudged).toBe(false)
    failures.judge(NOW + 20_000)
    expect(failures.verdicts).toMatchObject({ joined: 0, lost: 1 })
    expect(printed.map((line) => JSON.parse(line))).toMatchObject([{ verdict: 'lost', failure }])
  })
})

describe('the clients of the soak', () => {
  it.each(Object.keys(CONVERSATIONS))('every conversation with %s knows its right answer', (service) => {
    for (let chance = 0; chance < 1; chance += 0.05) {
      const [step] = conversationOf(service, 4711, chance)
      const right = step.expect ?? Buffer.from(`${step.begin}OK${step.end}`)
      expect(checkAnswer(step, right)).toBe('yes')
      expect(checkAnswer(step, right.subarray(0, right.length - 1))).toBe('no')
      expect(checkAnswer(step, Buffer.concat([Buffer.from('?'), right]))).toBe('wrong')
    }
  })

  it('the same seed gives the same numbers, and another seed gives others', () => {
    const five = (seed: number): number[] => {
      const random = new Random(seed)
      return Array.from({ length: 5 }, () => random.next())
    }
    expect(five(1)).toEqual(five(1))
    expect(five(1)).not.toEqual(five(2))
    expect(five(3).every((each) => each >= 0 && each < 1)).toBe(true)
  })
})

describe('the end of the soak', () => {
  const usage = { processes: 3, rssBytes: 200 * 2 ** 20, fds: 80, workerDeaths: 0 }
  const good = {
    verdicts: { corrupt: 0, lost: 0, cut: 0, joined: 9, nobody: 0 },
    before: usage,
    after: usage,
    left: 0,
    unexpected: 0,
    exitCode: 0,
  }

  it('the soak passes if connections ended only with their backends', () => {
    expect(reasonsOf(good)).toEqual([])
  })

  it.each([
    [{ verdicts: { ...good.verdicts, lost: 1 } }, /1 connections lost although a backend could serve/],
    [{ after: { ...usage, fds: 200 } }, /fds grew from 80 to 200/],
    [{ after: { ...usage, rssBytes: 2 ** 30 } }, /memory grew/],
    [{ after: { ...usage, workerDeaths: 1 } }, /1 workers died/],
    [{ left: 2 }, /2 connections are left/],
    [{ unexpected: 1 }, /1 unexpected log lines/],
    [{ exitCode: 1 }, /millrace ended with 1/],
  ])('the soak fails with its reason: %o', (more, reason) => {
    expect(reasonsOf({ ...good, ...more }).join()).toMatch(reason)
  })
})

describe('npm run soak', () => {
  const soak = (...args: string[]): Program =>
    new Program(process.execPath, ['scripts/soak/run.mjs', ...args], { cwd: ROOT })

  it('a soak of six seconds loses no connection and ends with 0', async () => {
    const program = soak('--minutes', '0.1', '--seed', '5', '--rate', '60')
    const { code } = await program.exited
    expect(program.stdout + program.stderr).toContain('soak: passed')
    expect(program.stdout).toContain('0 lost although a backend could serve')
    expect(code).toBe(0)
  })

  it('Ctrl-C ends everything that the soak has started', async () => {
    const program = soak('--rate', '60')
    await program.seen(() => program.stdout.includes('millrace is process'))
    const children = readFileSync(`/proc/${program.pid}/task/${program.pid}/children`, 'utf8')
    const pids = children.split(' ').filter(Boolean).map(Number)
    expect(pids.length).toBeGreaterThan(4)
    program.child.kill('SIGINT')
    await program.exited
    await until(() => pids.every((pid) => !isAlive(pid)))
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
