/** The logger of a program as millrace's log: whatever it lacks or throws, millrace goes on. */
import { pino } from 'pino'
import { afterEach, expect, expectTypeOf, it, vi } from 'vitest'
import type { Logger } from '../../../src/index.js'
import { borrowLog } from '../../../src/observe/log/borrowed-log.js'
import type { LogOptions } from '../../../src/observe/log/log.js'

afterEach(() => {
  vi.restoreAllMocks()
})

/** A logger that keeps its lines. */
function keeping(more: object = {}): { logger: Logger; lines: unknown[][] } {
  const lines: unknown[][] = []
  const keep =
    (level: string) =>
    (...line: unknown[]) =>
      void lines.push([level, ...line])
  return {
    logger: { info: keep('info'), warn: keep('warn'), error: keep('error'), ...more } as Logger,
    lines,
  }
}

const FACTS = { acceptedAt: 0 } as never
const ENDED = { by: 'client', phase: 'data', cause: 'finished' } as const
const tally = () => ({ written: 0, dropped: 0 })
const boom = (): never => {
  throw new Error('boom')
}

it('console and loggers of pino are loggers for millrace', () => {
  expectTypeOf(console).toExtend<Logger>()
  expectTypeOf(pino()).toExtend<Logger>()
})

it('console gets the lines from the log level of the config on', () => {
  const [debug, info] = [vi.spyOn(console, 'debug'), vi.spyOn(console, 'info')]
  info.mockImplementation(() => {})
  const { log, record } = borrowLog(console, 'info')
  log.debug({ a: 1 }, 'hidden')
  log.info({ a: 1 }, 'shown')
  expect(record('id', FACTS, ENDED, tally())).toBe(true)
  expect([debug.mock.calls, info.mock.calls[0]]).toEqual([[], [{ a: 1 }, 'shown']])
  expect(info.mock.calls[1]?.[1]).toBe('connection')
  expect(['debug', 'info'].map((level) => log.isLevelEnabled(level))).toEqual([false, true])
})

it('a logger without debug and trace gets none of these lines', () => {
  const { logger, lines } = keeping()
  const { log } = borrowLog(logger, 'trace')
  log.trace('a')
  log.debug('b')
  log.error('c')
  expect(lines).toEqual([['error', 'c']])
})

it('operators set the level of a logger that has one, and else that of millrace', () => {
  const { logger, lines } = keeping()
  const { log } = borrowLog(logger, 'warn')
  log.level = 'info'
  log.info('now')
  expect([log.level, lines]).toEqual(['info', [['info', 'now']]])
  const own = pino({ level: 'error' }, { write: () => {} })
  const borrowed = borrowLog(own, 'info').log
  expect([borrowed.level, borrowed.isLevelEnabled('warn')]).toEqual(['error', false])
  borrowed.level = 'warn'
  expect([own.level, borrowed.isLevelEnabled('warn')]).toEqual(['warn', true])
})

it('a reload changes the level of a logger that has none, but not the one that an operator has set', async () => {
  const borrowed = borrowLog(keeping().logger, 'info')
  const reload = async (level: string): Promise<void> =>
    (await borrowed.prepare({ level } as LogOptions)).take()
  await reload('debug')
  expect(borrowed.log.level).toBe('debug')
  borrowed.log.level = 'error'
  await reload('debug')
  expect(borrowed.log.level).toBe('error')
  await reload('warn')
  expect(borrowed.log.level).toBe('warn')
})

it('a level that millrace does not know leaves nothing out, and one that is a function is not asked', () => {
  for (const level of ['verbose', boom]) {
    const { logger, lines } = keeping({ level })
    borrowLog(logger, 'info').log.info('line')
    expect(lines).toHaveLength(1)
  }
})

it.each<[string, Logger]>([
  ['throws', keeping({ info: boom }).logger],
  ['rejects', keeping({ info: async () => boom() }).logger],
  [
    'throws something that is no Error',
    keeping({
      info: () => {
        throw undefined
      },
    }).logger,
  ],
  ['has getters that throw', new Proxy({} as Logger, { get: boom })],
  ['throws in isLevelEnabled', keeping({ isLevelEnabled: boom, info: boom }).logger],
])('a logger that %s loses lines, and the program is warned once', async (_, logger) => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const { log, record } = borrowLog(logger, 'info')
  const counts = tally()
  log.info({}, 'line')
  record('id', FACTS, ENDED, counts)
  log.level = 'debug'
  await Promise.resolve()
  expect(warned).toHaveBeenCalledTimes(1)
  expect(counts.written + counts.dropped).toBe(1)
})

it('a record that an asynchronous logger rejects counts as dropped', async () => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const counts = tally()
  borrowLog(keeping({ info: async () => boom() }).logger, 'info').record('id', FACTS, ENDED, counts)
  await new Promise((resolve) => setImmediate(resolve))
  expect(counts).toEqual({ written: 0, dropped: 1 })
})
