import type { Clock, UnixSeconds } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { UpstreamServer } from './destination.ts'

/** Several servers of one application: whose turn it is, and who is left out for now. */
export interface Fleet {
  /**
   * Takes the next one in turn. Where all are left out, they are asked all the same: a check may be
   * wrong, and an answer that fails is no worse than none.
   *
   * @param tried Not these, as long as there is another.
   */
  choose(tried?: ReadonlySet<UpstreamServer>): UpstreamServer
  /** It took no connection: left out for a while, or until its next good check. */
  unreachable(server: UpstreamServer): void
  /** What a health check found. */
  checked(server: UpstreamServer, isWell: boolean): void
}

export interface FleetDeps {
  /** The host of the route, for the log. */
  host: string
  servers: readonly [UpstreamServer, ...UpstreamServer[]]
  /** How many checks in a row turn an opinion; absent when there are no checks. */
  checks: { unhealthy_after: number; healthy_after: number } | undefined
  clock: Clock
  log: Log
}

/** How long a server that takes no connections is left out where no check says when it is back. */
const LEFT_OUT_SECONDS = 10

interface State {
  /** Left out until then; `Infinity`: until a check finds it well. */
  outUntil: UnixSeconds
  /** Checks in a row that disagreed with the present opinion. */
  doubts: number
}

export function createFleet({ host, servers, checks, clock, log }: FleetDeps): Fleet {
  const states = new Map(servers.map((server): [UpstreamServer, State] => [server, fresh()]))
  const stateOf = (server: UpstreamServer): State => states.get(server) ?? fresh()
  let turn = -1

  const leaveOut = (server: UpstreamServer, why: string) => {
    const state = stateOf(server)
    const wasIn = state.outUntil <= clock.now()
    state.outUntil = checks ? Number.POSITIVE_INFINITY : clock.now() + LEFT_OUT_SECONDS
    state.doubts = 0
    if (wasIn) log.warn({ host, upstream: server.origin, why }, 'gateway: upstream left out')
  }

  return {
    choose(tried) {
      const now = clock.now()
      const inTurn = servers.map((_, step) => servers[(turn + 1 + step) % servers.length])
      const untried = inTurn.filter((server) => server && !tried?.has(server))
      const isIn = (server: UpstreamServer | undefined) =>
        server !== undefined && stateOf(server).outUntil <= now
      const chosen = untried.find(isIn) ?? untried[0] ?? servers[0]
      turn = servers.indexOf(chosen)
      return chosen
    },

    unreachable: (server) => leaveOut(server, 'takes no connection'),

    checked(server, isWell) {
      if (!checks) return
      const state = stateOf(server)
      const isIn = state.outUntil <= clock.now()
      if (isIn === isWell) {
        state.doubts = 0
        return
      }
      state.doubts += 1
      if (state.doubts < (isWell ? checks.healthy_after : checks.unhealthy_after)) return
      if (!isWell) return leaveOut(server, 'fails its health check')
      Object.assign(state, fresh())
      log.info({ host, upstream: server.origin }, 'gateway: upstream back')
    },
  }
}

const fresh = (): State => ({ outUntil: 0, doubts: 0 })
