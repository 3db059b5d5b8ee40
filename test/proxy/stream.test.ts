/** The tests of a proxy, without the addon. The engine is chosen when the first proxy is made. */
import { describe } from 'vitest'
import { describeProxy } from './suite.js'

process.env.MILLRACE_NATIVE = 'off'

describe('a proxy on the stream engine', () => describeProxy('stream'))
