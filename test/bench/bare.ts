/** Servers without any gateway, to measure against: `empty`, `1k`, or `proxy PORT`. */
import { createServer } from 'node:http'
import httpProxy from 'http-proxy'

const [kind, port, target] = process.argv.slice(2)
const body = Buffer.alloc(1024, 'x')

function listener() {
  if (kind !== 'proxy') {
    return createServer((_, response) => response.end(kind === '1k' ? body : undefined))
  }
  const proxy = httpProxy.createProxyServer({ target: `http://127.0.0.1:${target}` })
  return createServer((message, response) => proxy.web(message, response))
}

listener().listen(Number(port), '127.0.0.1', () => process.stdout.write('listening\n'))
