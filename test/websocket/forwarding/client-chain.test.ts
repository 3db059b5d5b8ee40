/** Which clients and proxies the forwarding fields of a request name. */
import { describe, expect, it } from 'vitest'
import { clientChain } from '../../../src/websocket/forwarding/client-chain.js'

const chain = (name: string, ...values: string[]) =>
  clientChain(
    values.map((value) => ({ name: name.toUpperCase(), value })),
    name,
  )

describe('X-Forwarded-For', () => {
  it.each<[string[], (string | undefined)[]]>([
    [['192.0.2.1'], ['192.0.2.1']],
    [
      ['192.0.2.1, 10.0.0.1 ,10.0.0.2', '10.0.0.3'],
      ['192.0.2.1', '10.0.0.1', '10.0.0.2', '10.0.0.3'],
    ],
    [['', ' , ,192.0.2.1,'], ['192.0.2.1']],
    [['192.0.2.1:5000'], ['192.0.2.1']],
    [['2001:DB8:0::1'], ['2001:db8::1']],
    [['[2001:db8::1]'], ['2001:db8::1']],
    [['[2001:db8::1]:5000'], ['2001:db8::1']],
    [['::ffff:192.0.2.1'], ['192.0.2.1']],
    [['::ffff:c000:201'], ['192.0.2.1']],
    [
      ['unknown, _hidden, a.test, 127.1, 010.0.0.1, fe80::1%eth0, [192.0.2.1], 1.2.3.4:, "1.2.3.4"'],
      Array(9),
    ],
    [['192.0.2.1 10.0.0.1'], [undefined]],
  ])('X-Forwarded-For of %j names %j', (values, expected) => {
    expect(chain('x-forwarded-for', ...values)).toEqual(Array.from(expected))
  })
})

describe('Forwarded', () => {
  it.each<[string[], (string | undefined)[]]>([
    [['for=192.0.2.1'], ['192.0.2.1']],
    [
      ['For=192.0.2.1;proto=https, for=10.0.0.1', 'by=x;FOR=10.0.0.2'],
      ['192.0.2.1', '10.0.0.1', '10.0.0.2'],
    ],
    [['for="[2001:db8::1]:5000"'], ['2001:db8::1']],
    [['for="192.0.2.1:5000" ; host="a;b,c"'], ['192.0.2.1']],
    [['host="for=6.6.6.6, for=6.6.6.6";for=192.0.2.1'], ['192.0.2.1']],
    [['for="1\\92.0.2.1"'], ['192.0.2.1']],
    [['proto=https', 'for=unknown', 'for="_x"', 'for=a;for=192.0.2.1'], Array(4)],
    [['for=", for=192.0.2.1'], [undefined, '192.0.2.1']],
    [['for="\\, for="[2001:db8::1]";proto=https'], [undefined, '2001:db8::1']],
    [['x=";for=6.6.6.6, for=192.0.2.1;host="a:80"'], ['6.6.6.6', '192.0.2.1']],
  ])('Forwarded of %j names %j', (values, expected) => {
    expect(chain('forwarded', ...values)).toEqual(Array.from(expected))
  })
})

it('clientChain reads only the field that it is asked for', () => {
  expect(clientChain([{ name: 'X-Forwarded-For', value: '192.0.2.1' }], 'x-real-ip')).toEqual([])
})
