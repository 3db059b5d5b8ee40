/** How long millrace waits for the first bytes of a client, and what it makes of too few of them. */
import { afterEach, describe, expect, it } from 'vitest'
import { packPeer } from '../../../src/address.js'
import type { ListenerInput } from '../../../src/config/listener-input.js'
import { validateConfig } from '../../../src/config/validate.js'
import { createListenerPolicy } from '../../../src/connection/listener-policy.js'
import { KnownClient } from '../../../src/connection/opening/known-client.js'
import { clusterOfSilent, learnWhatItSpeaks } from '../../../src/connection/opening/spoken.js'
import { advanceClock, restoreClock, stopClock } from '../../support/clock.js'
import { ScriptedDialogue } from '../scripted-dialogue.js'

const SSH = 'SSH-2.0-x\r\n'

function clientOf(
  dialogue: ScriptedDialogue,
  listener: Partial<ListenerInput> = {},
  firstBytesMs = 5000,
): KnownClient {
  const { listeners } = validateConfig({
    listeners: [
      {
        name: 'front',
        address: '127.0.0.1:1',
        cluster: 'back',
        routes: [{ speaks: ['ssh', 'hex:5353482d322e3021'], cluster: 'back' }],
        onSilent: { afterMs: 1000, cluster: 'silent' },
        ...listener,
      },
    ],
    clusters: { back: { backends: ['127.0.0.1:2'] }, silent: { backends: ['127.0.0.1:3'] } },
  })
  const needs = () => ({ isTold: false, isKeyedBySni: false, dialsBySni: false })
  const policy = createListenerPolicy(listeners[0]!, { firstBytesMs, routeMs: 0 }, needs, undefined)!
  return new KnownClient(policy, dialogue.asDialogue, packPeer(0x7f000001, 2), () => undefined)
}

describe('the wait for the first byte', () => {
  afterEach(() => restoreClock())

  it.each([
    [5000, 4100],
    [900, 1],
    [0, 0],
  ])(
    'of firstBytesMs %i, %i ms are left to a client that has begun after 900 ms',
    async (firstBytesMs, left) => {
      stopClock()
      const dialogue = new ScriptedDialogue(SSH)
      const look = dialogue.look.bind(dialogue)
      dialogue.look = (parse, most) => {
        advanceClock(900)
        return look(parse, most)
      }
      expect(await clusterOfSilent(clientOf(dialogue, {}, firstBytesMs))).toBeUndefined()
      expect(dialogue.allowed).toEqual([1000, left])
    },
  )

  it('a client whose first byte comes together with the deadline of onSilent is not silent', async () => {
    const dialogue = new ScriptedDialogue()
    dialogue.ends = 'timed-out'
    dialogue.late = Buffer.from(SSH)
    const client = clientOf(dialogue)
    expect(await clusterOfSilent(client)).toBeUndefined()
    expect([client.isSilent, dialogue.left]).toEqual([false, SSH])
  })

  it('millrace does not wait for a first byte without onSilent', async () => {
    const dialogue = new ScriptedDialogue()
    expect(await clusterOfSilent(clientOf(dialogue, { onSilent: undefined }))).toBeUndefined()
    expect([dialogue.looks, dialogue.allowed]).toEqual([0, []])
  })
})

describe('too few first bytes', () => {
  const learn = async (
    said: string,
    ends: ScriptedDialogue['ends'],
    listener: Partial<ListenerInput> = {},
  ) => {
    const dialogue = new ScriptedDialogue(said)
    dialogue.ends = ends
    const client = clientOf(dialogue, listener)
    const failure = await learnWhatItSpeaks(client).catch(String)
    return { failure, client, dialogue }
  }

  it('a client that stops where several protocols are possible speaks the one that its bytes suffice for', async () => {
    const routes = [{ speaks: ['ssh', 'http', 'hex:5353482d32'], cluster: 'back' }]
    const { failure, client, dialogue } = await learn('SSH-', 'timed-out', { routes })
    expect([failure, client.spoken, client.isSilent]).toEqual([undefined, ['ssh'], false])
    // Whatever is waited for next has its own time.
    expect(dialogue.allowed).toEqual([5000])
  })

  it.each([
    ['ends without a byte', '', 'ended', 'DialogueOver: ended'],
    ['breaks off inside its first bytes', 'SSH', 'broken', 'DialogueOver: broken'],
    ['is ended by an operator', 'SSH', 'cancelled', 'DialogueOver: cancelled'],
    ['ends inside its first bytes', 'SSH', 'ended', undefined],
    ['says nothing in time', '', 'timed-out', undefined],
  ] as const)('a client that %s', async (_, said, ends, expected) => {
    const { failure, client } = await learn(said, ends)
    expect(failure).toBe(expected)
    expect(client.spoken).toEqual(expected === undefined ? [] : undefined)
  })
})
