import type { Metrics } from '../base/metrics.ts'
import type { Decision } from './authorize.ts'
import type { Route } from './routes.ts'

/** Counts what the data path does, by the routes of the configuration: never by a host that was typed. */
export interface GatewayMeters {
  decided(decision: Pick<Decision, 'kind'> & { route?: Route }): void
  /** An application began to answer, so many seconds after it was asked. */
  answered(route: Route, seconds: number): void
  /** An application failed. @param cause A word of our own. */
  failed(route: Route, cause: string): void
}

/** They outlive every configuration. */
export function gatewayMeters(metrics: Metrics): GatewayMeters {
  const decisions = metrics.tally(
    'gatehouse_decisions_total',
    'Requests by route and by what was decided about them: allow, authenticate, deny or no_route.',
    'route',
    'decision',
  )
  const upstream = metrics.histogram(
    'gatehouse_upstream_seconds',
    'Seconds from sending a request to an application until the first of its answer, by route; of WebSockets, until they are open.',
    'route',
  )
  const failures = metrics.tally(
    'gatehouse_upstream_failures_total',
    'Requests that an application failed to answer, by route and cause; broken_off: in the middle of its answer.',
    'route',
    'cause',
  )
  return {
    decided: ({ kind, route }) => decisions(route?.pattern ?? '', kind),
    failed: ({ pattern }, cause) => failures(pattern, cause.replace(/^upstream_/, '')),
    answered: ({ pattern }, seconds) => upstream(pattern, seconds),
  }
}
