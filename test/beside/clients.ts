/** Clients of both proxies. A client reads the name of its backend. */
import { connect, type Socket } from 'node:net'

export interface Client {
  /** The backend that answered. Undefined: the connection was lost. */
  readonly name: string | undefined
  readonly socket: Socket
}

/** How many clients a test has on their way at once, if their order does not matter. */
const AT_ONCE = 20

/** Connects and waits for the name of the backend, or for the end of the connection. */
export async function ask(port: number, from = '127.0.0.1'): Promise<Client> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from })
  return await new Promise((resolve) => {
    let text = ''
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString()
      if (text.endsWith('\n')) resolve({ name: text.trim(), socket })
    })
    socket.on('error', () => {}).on('close', () => resolve({ name: undefined, socket }))
  })
}

/** One client after the other. Each leaves before the next one comes. */
export async function askInTurn(port: number, count: number): Promise<(string | undefined)[]> {
  const names: (string | undefined)[] = []
  while (names.length < count) {
    const { name, socket } = await ask(port)
    names.push(name)
    socket.destroy()
  }
  return names
}

/** Some clients at once. Each leaves when it has its answer. */
export async function askAtOnce(port: number, count: number): Promise<(string | undefined)[]> {
  const names: (string | undefined)[] = []
  const lane = async (): Promise<void> => {
    while (count > 0) {
      count--
      const { name, socket } = await ask(port)
      names.push(name)
      socket.destroy()
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return names
}

/** One client after the other. All of them stay. */
export async function hold(port: number, count: number): Promise<Client[]> {
  const clients: Client[] = []
  while (clients.length < count) clients.push(await ask(port))
  return clients
}

/** How often each name is there, in the order of the names. Lost connections are `lost`. */
export function sharesOf(names: readonly (string | undefined)[]): Record<string, number> {
  const shares: Record<string, number> = {}
  for (const name of names.map((each) => each ?? 'lost').sort()) shares[name] = (shares[name] ?? 0) + 1
  return shares
}
