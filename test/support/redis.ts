/** A Redis for tests, which keeps nothing on disk. */
import { Program } from './programs.js'

/** Resolves when it accepts connections. */
export async function startRedis(folder: string, port: number): Promise<Program> {
  const args = [
    '--port',
    `${port}`,
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
  ]
  const redis = new Program('redis-server', args)
  await redis.seen(() => redis.stdout.includes('Ready to accept connections'))
  return redis
}
