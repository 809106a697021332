import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { promisesBehind } from './behind.ts'

promisesBehind({
  name: 'HAProxy',
  program: 'haproxy',
  kind: 'asks',
  install({ folder, port, both, print }) {
    const text = print('haproxy')
    expect(text).toContain(`bind :${port} ssl crt /etc/haproxy/tls/`)
    const script = join(folder, 'gatehouse.lua')
    const file = join(folder, 'haproxy.cfg')
    writeFileSync(script, print('haproxy', '--lua'))
    writeFileSync(
      file,
      text
        .replace(`bind :${port}`, `bind 127.0.0.1:${port}`)
        .replace('/etc/haproxy/tls/', both)
        .replace('/etc/haproxy/gatehouse.lua', script),
    )
    // In the foreground, and without a word about what is well.
    return ['-q', '-db', '-f', file]
  },
})
