/** Paths as routes compare them. One resource has one spelling, and a path that could mean two is refused. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { comparePath, explainRoutePath, routePath } from '../src/request-path.js'

const path = (text: string) => ({ kind: 'path', path: text })
const refused = (reason: string) => ({ kind: 'refused', reason: `${reason} in the path` })

describe('a path', () => {
  it.each([
    ['/admin', '/admin'],
    ['/%61dmin', '/admin'],
    ['/%61%64%6D%69%6e', '/admin'],
    ['//admin///users//', '/admin/users/'],
    ['/admin;x', '/admin'],
    ['/admin;x=1;y/users;z', '/admin/users'],
    ['/;x/admin', '/admin'],
    ['/admin%3Bx', '/admin%3Bx'],
    ['/%7euser/%40me/%24/%2d', '/~user/@me/$/-'],
    ['/caf%c3%a9', '/caf%C3%A9'],
    ['/a%20b|c"', '/a%20b%7Cc%22'],
    ['/%2561dmin', '/%2561dmin'],
    ['/%252e%252e/%252fa', '/%252e%252e/%252fa'],
    ['/Admin', '/Admin'],
    ['/%41dmin', '/Admin'],
    ['/.../..a/a../.well-known/%2e%2e%2e', '/.../..a/a../.well-known/...'],
    ['/', '/'],
    ['*', '*'],
  ])('the path %s is compared as %s', (text, compared) => {
    expect(comparePath(text, false)).toEqual(path(compared))
  })

  it.each([
    ['/a/../b', 'dot segment'],
    ['/a/..', 'dot segment'],
    ['/./a', 'dot segment'],
    ['/.', 'dot segment'],
    ['/a/%2e%2E/b', 'dot segment'],
    ['/a/.%2e', 'dot segment'],
    ['/a/%2e', 'dot segment'],
    ['/a//../b', 'dot segment'],
    ['/..;/admin', 'dot segment'],
    ['/a/.%2e;x=y/b', 'dot segment'],
    ['/..%3bx/admin', 'dot segment'],
    ['/a;x/../b', 'dot segment'],
    ['/a\\b', 'backslash'],
    ['/a%5Cb', 'backslash'],
    ['/a/..%5c..%5Cb', 'backslash'],
    ['/a%2Fb', 'encoded slash'],
    ['/a%2fb', 'encoded slash'],
    ['/a;x=%2f', 'encoded slash'],
    ['/a%00', 'NUL'],
    ['/a%00.txt', 'NUL'],
    ['/a%', 'broken encoding'],
    ['/a%2', 'broken encoding'],
    ['/a%u002e', 'broken encoding'],
    ['/%c0%ae%C0%AE/admin', 'overlong encoding'],
    ['/a%c0%afb', 'overlong encoding'],
    ['/%e0%80%ae', 'overlong encoding'],
    ['/%f0%80%80%ae', 'overlong encoding'],
  ])('the path %s is refused: %s', (text, reason) => {
    expect(comparePath(text, false)).toEqual(refused(reason))
  })

  it.each([
    ['/@scope%2Fname', path('/@scope/name')],
    ['/%2Fadmin', path('/admin')],
    ['/admin%2fusers', path('/admin/users')],
    ['/a%2f..%2Fadmin', refused('dot segment')],
    ['/..%2fadmin', refused('dot segment')],
    ['/a%5Cb', refused('backslash')],
  ])('the path %s becomes %j if encoded slashes are allowed', (text, expected) => {
    expect(comparePath(text, true)).toEqual(expected)
  })

  it('a path in its compared spelling stays the same when it is compared again', () => {
    const octets = fc.stringMatching(/^\/(?:[a-z./;]|%[0-9a-fA-F]{2}){0,12}$/)
    fc.assert(
      fc.property(octets, fc.boolean(), (text, allows) => {
        const once = comparePath(text, allows)
        if (once.kind === 'path') expect(comparePath(once.path, false)).toEqual(once)
      }),
      { seed: 1, numRuns: 5000 },
    )
  })

  it('a path is compared alike however its letters are encoded', () => {
    const encoded = fc
      .tuple(fc.stringMatching(/^[A-Za-z0-9._~!$&'()*+,=:@-]{1,12}$/), fc.infiniteStream(fc.nat(2)))
      .filter(([text]) => !/^\.{1,2}$/.test(text))
    fc.assert(
      fc.property(encoded, ([text, ways]) => {
        const spelled = [...text].map((letter) => {
          const hex = letter.charCodeAt(0).toString(16)
          return [letter, `%${hex}`, `%${hex.toUpperCase()}`][ways.next().value!]
        })
        expect(comparePath(`/${spelled.join('')}`, false)).toEqual(path(`/${text}`))
      }),
      { seed: 1, numRuns: 1000 },
    )
  })
})

describe('the path of a route', () => {
  it.each([
    ['/%61dmin', '/admin'],
    ['//a//b', '/a/b'],
    ['/café', '/caf%C3%A9'],
    ['/caf%c3%a9', '/caf%C3%A9'],
  ])('the route path %s is compared as %s', (text, compared) => {
    expect(explainRoutePath(text)).toBeUndefined()
    expect(routePath(text)).toBe(compared)
  })

  it.each([
    ['/a/../b', /dot segment/],
    ['/a%5cb', /backslash/],
    ['/100%', /broken encoding/],
    ['/a;x', /write the path without them/],
    ['/a%2fb', /write "\/"/],
  ])('the route path %s is refused: %s', (text, why) => {
    expect(explainRoutePath(text)).toMatch(why)
  })
})
