import type { Limits, UpstreamServer } from '../destination.ts'
import { type Connection, now, openConnection } from './connection.ts'
import { addressOf } from './open-socket.ts'

/** The connections to one server. */
export interface Place {
  /** A connection that is free, or a new one. */
  kept(): Connection
  /** A connection that carries no other, before or after. */
  alone(): Connection
  /** Lets all under way end. */
  retire(): Promise<void>
  destroy(): void
}

/** So exact are the limits; far cheaper than a timer for each request. */
const LOOK_EVERY_MS = 100

export function openPlace(server: UpstreamServer, limits: Limits): Place {
  const address = addressOf(server)
  const all = new Set<Connection>()
  /** The one that was busy last is taken first: the others may go when their time is over. */
  const idle: Connection[] = []
  let timer: NodeJS.Timeout | undefined
  let isRetired = false
  let isEmpty = () => {}

  const look = () => {
    const at = now()
    for (const connection of all) connection.look(at)
  }
  const gone = (connection: Connection) => {
    all.delete(connection)
    const at = idle.lastIndexOf(connection)
    if (at >= 0) idle.splice(at, 1)
    if (all.size > 0) return
    clearInterval(timer)
    timer = undefined
    isEmpty()
  }
  const open = (free: (connection: Connection) => void) => {
    const connection = openConnection(address, limits, { free, gone })
    all.add(connection)
    timer ??= setInterval(look, LOOK_EVERY_MS).unref()
    return connection
  }
  const free = (connection: Connection) => {
    if (isRetired) connection.destroy('silently')
    else idle.push(connection)
  }

  return {
    kept: () => idle.pop() ?? open(free),
    alone: () => open((connection) => connection.destroy('silently')),
    retire() {
      isRetired = true
      for (const connection of [...idle]) connection.destroy('silently')
      return new Promise((resolve) => {
        isEmpty = resolve
        if (all.size === 0) resolve()
      })
    },
    destroy() {
      for (const connection of all) connection.destroy('loudly')
    },
  }
}
