import type { Metrics } from '../base/metrics.ts'
import type { Decision } from './authorize.ts'
import type { Route } from './routes.ts'

/** Counts what the data path does, by the routes of the configuration: never by a host that was typed. */
export interface GatewayMeters {
  decided(decision: Pick<Decision, 'kind'> & { route?: Route }): void
  /** An application began to answer, so many seconds after it was asked. */
  answered(route: Route, seconds: number): void
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
    'Seconds from sending a request to an application until it begins to answer, by route.',
    'route',
  )
  return {
    decided: ({ kind, route }) => decisions(route?.pattern ?? '', kind),
    answered: ({ pattern }, seconds) => upstream(pattern, seconds),
  }
}
