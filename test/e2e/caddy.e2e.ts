import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisesBehind } from './behind.ts'

promisesBehind({
  name: 'Caddy',
  program: 'caddy',
  kind: 'asks',
  install({ folder, port, certificate, key, print }) {
    const tls = `  bind 127.0.0.1\n  tls ${certificate} ${key}\n`
    const sites = print('caddy').replaceAll(/^(\S+:\d+(?:, \S+)*) \{\n/gm, `$1 {\n${tls}`)
    const file = join(folder, 'Caddyfile')
    const quiet = 'admin off\n  auto_https disable_redirects\n  log {\n    level ERROR\n  }'
    writeFileSync(file, `{\n  ${quiet}\n  https_port ${port}\n}\n${sites}`)
    return ['run', '--config', file, '--adapter', 'caddyfile']
  },
})
