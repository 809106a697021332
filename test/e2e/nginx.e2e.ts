import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { promisesBehind } from './behind.ts'

promisesBehind({
  name: 'nginx',
  program: 'nginx',
  kind: 'asks',
  install({ folder, port, certificate, key, print }) {
    const text = print('nginx')
    expect(text).toContain(`listen ${port} ssl;`)
    const servers = text
      .replaceAll(`listen ${port} ssl;`, `listen 127.0.0.1:${port} ssl;`)
      .replaceAll('/etc/nginx/tls/fullchain.pem', certificate)
      .replaceAll('/etc/nginx/tls/privkey.pem', key)
    const conf = join(folder, 'nginx.conf')
    mkdirSync(join(folder, 'logs'))
    writeFileSync(
      conf,
      `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr crit;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f;
  uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
${servers}
}`,
    )
    return ['-c', conf, '-p', folder, '-e', 'stderr']
  },
})
