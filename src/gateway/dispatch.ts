import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Destination, UpstreamServer } from './destination.ts'
import { createFleet, type Fleet } from './fleet.ts'
import { startHealthChecks } from './health-checks.ts'
import type { Again, Exchange, Failure, Outgoing, Receiver, Upstreams } from './upstream.ts'

/** Sends requests to applications: to the server whose turn it is, and once more where that is safe. */
export interface Dispatch {
  send(to: Destination, outgoing: Omit<Outgoing, 'server'>, receiver: Receiver): Exchange
  /**
   * Takes the server whose turn it is, for whoever speaks to it in another way.
   *
   * @param tried Not these, as long as there is another.
   */
  choose(to: Destination, tried?: ReadonlySet<UpstreamServer>): UpstreamServer
  /** Tells that a server took no connection. */
  unreachable(to: Destination, server: UpstreamServer): void
  /** Checks nobody's health any more. */
  stop(): void
}

export interface DispatchDeps {
  /** Of all routes, with the hosts that they belong to. */
  destinations: readonly { host: string; upstream: Destination | undefined }[]
  upstreams: Pick<Upstreams, 'send'>
  clock: Clock
  log: Log
}

/** RFC 9110, section 9.2.2, and what of WebDAV only reads. */
const IDEMPOTENT = new Set('GET HEAD OPTIONS PUT DELETE PROPFIND REPORT SEARCH'.split(' '))
/** Whoever waits for the answer waits for each of them. */
export const MAX_TRIES = 3

export function createDispatch({ destinations, upstreams, clock, log }: DispatchDeps): Dispatch {
  // By their servers: the hosts of one route have the same.
  const fleets = new Map<Destination['servers'], Fleet>()
  const checks = destinations.flatMap(({ host, upstream: destination }) => {
    if (!destination || (destination.servers.length === 1 && !destination.health)) return []
    const { servers, health: config } = destination
    if (fleets.has(servers)) return []
    const fleet = createFleet({ host, servers, checks: config, clock, log })
    fleets.set(servers, fleet)
    return config ? [startHealthChecks({ config, destination, fleet, upstreams })] : []
  })

  const fleetOf = (to: Destination) =>
    to.servers.length === 1 ? undefined : fleets.get(to.servers)
  const choose: Dispatch['choose'] = (to, tried) => fleetOf(to)?.choose(tried) ?? to.servers[0]

  return {
    choose,
    unreachable: (to, server) => fleetOf(to)?.unreachable(server),
    send(to, outgoing, receiver) {
      const fleet = fleetOf(to)
      const server = choose(to)
      const mayRepeat = to.repeats && outgoing.body === undefined && IDEMPOTENT.has(outgoing.method)
      const again = fleet
        ? amongOthers(fleet, server, mayRepeat)
        : mayRepeat
          ? onceMore(server)
          : undefined
      return upstreams.send({ server, ...outgoing }, receiver, again)
    },
    stop() {
      for (const check of checks) check.stop()
    },
  }
}

/**
 * A connection that was kept may have been closed from the other side in the very moment in which it
 * was used again. The second one is not such a connection, so this happens once.
 */
const onceMore =
  (server: UpstreamServer): Again =>
  (failure) =>
    isUnheard(failure) && failure.onKept ? server : undefined

function amongOthers(fleet: Fleet, first: UpstreamServer, mayRepeat: boolean): Again {
  const tried = new Set([first])
  let current = first
  return (failure) => {
    const isUnsent = failure.stage === 'unsent'
    if (isUnsent) fleet.unreachable(current)
    if (!mayRepeat || !(isUnsent || isUnheard(failure)) || tried.size === MAX_TRIES)
      return undefined
    current = fleet.choose(tried)
    if (tried.has(current)) return undefined
    tried.add(current)
    return current
  }
}

/** Not a byte was answered; and where the time ran out, the application may still be at work on it. */
const isUnheard = ({ stage, error }: Failure): boolean =>
  stage === 'unanswered' && error.status !== 504
