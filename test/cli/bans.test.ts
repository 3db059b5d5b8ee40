/** `millrace ban`, `unban` and `bans`, and what they say of orders that make no sense. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AdminClient } from '../../src/command/client.js'
import { parseCommandLine } from '../../src/command/command-line.js'
import { temporaryFolder } from '../support/folder.js'
import { VerbsRig } from './verbs-rig.js'

const folder = temporaryFolder()

/** What the command does with a line: its question, or its error. */
function read(...args: string[]): unknown {
  const parsed = parseCommandLine(args, '1.2.3')
  if (parsed.kind === 'exit') return parsed.stderr.split('\n')[0]
  return parsed.kind === 'ask' ? parsed.question : parsed.kind
}

describe('the arguments of bans', () => {
  it.each([
    [['ban', '192.0.2.1', '--for', '1h'], { verb: 'ban', order: { client: '192.0.2.1', forMs: 3_600_000 } }],
    [
      ['ban', '10.0.0.0/8', '--for', '90s', '--why', 'scans us', '--end'],
      { verb: 'ban', order: { client: '10.0.0.0/8', forMs: 90_000, why: 'scans us', end: true } },
    ],
    [
      ['ban', '::/0', '--for', '1s', '--all'],
      { verb: 'ban', order: { client: '::/0', forMs: 1000, all: true } },
    ],
    [['unban', 'all'], { verb: 'unban', order: { all: true } }],
    [['unban', '2001:db8::1'], { verb: 'unban', order: { client: '2001:db8::1' } }],
    [['bans'], { verb: 'bans', query: {} }],
    [['bans', '192.0.2.1', '--limit', '5'], { verb: 'bans', query: { client: '192.0.2.1', limit: 5 } }],
  ])('%j are a question', (args, question) => {
    expect(read(...args)).toEqual(question)
  })

  it.each([
    [['ban'], "missing required argument 'client'"],
    [['ban', '192.0.2.1'], 'ban needs --for TIME, such as --for 1h'],
    [['ban', '192.0.2.1', '--for', '0'], 'expected a duration from 1ms to 24d'],
    [['ban', '192.0.2.1', '--for', '25d'], 'expected a duration from 1ms to 24d'],
    [['ban', '192.0.2.1', '--for', 'ever'], 'is not a duration'],
    [['ban', 'example.com', '--for', '1h'], 'expected an address or a network, such as 192.0.2.1'],
    [['ban', '192.0.2.1:22', '--for', '1h'], 'expected an address or a network'],
    [['ban', '192.0.2.0/33', '--for', '1h'], 'expected a number from 0 to 32'],
    [['ban', 'unix', '--for', '1h'], 'clients of unix sockets have no IP address'],
    [['ban', '0.0.0.0/0', '--for', '1h'], 'wider than /8, or /16 of IPv6: add --all'],
    [['ban', '2000::/3', '--for', '1h'], 'wider than /8, or /16 of IPv6: add --all'],
    [['ban', '\u001b[2J', '--for', '1h'], 'expected an address or a network'],
    [['ban', '192.0.2.1', '--for', '1h', '--why', 'x'.repeat(201)], 'at most 200 characters, found 201'],
    [['unban'], "missing required argument 'client'"],
    [['unban', 'nobody'], 'expected an address or a network'],
    [['bans', 'nobody'], 'expected an address or a network'],
    [['bans', '--limit', '0'], 'expected a whole number from 1 to 1000'],
  ])('%j are refused with a reason', (args, problem) => {
    expect(read(...args)).toContain(problem)
  })
})

describe('the verbs of bans', () => {
  let rig: VerbsRig
  beforeEach(async () => {
    rig = await VerbsRig.start(folder)
  })
  afterEach(() => rig.end())

  it('ban, list and unban, and print a hostile reason without what controls a terminal', async () => {
    const hostile = { client: '192.0.2.0/24', forMs: 3_600_000, why: '\u001b[2Jgone\n\u202e' }
    expect(await rig.ask('ban 2001:db8::1 --for 1h --end')).toMatchObject({
      code: 0,
      stdout: 'banned 2001:db8::/64 for 1h 0m, killed 0 connections\n',
    })
    const admin = new AdminClient({
      address: { kind: 'unix', path: `${folder}/admin.sock` },
      token: undefined,
    })
    await admin.ask('POST', '/api/v1/bans', hostile)
    const { stdout } = await rig.ask('bans')
    expect(stdout).toMatch(/^CLIENTS +LISTENER +BY +LEFT +REFUSED +WHY\n/)
    expect(stdout).toMatch(/^192\.0\.2\.0\/24 +all +operator +59m 5\ds +0 +\S*gone/m)
    for (const control of ['\u001b', '\u202e']) expect(stdout).not.toContain(control)
    expect((await rig.ask('status')).stdout).toMatch(/^2 bans: /m)
    expect((await rig.ask('bans 192.0.3.7')).stdout).toBe('no bans\n')
    expect(await rig.ask('unban 192.0.2.7')).toMatchObject({
      code: 1,
      stderr: 'millrace: there is no ban of "192.0.2.7". Its network 192.0.2.0/24 has one\n',
    })
    expect((await rig.ask('unban all')).stdout).toBe('ended 2 bans\n')
  })
})
