/** How TypeScript loads the addon and names errnos. */
import { describe, expect, test } from 'vitest'
import { errnoName, loadNative } from '../../../src/io/kernel/native.js'

describe('errnoName', () => {
  test.each([
    [-104, 'ECONNRESET'],
    [104, 'ECONNRESET'],
    [-24, 'EMFILE'],
    [-122, 'EDQUOT'],
    [-64, 'ENONET'],
    [-95, 'ENOTSUP'],
    [-4242, 'errno 4242'],
    [0, ''],
  ])('errno %i is named %j', (errno, name) => {
    expect(errnoName(errno)).toBe(name)
  })
})

describe('loadNative', () => {
  test('MILLRACE_NATIVE=off keeps the addon from being loaded', () => {
    expect(loadNative({ MILLRACE_NATIVE: 'off' })).toEqual({ missing: 'switched-off' })
  })

  test.runIf(process.platform === 'linux')('an addon that cannot be loaded is reported with its path', () => {
    const loaded = loadNative({ MILLRACE_ADDON: '/no/such/addon.node' })
    expect(loaded).toMatchObject({ missing: expect.stringMatching(/^addon-failed: .*addon\.node/) })
  })
})
