/** Lets PID 1 reap what others have left behind. The workers are for node:cluster. */
import cluster from 'node:cluster'
import { serviceCalls } from '../io/choose-engine.js'
import { Orphans } from '../service/orphans.js'

/** For PID 1. Only PID 1 becomes the parent of processes that it has not started. Without the addon they stay zombies. */
export function reapOrphans(): void {
  const calls = serviceCalls()
  if (calls === undefined) return
  const isWorker = (pid: number): boolean =>
    Object.values(cluster.workers ?? {}).some((worker) => worker?.process.pid === pid)
  const orphans = new Orphans(calls, isWorker)
  process.on('SIGCHLD', () => orphans.reap())
  orphans.reap()
}
