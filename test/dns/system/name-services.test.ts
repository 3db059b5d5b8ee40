import { expect, it } from 'vitest'
import { finderOf, parseNameServices } from '../../../src/dns/system/name-services.js'

const finder = (hosts: string, name = 'db.internal') =>
  finderOf(name, parseNameServices(`passwd: ldap\nhosts:${hosts}\nnetworks: ldap`))

it('the hosts line of nsswitch.conf is read without comments and actions', () => {
  const text = '#hosts: nis\n hosts : files mdns4_minimal [NOTFOUND=return] dns # nis\nhosts: ldap'
  expect(parseNameServices(text)).toEqual(['files', 'mdns4_minimal', 'dns'])
  expect(parseNameServices('passwd: files')).toBeUndefined()
  expect(parseNameServices(undefined)).toBeUndefined()
})

it.each([
  [' files dns', 'dns'],
  [' dns files', 'dns'],
  // Debian, Ubuntu and Fedora with systemd-resolved or Avahi.
  [' files myhostname resolve [!UNAVAIL=return] dns', 'dns-then-system'],
  [' files mdns4_minimal [NOTFOUND=return] dns', 'dns-then-system'],
  [' mymachines resolve [!UNAVAIL=return] files myhostname dns', 'dns-then-system'],
  [' files dns ldap', 'dns-then-system'],
  [' files ldap dns', 'system'],
  [' files wins dns', 'system'],
  [' files', 'system'],
  ['', 'system'],
])('with "hosts:%s" a name is found by: %s', (hosts, expected) => {
  expect(finder(hosts)).toBe(expected)
})

it('only the system finds names that end with .local where it has multicast DNS', () => {
  expect(finder(' files mdns4_minimal [NOTFOUND=return] dns', 'printer.LOCAL')).toBe('system')
  expect(finder(' files dns mdns4', 'printer.local.')).toBe('system')
  expect(finder(' files dns', 'printer.local')).toBe('dns')
  expect(finder(' files dns mdns4', 'svc.cluster.local.test')).toBe('dns-then-system')
})

it('without nsswitch.conf the system is asked for names that DNS does not find', () => {
  expect(finderOf('db.internal', undefined)).toBe('dns-then-system')
})
