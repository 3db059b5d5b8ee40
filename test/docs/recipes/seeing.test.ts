/** Recipes for logs and metrics, with rsyslog and Prometheus. */
import { copyFileSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runNginx } from '../../support/nginx.js'
import { freePort, Program } from '../../support/programs.js'
import { until } from '../../support/wait.js'
import { ROOT } from '../pages.js'
import { describeRecipe, shownIn, withPlaces } from './recipe.js'

describeRecipe('logs', {
  needs: ['nginx', 'curl', 'jq', 'rsyslogd'],
  prepare: async (folder) => {
    const [web, mail, site, syslog] = [await freePort(), await freePort(), await freePort(), await freePort()]
    await startSite(folder, site)
    await startRsyslog(folder, syslog)
    return {
      '0.0.0.0:80': `127.0.0.1:${web}`,
      '0.0.0.0:25': `127.0.0.1:${mail}`,
      'web1.example.net:8080': `127.0.0.1:${site}`,
      'mail1.example.net:25': `127.0.0.1:${await freePort()}`,
      'udp://logs.example.net': `udp://127.0.0.1:${syslog}`,
      '/var/log/millrace/': `${folder}/`,
      'ssh logs.example.net grep no-backend /var/log/': `grep no-backend ${folder}/`,
      'http://proxy.example.net/': `http://127.0.0.1:${web}/`,
      'telnet://proxy.example.net:25': `telnet://127.0.0.1:${mail}`,
    }
  },
})

/** rsyslog with the config of the page. It has made the socket that it reads from. */
async function startRsyslog(folder: string, port: number): Promise<void> {
  const config = withPlaces(shownIn('logs', 'text'), {
    'port="514"': `address="127.0.0.1" port="${port}"`,
    '/var/log/': `${folder}/`,
  })
  const file = join(folder, 'rsyslog.conf')
  writeFileSync(file, `global(workDirectory="${folder}")\n${config}`)
  const pid = join(folder, 'rsyslog.pid')
  const rsyslogd = new Program('rsyslogd', ['-n', '-f', file, '-i', pid])
  await until(() => existsSync(pid) || rsyslogd.child.exitCode !== null)
}

describeRecipe('prometheus', {
  needs: ['nginx', 'curl', 'promtool'],
  prepare: async (folder) => {
    const [own, site, observed] = [await freePort(), await freePort(), await freePort()]
    await startSite(folder, site)
    copyFileSync(join(ROOT, 'docs/prometheus-alerts.yaml'), join(folder, 'prometheus-alerts.yaml'))
    return {
      '0.0.0.0:80': `127.0.0.1:${own}`,
      'web1.example.net:8080': `127.0.0.1:${site}`,
      'web2.example.net:8080': `127.0.0.1:${await freePort()}`,
      '/run/millrace/': `${folder}/`,
      '0.0.0.0:9902': `127.0.0.1:${observed}`,
      'proxy.example.net:9902': `127.0.0.1:${observed}`,
    }
  },
})

async function startSite(folder: string, port: number): Promise<void> {
  await runNginx(folder, { http: `server { listen 127.0.0.1:${port}; return 200 "the site\\n"; }` }, [port])
}
