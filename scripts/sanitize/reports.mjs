/**
 * Reads what AddressSanitizer wrote, one file for each process. (UBSan ends a process with a message on
 * stderr, which fails its suite.) Every memory error counts, wherever it happened. A leak counts if the addon
 * allocated the memory, or Node-API did for it. V8 frees nothing of its own when a process exits, and objects
 * of V8 have the addon further down their stacks too.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ERROR = /ERROR: AddressSanitizer/
const LEAK = /^(Direct|Indirect) leak of /
const OURS = /\/native\/\w+\.(cc|h):|millrace\.node/
const V8 = / v8::/
/** The process then knows nothing about leaks. That must not count as no leaks. */
const COULD_NOT_CHECK = /LeakSanitizer has encountered a fatal error/

/** The reports in a folder that a person has to look at, as text. */
export function findings(folder) {
  return readdirSync(folder).flatMap((name) => {
    const report = readFileSync(join(folder, name), 'utf8')
    if (ERROR.test(report) || COULD_NOT_CHECK.test(report)) return [report]
    return report.split('\n\n').filter(isLeakOfOurs)
  })
}

/** Frames are listed from the allocation down. */
function isLeakOfOurs(paragraph) {
  const frames = paragraph.trimStart().split('\n')
  if (!LEAK.test(frames[0])) return false
  const ours = frames.findIndex((frame) => OURS.test(frame))
  return ours !== -1 && !frames.slice(0, ours).some((frame) => V8.test(frame))
}
