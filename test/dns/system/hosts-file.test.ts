import { expect, it } from 'vitest'
import { parseHosts } from '../../../src/dns/system/hosts-file.js'

it('the hosts file gives each name all addresses of its lines, in lower case and in one spelling', () => {
  const text = `
127.0.0.1 localhost
10.0.0.1\tDB.internal db # the old one
10.0.0.2   db.internal
2001:DB8:0::1 db.internal
10.0.0.1 db.internal
::ffff:10.0.0.9 mapped`
  expect(Object.fromEntries(parseHosts(text))).toEqual({
    localhost: ['127.0.0.1'],
    'db.internal': ['10.0.0.1', '10.0.0.2', '2001:db8::1'],
    db: ['10.0.0.1'],
    mapped: ['10.0.0.9'],
  })
})

it('lines of the hosts file that make no sense are left out', () => {
  const text = '# 10.0.0.1 a\n10.0.0 b\nc 10.0.0.1\n10.0.0.1\n10.0.0.1 # d\n\0\n10.0.0.5 e\r\n'
  expect(Object.fromEntries(parseHosts(text))).toEqual({ e: ['10.0.0.5'] })
  expect(parseHosts(undefined).size).toBe(0)
})
