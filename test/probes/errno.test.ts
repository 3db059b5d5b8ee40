import { expect, it } from 'vitest'
import { connectReason } from '../../src/probes/errno.js'

it.each([
  ['ECONNREFUSED', 'L4CON'],
  ['EHOSTUNREACH', 'L4CON'],
  ['EAGAIN', 'L4CON'],
  ['ETIMEDOUT', 'L4TOUT'],
  ['EMFILE', 'SOCKERR'],
  ['ENOBUFS', 'SOCKERR'],
  ['EADDRNOTAVAIL', 'SOCKERR'],
])('a connect that fails with %s has the reason %s', (errno, reason) => {
  expect(connectReason(errno)).toBe(reason)
})
