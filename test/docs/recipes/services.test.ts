/** Recipes for services behind one address, with the servers that they are for. */
import { expect, it } from 'vitest'
import { freePort, Program } from '../../support/programs.js'
import { describeRecipe } from './recipe.js'

describeRecipe('redis-least-connections', {
  needs: ['redis-server', 'redis-cli'],
  prepare: async (folder) => {
    const [own, one, two] = [await freePort(), await startRedis(folder), await startRedis(folder)]
    return {
      '0.0.0.0:6379': `127.0.0.1:${own}`,
      'redis1.example.net:6379': `127.0.0.1:${one}`,
      'redis2.example.net:6379': `127.0.0.1:${two}`,
      '-h proxy.example.net': `-p ${own}`,
      '-h redis1.example.net': `-p ${one}`,
    }
  },
  more: (recipe) => {
    it('with least connections, each of two Redis servers gets two of four clients', () => {
      const [stopped] = recipe.records()
      const ended = recipe.records().filter(({ backend }) => backend === stopped!.backend)
      expect(ended.map(({ ended: { by } }) => by)).toEqual(['backend', 'backend'])
    })
  },
})

async function startRedis(folder: string): Promise<number> {
  const port = await freePort()
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
  ]
  const server = new Program('redis-server', args)
  await server.seen(() => server.stdout.includes('Ready to accept connections'))
  return port
}
