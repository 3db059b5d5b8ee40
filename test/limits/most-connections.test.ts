/** How many connections the file descriptors of a process are enough for, and what is said where they are not. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkFds } from '../../src/config/checks/fd-references.js'
import { fdsFor, mostConnections } from '../../src/limits/most-connections.js'

const docs = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

describe('the connections of a process', () => {
  it.each([
    [1024, true, 351],
    [1024, false, 479],
    [20_000, true, 7467],
    [1_048_576, true, 393_183],
    [2 ** 30, true, 393_183],
    [64, true, 1],
  ])('%d file descriptors, with kernel pipes: %s, are enough for %d', (fds, hasPipes, most) => {
    expect(mostConnections({ fds, listeners: 1, hasPipes })?.most).toBe(most)
  })

  it('the arithmetic in words gives the number', () => {
    const { most, arithmetic } = mostConnections({ fds: 1024, listeners: 3, hasPipes: true })!
    expect(arithmetic).toBe(
      '(1024 file descriptors - 64 for admin, log, reloads and checks - 3 for listeners - 256 for kernel pipes) / 2',
    )
    expect(most).toBe(Math.floor((1024 - 64 - 3 - 256) / 2))
  })

  it('nothing is known where the platform tells no limit', () => {
    expect(mostConnections({ fds: undefined, listeners: 1, hasPipes: true })).toBeUndefined()
  })

  it.each([true, false])(
    'the limit that is named for a number is enough for it, and one less is not (kernel pipes: %s)',
    (hasPipes) => {
      for (const connections of [1, 20, 1000, 20_000, 393_182]) {
        const fds = fdsFor(connections, { listeners: 2, hasPipes })!
        const most = (fds: number) => mostConnections({ fds, listeners: 2, hasPipes })!.most
        expect(most(fds)).toBeGreaterThanOrEqual(connections)
        if (connections > 1) expect(most(fds - 2)).toBeLessThan(connections)
      }
    },
  )

  it('a quarter of the file descriptors is what the addon uses for kernel pipes', () => {
    const [, each] = /kFdsPerPipeAllowed = (\d+)/.exec(docs('native/kernel_pipe.cc'))!
    const { arithmetic } = mostConnections({ fds: 1024, listeners: 1, hasPipes: true })!
    expect(arithmetic).toContain(`${(1024 / Number(each)) * 2} for kernel pipes`)
  })

  it('docs/limits.md shows the true arithmetic', () => {
    const line = JSON.parse(/^\{.*mostConnections.*\}$/m.exec(docs('docs/limits.md'))![0])
    const { most, arithmetic } = mostConnections({ fds: line.mostFds, listeners: 1, hasPipes: true })!
    expect(line.msg).toBe(`file descriptors are enough for ${most} connections: ${arithmetic}`)
  })
})

describe('a written maxConnections', () => {
  const config = (maxConnections: unknown, more: object = {}) => ({
    listeners: [{ address: '127.0.0.1:1' }],
    limits: { maxConnections },
    ...more,
  })

  it('as many as the file descriptors are enough for are no error', () => {
    expect(checkFds(config(351), 1024)).toEqual([])
    expect(checkFds(config(1404, { workers: 4 }), 1024)).toEqual([])
    expect(checkFds(config(undefined), 1024)).toEqual([])
    expect(checkFds(config('many'), 1024)).toEqual([])
    expect(checkFds(config(1_000_000), undefined)).toEqual([])
  })

  it('one more is an error that says how many there can be, why, and which limit would be enough', () => {
    expect(checkFds(config(352), 1024)).toEqual([
      {
        path: ['limits', 'maxConnections'],
        message:
          '352 connections need more file descriptors than there may be: this process can have 351, which is ' +
          '(1024 file descriptors - 64 for admin, log, reloads and checks - 1 for listeners - 256 for kernel pipes) / 2. ' +
          'Raise the limit (ulimit -n, LimitNOFILE of systemd) to 1026, or write 351 or less',
        about: 'value',
      },
    ])
  })

  it('several workers have file descriptors of their own', () => {
    const [{ message } = { message: '' }] = checkFds(config(2000, { workers: 4, splice: 'off' }), 1024)
    expect(message).toContain('each of the 4 workers can have 479')
    expect(message).toContain('to 1065, or write 1916 or less')
  })

  it('more than any process can have need more workers', () => {
    const [{ message } = { message: '' }] = checkFds(config(500_000), 2 ** 30)
    expect(message).toContain('kernel pipes) / 2. Use more workers, or write 393183 or less')
  })
})
