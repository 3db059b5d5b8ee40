/** The error of every bad value names the key, the value, and what to write instead. */
import { describe, expect, it } from 'vitest'
import { formatPath } from '../../src/config/checks/path.js'
import { describe as inWords } from '../../src/config/wording.js'
import { findingsAt, leavesOf, most } from './every-key.js'

const BAD_VALUES = [null, -1, 1.5, 0, '', 'no such value', 'a:b:c', [], { nonsense: 1 }]
const REMEDY = /\b(expected|write|add|remove|use|did you mean|make one with)\b/i
/** No message shows a secret. An address of a forward proxy that cannot be read may hold its password. */
const SECRETS: readonly string[] = [
  'admin.token',
  ...['user', 'password', 'socks5', 'http'].map((key) => `clusters.NAME.via.${key}`),
]
const places = leavesOf(most).filter(({ key }) => key !== 'listeners[].route')

describe('errors in the config', () => {
  it.each(places)(
    'the error of a bad $key names the key, the value and what to write instead',
    ({ key, path }) => {
      for (const value of BAD_VALUES) {
        for (const { message, path: found } of findingsAt(path, value)) {
          expect(formatPath(found)).toBe(formatPath(path))
          expect(message).toMatch(REMEDY)
          if (!SECRETS.includes(key)) expect(message).toContain(inWords(value))
          else if (typeof value === 'number') expect(message).not.toContain(`${value};`)
        }
      }
    },
  )

  it('the error of an unknown key names the possible keys', () => {
    expect(findingsAt(['log', 'nonsense'], 1)).toMatchObject([
      {
        message: 'unknown key: write one of "level", "file", "format", "access", "syslog", "explain"',
        about: 'key',
      },
    ])
  })
})
