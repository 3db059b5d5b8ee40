// Reads what the kernel knows about a process group and about the machine: CPU time, memory, descriptors.
// Sends no signals.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const NS_PER_TICK = 10_000_000 // USER_HZ is 100 on every Linux architecture of today

/** CPU time so far, in ns. Exact for the group's living threads, in ticks for its reaped children. */
export function cpuNsOf(groupId) {
  let ns = 0
  for (const pid of membersOf(groupId)) {
    for (const thread of list(`/proc/${pid}/task`))
      ns += Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0])
    const fields = statFieldsOf(pid)
    ns += (Number(fields[13]) + Number(fields[14])) * NS_PER_TICK
  }
  return ns
}

/** How often threads of the group went to sleep so far (voluntary context switches of living threads). */
export function sleepsOf(groupId) {
  let sleeps = 0
  for (const pid of membersOf(groupId))
    for (const thread of list(`/proc/${pid}/task`))
      sleeps += Number(
        /^voluntary_ctxt_switches:\s+(\d+)/m.exec(read(`/proc/${pid}/task/${thread}/status`))?.[1] ?? 0,
      )
  return sleeps
}

/** CPU time of all cores so far, in ns: user, nice, system, irq and softirq. */
export function machineCpuNs() {
  const [user, nice, system, , , irq, softirq] = read('/proc/stat')
    .split('\n')[0]
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return (user + nice + system + irq + softirq) * NS_PER_TICK
}

/**
 * Memory outside the kernel, without pages of files (the program). Shared pages are divided among their
 * processes.
 */
export function memoryBytesOf(groupId) {
  let kib = 0
  for (const pid of membersOf(groupId))
    for (const [, size] of read(`/proc/${pid}/smaps_rollup`).matchAll(/^Pss_(?:Anon|Shmem):\s+(\d+)/gm))
      kib += Number(size)
  return kib * 1024
}

/** How many descriptors the group has open, and how many of them are ends of kernel pipes. */
export function descriptorsOf(groupId) {
  const targets = membersOf(groupId).flatMap((pid) =>
    list(`/proc/${pid}/fd`).map((fd) => readTarget(`/proc/${pid}/fd/${fd}`)),
  )
  return { all: targets.length, pipeEnds: targets.filter((target) => target.startsWith('pipe:')).length }
}

export function membersOf(groupId) {
  return list('/proc').filter((name) => /^\d+$/.test(name) && Number(statFieldsOf(name)[2]) === groupId)
}

/**
 * The fields of /proc/PID/stat from the third (state) on. The second, the name, may hold spaces and brackets.
 */
function statFieldsOf(pid) {
  const text = read(`/proc/${pid}/stat`)
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

// A process may end after it was listed and before it is read. Then it has nothing.
function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function list(path) {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function readTarget(path) {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
