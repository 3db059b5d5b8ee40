/** Bans by the admin API: what it answers, and which orders it refuses. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { BAN_OPERATIONS } from '../../../../src/admin/api/operations/bans.js'
import { Rig } from '../../rig.js'

const PATH = '/api/v1/bans'
let rig: Rig

beforeEach(async () => {
  rig = await Rig.start()
})
afterEach(() => rig.end())

const post = (path: string, body: string | object) =>
  rig.ask(path, { method: 'POST', body, headers: { 'content-type': 'application/json' } })

function checkAnswer(method: string, path: string, answer: unknown): void {
  const operation = BAN_OPERATIONS.find((each) => each.method === method && each.path === path)
  expect(() => operation!.answer.parse(answer)).not.toThrow()
}

it('a ban, the list of bans and the end of a ban are answered with the fields of their schemas', async () => {
  const order = { client: '127.0.0.1', forMs: 60_000, why: 'test', end: true }
  const { json: banned } = await post(PATH, order)
  checkAnswer('POST', PATH, banned)
  expect(banned).toMatchObject({ network: '127.0.0.1', killed: 0, trustedBy: [] })
  expect(await rig.bed.turnedAway()).toBe('ECONNRESET')
  await rig.bed.recorded(1)
  const { json: list } = await rig.ask(PATH)
  checkAnswer('GET', PATH, list)
  expect(list).toMatchObject({ matched: 1, bans: [{ network: '127.0.0.1', why: 'test', refused: 1 }] })
  const { json: lifted } = await post(`${PATH}/lift`, { client: '127.0.0.1' })
  checkAnswer('POST', `${PATH}/lift`, lifted)
  expect(lifted).toEqual({ unbanned: 1 })
  await rig.join()
})

it('the list of bans has only those that the address falls under, and as many as asked for', async () => {
  for (const client of ['192.0.2.0/24', '192.0.2.7', '192.0.2.9', '2001:db8::/32'])
    await post(PATH, { client, forMs: 60_000 })
  const networks = async (query: string) => {
    const { json } = await rig.ask(`${PATH}?${query}`)
    return (json.bans as { network: string }[]).map(({ network }) => network).sort()
  }
  expect(await networks('client=192.0.2.7')).toEqual(['192.0.2.0/24', '192.0.2.7'])
  expect(await networks('client=192.0.2.0/24')).toEqual(['192.0.2.0/24', '192.0.2.7', '192.0.2.9'])
  expect(await networks('client=2001:db8:1::1')).toEqual(['2001:db8::/32'])
  expect(await networks('limit=3')).toHaveLength(3)
  expect((await rig.ask(`${PATH}?limit=3`)).json).toMatchObject({ matched: 4 })
})

it.each([
  [PATH, { client: '0.0.0.0/0', forMs: 1000 }, 422, 'send "all": true'],
  [PATH, { client: '192.0.2.1' }, 422, 'forMs'],
  [PATH, { client: '192.0.2.1', forMs: 0 }, 422, 'forMs'],
  [PATH, { client: '192.0.2.1', forMs: 1.5 }, 422, 'forMs'],
  [PATH, { client: '192.0.2.1', forMs: 1e15 }, 422, 'forMs'],
  [PATH, { client: 'x'.repeat(5000), forMs: 1000 }, 422, 'expected an address or a network'],
  [PATH, { client: ['192.0.2.1'], forMs: 1000 }, 422, 'client'],
  [PATH, { client: '192.0.2.1', forMs: 1000, why: 'x'.repeat(201) }, 422, 'why'],
  [PATH, { client: '192.0.2.1', forMs: 1000, for: '1h' }, 422, 'for'],
  [PATH, { client: '192.0.2.1', forMs: 1000, end: 'yes' }, 422, 'end'],
  [`${PATH}/lift`, {}, 422, 'name what you mean'],
  [`${PATH}/lift`, { client: '192.0.2.1', all: true }, 422, 'send it alone'],
  [`${PATH}/lift`, { client: '192.0.2.1' }, 404, 'there is no ban of'],
  [`${PATH}/lift`, '{"client":', 400, 'JSON'],
])('an order to %s with %j is refused', async (path, body, status, detail) => {
  const answer = await post(path, body)
  expect(answer.status).toBe(status)
  expect(answer.text).toContain(detail.replaceAll('"', '\\"'))
  expect((await rig.ask(PATH)).json).toEqual({ matched: 0, bans: [] })
})

it('a list of bans of something that is no address is refused', async () => {
  expect(await rig.ask(`${PATH}?client=nobody`)).toMatchObject({ status: 422 })
})
