/** nginx as a backend: one process that serves the files of a folder and writes only into that folder. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, listeningOn, Program } from './programs.js'

/** The place of the stream module in Debian's package. */
export const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so'
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/** Serves the files in `folder` on a loopback port and returns the port. With `tls` it speaks TLS. */
export async function startNginx(folder: string, tls: { cert: string; key: string } | undefined = undefined) {
  const port = await freePort()
  const secure = tls && `ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key};`
  const listen = `listen 127.0.0.1:${port}${tls === undefined ? '' : ' ssl'};`
  await runNginx(folder, { http: `server { ${listen} ${secure ?? ''} root ${folder}; }` }, [port])
  return port
}

/** Runs nginx with these blocks, and waits until it listens on these ports. A folder can have only one nginx. */
export async function runNginx(
  folder: string,
  { http, stream }: { http?: string; stream?: string },
  ports: readonly number[],
): Promise<void> {
  const own = join(folder, 'nginx')
  mkdirSync(own)
  writeFileSync(
    join(own, 'nginx.conf'),
    `${stream === undefined ? '' : `load_module ${STREAM_MODULE};`}
     daemon off;
     master_process off;
     pid ${own}/pid;
     events { worker_connections 1024; }
     ${stream === undefined ? '' : `stream { ${stream} }`}
     http {
       access_log off;
       sendfile on;
       keepalive_requests 1000000;
       ${TEMPORARY.map((name) => `${name}_temp_path ${own}/${name};`).join('\n')}
       ${http ?? ''}
     }`,
  )
  const nginx = new Program('nginx', ['-p', own, '-c', join(own, 'nginx.conf'), '-e', join(own, 'error.log')])
  for (const port of ports) await listeningOn(port, nginx)
}
