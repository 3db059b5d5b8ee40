/** nginx as a backend: one process that serves the files of a folder, and writes only there. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, listeningOn, Program } from './programs.js'

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/** Serves the files in `folder` on a port of loopback; answers the port. `tls` adds to the server's block. */
export async function startNginx(folder: string, tls: { cert: string; key: string } | undefined = undefined) {
  const port = await freePort()
  const own = join(folder, 'nginx')
  mkdirSync(own)
  const secure = tls && `ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key};`
  writeFileSync(
    join(own, 'nginx.conf'),
    `daemon off;
     master_process off;
     pid ${own}/pid;
     events { worker_connections 1024; }
     http {
       access_log off;
       sendfile on;
       keepalive_requests 1000000;
       ${TEMPORARY.map((name) => `${name}_temp_path ${own}/${name};`).join('\n')}
       server {
         listen 127.0.0.1:${port}${tls === undefined ? '' : ' ssl'};
         ${secure ?? ''}
         root ${folder};
       }
     }`,
  )
  const nginx = new Program('nginx', ['-p', own, '-c', join(own, 'nginx.conf'), '-e', join(own, 'error.log')])
  await listeningOn(port, nginx)
  return port
}
