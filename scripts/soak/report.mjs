// The figures of the soak as text, and what makes it fail. Pure.
import { BAD_VERDICTS, VERDICTS } from './judge.mjs'

/** Garbage that is not collected yet. V8 keeps more of it under load than at rest. */
const MOST_GROWTH_BYTES = 48 * 1024 * 1024
const MOST_GROWTH = 1.5
/** Connections of callers of the admin address and of checks come and go. */
const MOST_FDS = 16

const MEANING = {
  corrupt: 'got wrong bytes',
  lost: 'lost although a backend could serve',
  cut: 'cut although its backend served',
  joined: 'ended with their backend',
  nobody: 'without any backend that could serve',
}

export function summaryOf({ minutes, counts, verdicts, faults, usage, unexpected }) {
  const { made, done, failed, heldBack } = counts
  const bad = VERDICTS.map((verdict) => `${verdicts[verdict]} ${MEANING[verdict]}`)
  const happened = Object.entries(faults).map(([kind, count]) => `${count} ${kind}`)
  return [
    `${minutes.toFixed(1)} min: ${made} connections, ${done} done, ${failed} failed, ${heldBack} held back`,
    `  ${bad.join(', ')}`,
    `  faults: ${happened.join(', ')}`,
    `  millrace: ${usageText(usage)}, ${usage.workerDeaths} worker deaths, ${unexpected} unexpected log lines`,
  ].join('\n')
}

const usageText = ({ processes, rssBytes, fds }) =>
  `${processes} processes, ${(rssBytes / 2 ** 20).toFixed(1)} MiB, ${fds} fds`

/** One sentence for each reason why the run failed. */
export function reasonsOf({ verdicts, before, after, left, unexpected, exitCode }) {
  const reasons = BAD_VERDICTS.filter((verdict) => verdicts[verdict] > 0).map(
    (verdict) => `${verdicts[verdict]} connections ${MEANING[verdict]}`,
  )
  if (left > 0) reasons.push(`${left} connections are left after their clients have gone`)
  if (after.fds > before.fds + MOST_FDS) reasons.push(`fds grew from ${before.fds} to ${after.fds}`)
  if (after.rssBytes > before.rssBytes * MOST_GROWTH + MOST_GROWTH_BYTES)
    reasons.push(`memory grew: ${usageText(before)} became ${usageText(after)}`)
  if (after.workerDeaths > 0) reasons.push(`${after.workerDeaths} workers died`)
  if (unexpected > 0) reasons.push(`${unexpected} unexpected log lines`)
  if (exitCode !== 0) reasons.push(`millrace ended with ${exitCode}`)
  return reasons
}
