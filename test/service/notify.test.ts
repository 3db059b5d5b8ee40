/** Notices to the service manager: datagrams to a unix socket. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { loadNative } from '../../src/io/kernel/native.js'
import { Notifier, type NotifierOptions } from '../../src/service/notify.js'
import { temporaryFolder } from '../support/folder.js'
import { areMissing } from '../support/programs.js'
import { ServiceManager } from '../support/service-manager.js'

const EAGAIN = -11
const ENOENT = -2
const folder = temporaryFolder()
const { native } = loadNative()

describe('a Notifier', () => {
  let sent: [path: string, text: string][]
  let answers: number[]
  let failed: string[]
  const calls = {
    sendDatagram: (path: string, bytes: Uint8Array): number => {
      const answer = answers.shift() ?? 0
      if (answer === 0) sent.push([path, Buffer.from(bytes).toString()])
      return answer
    },
  }
  const open = (options: Partial<NotifierOptions> = {}): Notifier =>
    new Notifier({ socket: '/run/notify', calls, failed: (why) => void failed.push(why), ...options })

  beforeEach(() => {
    vi.useFakeTimers()
    sent = []
    answers = []
    failed = []
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('a notice is one datagram with a line for each name', () => {
    open().notify({ RELOADING: 1, MONOTONIC_USEC: '5' })
    expect(sent).toEqual([['/run/notify', 'RELOADING=1\nMONOTONIC_USEC=5']])
  })

  test('@ in front of a socket stands for the NUL of an abstract name', () => {
    open({ socket: '@notify' }).notify({ READY: 1 })
    expect(sent).toEqual([['\0notify', 'READY=1']])
  })

  test('notices wait in order while the queue of the service manager is full', () => {
    answers = [EAGAIN, EAGAIN]
    const notifier = open()
    notifier.notify({ RELOADING: 1 })
    notifier.notify({ READY: 1 })
    vi.advanceTimersByTime(100)
    expect(sent).toEqual([])
    vi.advanceTimersByTime(100)
    expect(sent.map(([, text]) => text)).toEqual(['RELOADING=1', 'READY=1'])
  })

  test('no more than 64 notices wait', () => {
    answers = [EAGAIN]
    const notifier = open()
    for (let i = 0; i < 100; i++) notifier.notify({ STATUS: i })
    vi.advanceTimersByTime(100)
    expect(sent).toHaveLength(64)
  })

  test('a socket that nobody listens on is told once, and later notices are tried all the same', () => {
    answers = [ENOENT, ENOENT]
    const notifier = open()
    for (let i = 0; i < 3; i++) notifier.notify({ STATUS: i })
    expect(failed).toEqual(['ENOENT'])
    expect(sent).toEqual([['/run/notify', 'STATUS=2']])
  })

  test('without the addon there are no notices, and the reason is told once', () => {
    const notifier = open({ calls: undefined })
    notifier.notify({ READY: 1 })
    expect(notifier.isHeard).toBe(false)
    expect(failed).toEqual(['there is no addon'])
  })

  test('without a notify socket there is nothing to tell', () => {
    const notifier = open({ socket: undefined, calls: undefined })
    notifier.notify({ READY: 1 })
    expect([notifier.isHeard, failed, sent]).toEqual([false, [], []])
  })
})

describe.skipIf(native === undefined || areMissing('socat'))('the addon', () => {
  test.each([
    ['a path', `${folder}/notify`],
    ['an abstract name', `@millrace-test-${process.pid}`],
  ])('a notice reaches a socket with %s', async (_, socket) => {
    const manager = await ServiceManager.listen(socket)
    const failed = vi.fn()
    new Notifier({ socket, calls: native, failed }).notify({ READY: 1, STATUS: 'wörds' })
    await manager.told('READY=1\nSTATUS=wörds')
    expect(failed).not.toHaveBeenCalled()
    await manager.close()
  })

  test.each([
    ['that is too long', `/${'x'.repeat(107)}`, -22],
    ['that is empty', '', -22],
    ['that does not exist', '/no/such/socket', -2],
  ])('a notice to a path %s fails', (_, path, errno) => {
    expect(native!.sendDatagram(path, Buffer.from('READY=1'))).toBe(errno)
  })
})
