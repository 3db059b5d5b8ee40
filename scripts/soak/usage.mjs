// Memory and file descriptors of a process and its children, from /proc (proc(5)).
import { readdirSync, readFileSync } from 'node:fs'

/** The process itself and its children. A child that has just ended is left out. */
export function treeOf(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return [pid, ...children.split(' ').filter(Boolean).map(Number)]
}

/** Of all these processes together. */
export function usageOf(pids) {
  const each = pids.map((pid) => ({ rssBytes: rssOf(pid), fds: readdirSync(`/proc/${pid}/fd`).length }))
  const sum = (name) => each.reduce((total, usage) => total + usage[name], 0)
  return { processes: pids.length, rssBytes: sum('rssBytes'), fds: sum('fds') }
}

function rssOf(pid) {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(kib) * 1024
}
