/** The keys of session tickets: how long each key encrypts tickets, and how long it decrypts them. */
import type { SecureContext } from 'node:tls'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ROTATE_EVERY_MS, TicketKeys } from '../../src/tls/ticket-keys.js'

type Callback = (name: Buffer, iv: Buffer, isEncrypting: boolean) => [number, ...Buffer[]]

/** Asks for keys as OpenSSL does. */
function asked(keys: TicketKeys): { encrypt: () => Buffer; decrypt: (name: Buffer) => number } {
  const native: { onticketkeycallback?: Callback; enableTicketKeyCallback(): void } = {
    enableTicketKeyCallback: () => {},
  }
  keys.use({ context: native } as unknown as SecureContext)
  const ask = (name: Buffer, isEncrypting: boolean) => {
    const answer = native.onticketkeycallback!(name, Buffer.alloc(16), isEncrypting)
    // Node aborts the process if one of them is missing.
    expect([answer[1]?.length, answer[2]?.length]).toEqual([16, 16])
    return answer
  }
  return { encrypt: () => ask(Buffer.alloc(16), true)[3]!, decrypt: (name) => ask(name, false)[0] }
}

afterEach(() => vi.useRealTimers())

describe('ticket keys', () => {
  it('a ticket key decrypts for two hours after it encrypted its last ticket', () => {
    const keys = new TicketKeys()
    const { encrypt, decrypt } = asked(keys)
    const first = encrypt()
    expect(first).toEqual(encrypt())
    for (const result of [2, 2, 2, 0]) {
      expect(decrypt(first)).toBe(result)
      keys.rotate()
    }
    expect(encrypt()).not.toEqual(first)
  })

  it('a ticket key is known to other processes for an hour before it encrypts', () => {
    const ours = new TicketKeys()
    const theirs = new TicketKeys(ours.texts)
    ours.rotate()
    expect(asked(theirs).decrypt(asked(ours).encrypt())).toBe(2)
    ours.rotate()
    expect(asked(theirs).decrypt(asked(ours).encrypt())).toBe(0)
    theirs.take(ours.texts)
    expect(asked(theirs).decrypt(asked(ours).encrypt())).toBe(2)
  })

  it('ticket keys rotate when they are used after one hour or many', () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const { encrypt, decrypt } = asked(new TicketKeys())
    const first = encrypt()
    vi.advanceTimersByTime(ROTATE_EVERY_MS)
    expect([encrypt().equals(first), decrypt(first)]).toEqual([false, 2])
    vi.advanceTimersByTime(24 * ROTATE_EVERY_MS)
    expect(decrypt(first)).toBe(0)
  })

  it('ticket keys that another process has made do not rotate here', () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const { encrypt } = asked(new TicketKeys(new TicketKeys().texts))
    const first = encrypt()
    vi.advanceTimersByTime(24 * ROTATE_EVERY_MS)
    expect(encrypt()).toEqual(first)
  })
})
