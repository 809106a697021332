import { once } from 'node:events'
import { createServer } from 'node:net'

/** A TCP port on loopback that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = portOf(server)
  server.close()
  await once(server, 'close')
  return port
}

/** The port that a listening server was given. */
export function portOf(server: { address(): unknown }): number {
  const address = server.address()
  if (typeof address === 'object' && address !== null && 'port' in address) {
    return Number(address.port)
  }
  throw new Error('the server does not listen on a TCP port')
}
