import type { NamedNetworks } from '../policy/config.ts'
import type { AssertionConfig } from './assertion/config.ts'
import type { PolicyTestConfig, RouteConfig } from './config.ts'
import { inWords } from './explain.ts'
import { asSignedIn, createRehearsal } from './rehearsal.ts'
import { compileRoutes } from './routes.ts'

/** What the tests of a policy look at. */
export interface Tested {
  portal: { url: URL }
  routes: readonly RouteConfig[]
  networks: NamedNetworks
  assertion: AssertionConfig
  tests: readonly PolicyTestConfig[]
}

/** A test that does not come out as it should, by its place in the configuration. */
export interface FailedTest {
  path: readonly (string | number)[]
  message: string
}

/** Any moment will do: a test says how old a proof is, not when it was given. */
const NOW = 2_000_000_000

/** Runs the `tests` of a configuration, all of them, and tells those that fail. */
export function failedTests({ portal, routes, networks, assertion, tests }: Tested): FailedTest[] {
  const rehearse = createRehearsal(
    compileRoutes(routes, { portal: portal.url, networks, assertion }),
    NOW,
  )
  return tests.flatMap((test, index): FailedTest[] => {
    const answer = rehearse({
      url: test.url,
      method: test.method,
      address: test.address ?? '',
      signedIn: actorOf(test),
    })
    const path = ['tests', index]
    const kind = answer.kind === 'no_route' ? 'refuse' : answer.kind
    if (kind !== test.expect) {
      return [{ path, message: `expected ${test.expect}, but the answer is ${inWords(answer)}` }]
    }
    if (test.rule === undefined || answer.kind === 'no_route' || answer.rule === test.rule)
      return []
    return [{ path, message: `expected by ${test.rule}, but the answer is ${inWords(answer)}` }]
  })
}

function actorOf({ user, groups, proved, amr, age, risk }: PolicyTestConfig) {
  if (user === undefined && groups === undefined) return undefined
  return asSignedIn({
    name: user ?? '',
    groups: groups ?? [],
    proved: proved ?? 'two_factor',
    amr,
    risk,
    authenticatedAt: NOW - (age ?? 0),
  })
}
