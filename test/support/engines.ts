/** All engines that work on this machine. */
import { createEngine } from '../../src/io/choose-engine.js'
import type { Engine } from '../../src/io/engine.js'
import { StreamEngine } from '../../src/io/streams/stream-engine.js'
import { cannotTest } from './programs.js'

export function engines(): Engine[] {
  const stream = new StreamEngine('switched-off')
  const chosen = createEngine()
  if (chosen.kind === 'kernel') return [chosen, stream]
  cannotTest(`the kernel engine, because there is none: ${chosen.notSplicing}`)
  return [stream]
}
