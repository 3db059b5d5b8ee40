/** A real dnsmasq of Debian's package, as in many routers and containers. It reads no file of the machine. */
import { freePort, listeningOn, Program } from './programs.js'

export interface Dnsmasq {
  readonly ip: string
  readonly port: number
  readonly program: Program
}

/** `args` are further options, such as `--host-record=db.test,192.0.2.1`. */
export async function startDnsmasq(args: readonly string[]): Promise<Dnsmasq> {
  const port = await freePort()
  const own = ['--keep-in-foreground', '--conf-file=/dev/null', '--no-hosts', '--no-resolv', '--pid-file']
  const where = [`--port=${port}`, '--listen-address=127.0.0.1', '--bind-interfaces', '--log-facility=-']
  const user = process.getuid?.() === 0 ? ['--user=root'] : []
  const program = new Program('dnsmasq', [...own, ...where, ...user, ...args])
  await listeningOn(port, program)
  return { ip: '127.0.0.1', port, program }
}
