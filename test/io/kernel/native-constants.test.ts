/** TypeScript and the addon each have one list of the constants that both must agree on. */
import { expect, test } from 'vitest'
import { loadNative } from '../../../src/io/kernel/native.js'
import * as constants from '../../../src/io/kernel/native-constants.js'

const { native } = loadNative()
if (native === undefined) console.log('not compared with the constants of the addon: it is not here')

test.runIf(native !== undefined)('TypeScript and the addon have the same list of constants', () => {
  expect(native!.constants).toEqual({ ...constants })
})
