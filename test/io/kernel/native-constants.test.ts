/** What TypeScript and the addon must agree on is one list on either side. */
import { expect, test } from 'vitest'
import { loadNative } from '../../../src/io/kernel/native.js'
import * as constants from '../../../src/io/kernel/native-constants.js'

const { native } = loadNative()
if (native === undefined) console.log('not compared with the constants of the addon: it is not here')

test.runIf(native !== undefined)('TypeScript and the addon have the same constants, and all of them', () => {
  expect(native!.constants).toEqual({ ...constants })
})
