/**
 * A user who has used up all epoll watches (max_user_watches): epoll_ctl(2) refuses. The limit is one for the whole
 * machine, so a preloaded library refuses instead. It refuses only the addon's calls, because libuv would abort.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { AdminClient } from '../../src/command/client.js'
import { kernelLoop } from '../../src/io/choose-engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import type { ProxyStatus } from '../../src/observe/status.js'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { listeningPort, Millrace, writeConfig } from '../support/millrace.js'
import { connectTo, turnedAway } from '../support/peer.js'
import { areMissing, cannotTest, run } from '../support/programs.js'

const REFUSING = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>
int epoll_ctl(int epoll, int what, int fd, struct epoll_event* event) {
  int (*real)(int, int, int, struct epoll_event*) = dlsym(RTLD_NEXT, "epoll_ctl");
  int is_ours = what == EPOLL_CTL_ADD && (event->events & EPOLLPRI) != 0;
  if (!is_ours || access(getenv("NO_WATCHES"), F_OK) != 0) return real(epoll, what, fd, event);
  errno = ENOSPC;
  return -1;
}
`

const isTestable =
  (kernelLoop() instanceof KernelLoop || !cannotTest(`epoll_ctl: ${kernelLoop()}`)) && !areMissing('gcc')
const folder = temporaryFolder()
const library = join(folder, 'refusing.so')
const noWatches = join(folder, 'no-watches')
const socket = join(folder, 'admin.sock')
let backend: Backend
let millrace: Millrace

beforeAll(async () => {
  if (!isTestable) return
  writeFileSync(join(folder, 'refusing.c'), REFUSING)
  const { code, stderr } = await run('gcc', [
    '-shared',
    '-fPIC',
    '-o',
    library,
    join(folder, 'refusing.c'),
    '-ldl',
  ])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})
afterEach(async () => {
  await millrace.program.kill()
  await backend.close()
})

it.runIf(isTestable)(
  'a proxy resets clients that epoll cannot watch, counts a pause for each, logs one warning and goes on',
  async () => {
    backend = (await Backend.listen()).echo()
    const config = writeConfig(folder, {
      listeners: [{ address: '127.0.0.1:0', cluster: 'only' }],
      clusters: { only: { backends: [backend.address] } },
      admin: `unix:${socket}`,
    })
    const env = { LD_PRELOAD: library, NO_WATCHES: noWatches }
    millrace = new Millrace(['--config', config], { env })
    const target = { kind: 'tcp', host: '127.0.0.1', port: await listeningPort(millrace) } as const
    await millrace.logged(({ msg }) => msg.startsWith('admin on'))
    writeFileSync(noWatches, '')
    for (let i = 0; i < 2; i++) expect(await turnedAway(connectTo(target))).toBe('ECONNRESET')
    rmSync(noWatches)
    const served = await connectTo(target)
    served.send(Buffer.from('hello'))
    served.end()
    expect(await served.ended).toBe('fin')
    expect(served.received.toString()).toBe('hello')
    const admin = new AdminClient({ address: { kind: 'unix', path: socket }, token: undefined })
    const { listeners } = (await admin.ask('GET', '/api/v1/status')) as ProxyStatus
    expect(listeners[0]).toMatchObject({ accepted: 1, acceptPauses: 2 })
    const told = millrace.lines.filter(({ level }) => level >= 40)
    expect(told).toMatchObject([
      { errno: 'ENOSPC', msg: expect.stringContaining('fs.epoll.max_user_watches') },
    ])
  },
)
