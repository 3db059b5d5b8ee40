/** A real Knot DNS server of Debian's package, with zones that the test changes while it runs. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, listeningOn, Program, run } from './programs.js'

/** A zone without records of its own. Its negative answers are valid for 2 seconds. */
const HEAD = '@ 3600 IN SOA ns hostmaster 1 3600 600 86400 2\n@ 3600 IN NS ns\nns 3600 IN A 127.0.0.1\n'

export class Knot {
  readonly ip = '127.0.0.1'
  readonly port: number
  readonly program: Program
  readonly #folder: string
  readonly #zone: string

  private constructor(port: number, program: Program, folder: string, zone: string) {
    this.port = port
    this.program = program
    this.#folder = folder
    this.#zone = zone
  }

  /**
   * Starts a server in `folder`, which must not exist, with these records in `zone`. It fails for all names in
   * `broken.ZONE`, because the file of that zone is missing.
   */
  static async start(folder: string, zone: string, records: string): Promise<Knot> {
    mkdirSync(folder)
    const port = await freePort()
    writeFileSync(join(folder, 'zone'), HEAD + records)
    const config = `
server:
    rundir: ${folder}
    listen: 127.0.0.1@${port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
control:
    listen: ${folder}/control
log:
  - target: stderr
    any: info
database:
    storage: ${folder}
zone:
  - domain: ${zone}
    file: ${folder}/zone
    journal-content: none
    semantic-checks: off
  - domain: broken.${zone}
    file: ${folder}/missing
    journal-content: none
`
    writeFileSync(join(folder, 'config'), config)
    const program = new Program('knotd', ['--config', join(folder, 'config')])
    await listeningOn(port, program)
    const knot = new Knot(port, program, folder, zone)
    await program.seen(() => /server started/.test(program.stdout + program.stderr))
    return knot
  }

  /** Replaces the records of the zone. Resolves when they are served. */
  async serve(records: string): Promise<void> {
    writeFileSync(join(this.#folder, 'zone'), HEAD + records)
    const reload = ['--socket', join(this.#folder, 'control'), '--blocking', 'zone-reload', this.#zone]
    const { code, stdout, stderr } = await run('knotc', reload)
    if (code !== 0) throw new Error(`knotc: ${stdout}${stderr}`)
  }
}
