/** Everything that first bytes decide, without the addon. The engine is chosen when the first proxy is made. */
import { describe } from 'vitest'
import { describeOpenings } from './suite.js'

process.env.MILLRACE_NATIVE = 'off'

describe('on the stream engine', () => describeOpenings())
