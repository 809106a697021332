import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { promisesBehind } from './behind.ts'

const MODULES = ['mpm_event', 'authz_core', 'proxy', 'proxy_http', 'ssl']

/** What docs/proxies.md shows. */
function shown(): string {
  const docs = readFileSync(new URL('../../docs/proxies.md', import.meta.url), 'utf8')
  const [, text = ''] = /<!-- snippet: apache -->\s*```apache\n([\s\S]*?)```/.exec(docs) ?? []
  expect(text).toContain('ProxyPass / http://127.0.0.1:9091/')
  return text
}

promisesBehind({
  name: 'Apache',
  program: 'apache2',
  kind: 'passes',
  install({ folder, port, gate, certificate, key }) {
    const hosts = shown()
      .replaceAll('*:443', `127.0.0.1:${port}`)
      .replaceAll('127.0.0.1:9091', `127.0.0.1:${gate}`)
      .replaceAll('/etc/apache2/tls/fullchain.pem', certificate)
      .replaceAll('/etc/apache2/tls/privkey.pem', key)
    const file = join(folder, 'apache.conf')
    const modules = MODULES.map(
      (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so\n`,
    ).join('')
    writeFileSync(
      file,
      `${modules}ServerName localhost
User nobody
Group nogroup
Listen 127.0.0.1:${port}
PidFile ${folder}/apache.pid
ErrorLog ${folder}/error.log
DefaultRuntimeDir ${folder}
Mutex file:${folder}
${hosts}`,
    )
    return ['-X', '-d', folder, '-f', file]
  },
})
