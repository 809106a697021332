import { type AddressInfo, createServer, type Server } from 'node:net'
import { hasCode, OperatorError } from '../base/errors.ts'
import type { ListenAddress } from '../base/net.ts'
import type { Config } from '../config/schema.ts'

/**
 * Opens a door.
 *
 * @param key The key that names the address, for the sentence about what is wrong with it.
 * @throws {OperatorError} when nobody can listen there.
 */
export function listen(server: Server, { host, port }: ListenAddress, key: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(cannotListen(cause, key, `${host}:${port}`)))
    server.listen({ host, port }, resolve)
  })
}

/**
 * Opens all doors through which requests come.
 *
 * @returns The port of the first.
 * @throws {OperatorError} when nobody can listen there.
 */
export async function openDoors(server: Server, { listen: doors }: Config): Promise<number> {
  await listen(server, doors, 'listen')
  return (server.address() as AddressInfo).port
}

/** Opens all doors for a moment, before there is anything that a failed start would leave behind. */
export async function tryToListen({ health, listen: doors }: Config): Promise<void> {
  const [one, other] = [createServer(), createServer()]
  try {
    await listen(one, health.listen, 'health.listen')
    await listen(other, doors, 'listen')
  } finally {
    await Promise.all([one, other].map((server) => new Promise((done) => server.close(done))))
  }
}

function cannotListen(cause: Error, key: string, address: string): Error {
  if (hasCode(cause, 'EADDRINUSE')) {
    return new OperatorError(
      `${key}: ${address} is in use by another program. Stop it, or choose another port.`,
      { cause },
    )
  }
  if (hasCode(cause, 'EACCES')) {
    return new OperatorError(
      `${key}: this user may not listen on ${address}. Choose a port above 1023, or allow it.`,
      { cause },
    )
  }
  if (hasCode(cause, 'EADDRNOTAVAIL') || hasCode(cause, 'ENOTFOUND')) {
    return new OperatorError(`${key}: this machine has no address ${address}.`, { cause })
  }
  return cause
}
