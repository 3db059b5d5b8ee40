#!/usr/bin/env -S node --max-semi-space-size=1
/**
 * The first file of the command, of the supervisor and of every worker. It catches signals before it loads
 * the rest, because a signal may come while imports run. Only `signals.ts` may be imported statically here.
 */
import cluster from 'node:cluster'
import { Signals } from './signals.js'

const signals = new Signals()
if (cluster.isWorker) {
  const [{ runWorker }, { ownProcess }] = await Promise.all([
    import('./workers/worker.js'),
    import('./workers/own-process.js'),
  ])
  runWorker(ownProcess(signals))
} else {
  const { runCommand } = await import('./command/run.js')
  runCommand(signals)
}
