/**
 * Runs a command with a time limit, in a process group of its own. Nothing of the group is left afterwards.
 */
import { spawn } from 'node:child_process'

/** KiB of data, because a mutant may allocate for ever. */
const MOST_DATA_KIB = 4 * 1024 * 1024
const WITH_LIMIT = `ulimit -d ${MOST_DATA_KIB}; exec "$@"`

const running = new Set()

/** Whether the command ended with 0 and in time, how long it took, and what it printed. */
export function runLimited(args, { cwd, env, ms }) {
  const child = spawn('sh', ['-c', WITH_LIMIT, 'sh', process.execPath, ...args], {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child.pid)
  const beganAt = performance.now()
  let isOverdue = false
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  const timer = setTimeout(() => {
    isOverdue = true
    killGroup(child.pid)
  }, ms)
  return new Promise((resolve) => {
    child.once('exit', (code) => {
      clearTimeout(timer)
      killGroup(child.pid)
      running.delete(child.pid)
      resolve({ isGood: code === 0, isOverdue, ms: performance.now() - beganAt, output })
    })
  })
}

/** Kills what an interrupted runner must not leave behind. */
export function killAll() {
  for (const pid of running) killGroup(pid)
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // No process of the group is left.
  }
}
