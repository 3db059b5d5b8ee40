/** What a service manager says in the environment of millrace. */
import { describe, expect, test } from 'vitest'
import { takeServiceEnvironment, variablesFor } from '../../src/service/environment.js'

const PID = 77
const NOBODY = { notifySocket: undefined, watchdogMs: undefined, sockets: [] }
const ONE_SOCKET = { LISTEN_FDS: '1', LISTEN_PID: '77', LISTEN_FDNAMES: 'front' }
const asked = { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '20000000', WATCHDOG_PID: '77' }

describe('takeServiceEnvironment', () => {
  test('the variables of the service manager are read and taken out, and others stay', () => {
    const env = { ...asked, HOME: '/root' }
    expect(takeServiceEnvironment(env, PID)).toMatchObject({
      notifySocket: '/run/notify',
      watchdogMs: 20_000,
    })
    expect(env).toEqual({ HOME: '/root' })
  })

  test('a process without a service manager has nothing to report', () => {
    expect(takeServiceEnvironment({ NOTIFY_SOCKET: '' }, PID)).toEqual(NOBODY)
  })

  test.each([
    ['of another process', { WATCHDOG_PID: '78' }],
    ['without a number', { WATCHDOG_USEC: 'often' }],
    ['of 0', { WATCHDOG_USEC: '0' }],
    ['without a notify socket', { NOTIFY_SOCKET: undefined }],
  ])('a watchdog %s is ignored', (_, change) => {
    expect(takeServiceEnvironment({ ...asked, ...change }, PID).watchdogMs).toBeUndefined()
  })

  test('sockets are numbered from 3, and one without a name is called unknown', () => {
    const env = { LISTEN_FDS: '3', LISTEN_PID: '77', LISTEN_FDNAMES: 'front::back' }
    expect(takeServiceEnvironment(env, PID).sockets).toEqual([
      { name: 'front', fd: 3 },
      { name: 'unknown', fd: 4 },
      { name: 'back', fd: 5 },
    ])
    expect(env).toEqual({})
  })

  test.each([
    ['of another process', { LISTEN_PID: '78' }],
    ['without a number', { LISTEN_FDS: 'many' }],
    ['of more than any process has', { LISTEN_FDS: '1e9' }],
    ['of less than none', { LISTEN_FDS: '-1' }],
  ])('sockets %s are ignored', (_, change) => {
    expect(takeServiceEnvironment({ ...ONE_SOCKET, ...change }, PID).sockets).toEqual([])
  })

  test('the process that takes the place of this one gets the same notify socket and watchdog', () => {
    const variables = variablesFor(takeServiceEnvironment({ ...asked }, PID))
    expect(takeServiceEnvironment(variables, 99)).toMatchObject({
      notifySocket: '/run/notify',
      watchdogMs: 20_000,
    })
    expect(variablesFor(NOBODY)).toEqual({})
  })
})
