/** The surface of the addon as TypeScript sees it: what loads, and what an errno is called. */
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
  ])('%i is %s', (errno, name) => {
    expect(errnoName(errno)).toBe(name)
  })
})

describe('loadNative', () => {
  test('MILLRACE_NATIVE=off forbids the addon', () => {
    expect(loadNative({ MILLRACE_NATIVE: 'off' })).toEqual({ missing: 'switched-off' })
  })

  test.runIf(process.platform === 'linux')(
    'an addon that cannot be loaded is reported, not passed over',
    () => {
      const loaded = loadNative({ MILLRACE_ADDON: '/no/such/addon.node' })
      expect(loaded).toMatchObject({ missing: expect.stringMatching(/^addon-failed: .*addon\.node/) })
    },
  )
})
