import type { Destination, UpstreamServer } from './destination.ts'
import type { Fleet } from './fleet.ts'
import type { Upstreams } from './upstream.ts'
import type { HealthConfig } from './upstream-config.ts'

/** Health checks under way. */
export interface HealthChecks {
  stop(): void
}

export interface HealthChecksDeps {
  config: HealthConfig
  destination: Destination
  fleet: Fleet
  upstreams: Pick<Upstreams, 'send'>
}

/**
 * Asks every server of an application again and again for one page, each time on a new connection.
 * A status below 400 in time is a good sign, and all else is a bad one.
 */
export function startHealthChecks(deps: HealthChecksDeps): HealthChecks {
  const { config, destination, fleet } = deps
  const look = () => {
    for (const server of destination.servers) {
      ask(deps, server, (isWell) => fleet.checked(server, isWell))
    }
  }
  const first = setImmediate(look).unref()
  const timer = setInterval(look, config.interval * 1000).unref()
  return {
    stop() {
      clearImmediate(first)
      clearInterval(timer)
    },
  }
}

function ask(
  { config, destination, upstreams }: HealthChecksDeps,
  server: UpstreamServer,
  tell: (isWell: boolean) => void,
): void {
  let isTold = false
  const once = (isWell: boolean) => {
    if (isTold) return
    isTold = true
    clearTimeout(late)
    tell(isWell)
    // Whatever the page holds, its status has said all.
    exchange.abort()
  }
  const late = setTimeout(() => once(false), config.timeout * 1000).unref()
  const { host, extraLines } = destination
  const exchange = upstreams.send(
    {
      server,
      method: 'GET',
      target: config.path,
      headers: [['Host', host], ['User-Agent', 'Gatehouse (health check)'], ...extraLines],
      body: undefined,
      alone: true,
    },
    {
      head: (status) => queueMicrotask(() => once(status < 400)),
      data: () => true,
      soFar: () => undefined,
      end: () => undefined,
      failure: () => queueMicrotask(() => once(false)),
    },
  )
}
