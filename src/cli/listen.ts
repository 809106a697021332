import { chmodSync, existsSync, lstatSync, unlinkSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { dirname } from 'node:path'
import type { App } from '../app.ts'
import { hasCode, OperatorError } from '../base/errors.ts'
import { isUnixPlace, type ListenPlace, writtenPlace } from '../base/net.ts'
import type { Config } from '../config/schema.ts'

/**
 * Opens a door.
 *
 * @param key The key that names the address, for the sentence about what is wrong with it.
 * @param mode Who may connect to a socket of the file system.
 * @throws {OperatorError} when nobody can listen there.
 */
export async function listen(
  server: Server,
  place: ListenPlace,
  key: string,
  mode = 0o660,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const failed = (cause: Error) => reject(cannotListen(cause, key, writtenPlace(place)))
    server.once('error', failed)
    // Nobody else comes in before the mode says so.
    const before = process.umask(0o177)
    try {
      server.listen(place, () => {
        server.off('error', failed)
        if (isUnixPlace(place)) chmodSync(place.path, mode)
        resolve()
      })
    } finally {
      process.umask(before)
    }
  })
}

/** Where a gateway can be reached. */
export interface Opened {
  /** The port of the first address; 0 where all doors are sockets of the file system. */
  port: number
  /** All places, as they are written. */
  at: string[]
}

/**
 * Opens all doors through which requests come.
 *
 * @throws {OperatorError} when nobody can listen there, or a certificate cannot be used.
 */
export async function openDoors(
  app: Pick<App, 'door'>,
  { listen: places }: Pick<Config, 'listen'>,
): Promise<Opened> {
  const opened: Opened = { port: 0, at: [] }
  for (const [index, place] of places.entries()) {
    const { address, mode } = place
    const server = app.door({ ...place, isUnix: isUnixPlace(address) })
    await listen(server, address, keyOf(places, index), mode)
    if (isUnixPlace(address)) opened.at.push(writtenPlace(address))
    else {
      const { port } = server.address() as AddressInfo
      opened.port ||= port
      opened.at.push(writtenPlace({ ...address, port }))
    }
  }
  return opened
}

const keyOf = (places: readonly unknown[], index: number): string =>
  places.length === 1 ? 'listen' : `listen[${index}].address`

/**
 * Opens all doors for a moment, before there is anything that a failed start would leave behind, and
 * makes room for them.
 */
export async function tryToListen({ health, listen: places }: Config): Promise<void> {
  const tried: Server[] = []
  const knock = async (place: ListenPlace, key: string) => {
    await makeRoom(place, key)
    const server = createServer()
    tried.push(server)
    await listen(server, place, key)
  }
  try {
    await knock(health.listen, 'health.listen')
    for (const [index, { address }] of places.entries()) {
      await knock(address, keyOf(places, index))
    }
  } finally {
    await Promise.all(tried.map((server) => new Promise((done) => server.close(done))))
  }
}

/**
 * Removes a socket that somebody has left behind, and nothing else. Once for all processes: each of
 * them would take the others' for one.
 *
 * @throws {OperatorError} when something else is in the way.
 */
export async function makeRoom(place: ListenPlace, key: string): Promise<void> {
  if (!isUnixPlace(place)) return
  const { path } = place
  // The system would call it a lack of rights.
  if (!existsSync(dirname(path))) {
    throw new OperatorError(`${key}: there is no folder ${dirname(path)}.`)
  }
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found) return
  if (!found.isSocket()) {
    throw new OperatorError(`${key}: ${path} is there and is no socket. Choose another path.`)
  }
  if (await somebodyAnswers(path)) throw inUse(key, `unix:${path}`)
  unlinkSync(path)
}

const somebodyAnswers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(path)
    const tell = (answers: boolean) => {
      probe.destroy()
      resolve(answers)
    }
    probe.once('connect', () => tell(true))
    // Whoever may not even knock is told by the door itself.
    probe.once('error', (cause) => tell(!hasCode(cause, 'ECONNREFUSED')))
  })

const inUse = (key: string, address: string, cause?: Error) =>
  new OperatorError(
    `${key}: ${address} is in use by another program. Stop it, or choose another ${address.startsWith('unix:') ? 'path' : 'port'}.`,
    { cause },
  )

function cannotListen(cause: Error, key: string, address: string): Error {
  if (hasCode(cause, 'EADDRINUSE')) return inUse(key, address, cause)
  if (hasCode(cause, 'EACCES')) {
    const remedy = address.startsWith('unix:')
      ? 'Let it write to the folder, or choose another one.'
      : 'Choose a port above 1023, or allow it.'
    return new OperatorError(`${key}: this user may not listen on ${address}. ${remedy}`, { cause })
  }
  if (hasCode(cause, 'EADDRNOTAVAIL') || hasCode(cause, 'ENOTFOUND')) {
    return new OperatorError(`${key}: this machine has no address ${address}.`, { cause })
  }
  return cause
}
