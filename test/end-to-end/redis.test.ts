/** Redis behind the built command: pipelined requests of many clients, and a mass insertion by one. */
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { forwardTo, type Millrace } from '../support/millrace.js'
import { expectBulk, expectSmall, isAdaptive, modes } from '../support/modes.js'
import { areMissing, freePort, run } from '../support/programs.js'
import { startRedis } from '../support/redis.js'

const PIPELINED = 16
/** A multiple of the pipeline, because redis-benchmark rounds other numbers up. */
const REQUESTS = PIPELINED * 320
const KEYS = 50_000

describe.skipIf(areMissing('redis-server', 'redis-cli', 'redis-benchmark'))('redis', () => {
  const folder = temporaryFolder()
  let redisPort: string

  beforeAll(async () => {
    redisPort = String(await freePort())
    await startRedis(folder, Number(redisPort))
  })

  describe.each(modes())('$name', (mode) => {
    let millrace: Millrace
    let port: string

    beforeAll(async () => {
      const started = await forwardTo(`127.0.0.1:${redisPort}`, mode)
      millrace = started.millrace
      port = String(started.port)
      await askRedis('FLUSHALL')
      await askRedis('CONFIG', 'RESETSTAT')
    })

    /** Asks Redis directly, not through millrace. */
    async function askRedis(...command: string[]): Promise<string> {
      return (await run('redis-cli', ['-p', redisPort, ...command])).stdout.trim()
    }

    it('redis answers a single small command, which millrace copies unless splice is on', async () => {
      const { stdout } = await run('redis-cli', ['-p', port, 'ECHO', 'small'])
      expect(stdout.trim()).toBe('small')
      const records = await millrace.records(1)
      expect(records).toHaveLength(1)
      expectSmall(records, mode)
    })

    it('redis answers every pipelined request of redis-benchmark through millrace', async () => {
      const load = ['-n', String(REQUESTS), '-c', '20', '-P', String(PIPELINED), '-t', 'set,get', '-q']
      const { code, stdout } = await run('redis-benchmark', ['-p', port, ...load])
      expect(code).toBe(0)
      expect(stdout).toMatch(/SET: .*requests per second/)
      expect(stdout).toMatch(/GET: .*requests per second/)
      const statistics = await askRedis('INFO', 'commandstats')
      expect(statistics).toMatch(new RegExp(`cmdstat_set:calls=${REQUESTS},`))
      expect(statistics).toMatch(new RegExp(`cmdstat_get:calls=${REQUESTS},`))
    })

    it('redis gets every key of a mass insertion by redis-cli --pipe through millrace', async () => {
      const input = Array.from({ length: KEYS }, (_, i) => `SET key:${i} value:${i}\r\n`).join('')
      await askRedis('FLUSHALL')
      const { code, stdout } = await run('redis-cli', ['-p', port, '--pipe'], { input })
      expect(code).toBe(0)
      expect(stdout).toContain(`errors: 0, replies: ${KEYS}`)
      expect(await askRedis('DBSIZE')).toBe(String(KEYS))
      const insertion = await millrace.program.seen(() =>
        millrace.lines.find(({ bytesUp }) => (bytesUp as number) >= input.length),
      )
      expect(insertion.ended).toMatchObject({ cause: 'finished' })
    })

    it('the records of redis traffic have the share of spliced bytes of the mode', async () => {
      const records = await millrace.records(1)
      if (!isAdaptive(mode)) expectBulk(records, mode)
    })
  })
})
