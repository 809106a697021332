import { once } from 'node:events'
import type { AccessNotes } from '../../../src/audit/access.ts'
import { silentLog } from '../../../src/base/log.ts'
import { createMetrics } from '../../../src/base/metrics.ts'
import type { AssertionConfig } from '../../../src/gateway/assertion/config.ts'
import { gatewayConfig, routeConfig } from '../../../src/gateway/config.ts'
import type { CompatConfig } from '../../../src/gateway/dialects/config.ts'
import { createFront, type Front } from '../../../src/gateway/front.ts'
import { createGateway, type Gateway } from '../../../src/gateway/gateway.ts'
import { gatewayMeters } from '../../../src/gateway/meters.ts'
import { createStreams } from '../../../src/gateway/streams.ts'
import type { AuditEvent } from '../../../src/model/event.ts'
import type { SignedIn } from '../../../src/model/session.ts'
import { createCookies } from '../../../src/session/cookie.ts'
import type { SigningKey, SigningKeyRepository } from '../../../src/store/contract.ts'
import type { PageListener } from '../../../src/web/listener.ts'
import { aSession, aUser } from '../../support/builders.ts'
import { portOf } from '../../support/ports.ts'
import { realmsOf } from '../../support/realms.ts'
import { type StillClock, stillClock } from '../../support/still-clock.ts'

/** A gateway alone: no portal, no store; sessions are whoever the test says. */
export interface Gate {
  gateway: Gateway
  front: Front
  /** Puts other rules in force. */
  swap(next: Pick<GateOptions, 'routes'>): void
  port: number
  clock: StillClock
  /** Everything that was written down. */
  events: Omit<AuditEvent, 'at'>[]
  /** Everybody who was let in. */
  allowed: Parameters<AccessNotes['allowed']>[]
  /** Lets somebody in. @returns The Cookie pair. */
  signIn(name: string, given?: Partial<SignedIn>): string
  /** Ends a session by its Cookie pair. */
  end(cookie: string): void
  /** What is counted. */
  figures(): Promise<string>
  /** Counts look-ups that would keep a session alive. */
  reads(): number
  close(): Promise<void>
}

export interface GateOptions {
  routes: readonly unknown[]
  trusted?: readonly string[]
  assertion?: AssertionConfig
  timeouts?: Record<string, string>
  portal?: string
  /** Hosts of other realms. */
  hosts?: readonly string[]
  pages?: PageListener
  compat?: CompatConfig
}

export const COOKIE = '__Secure-gatehouse'

export async function openGate(options: GateOptions): Promise<Gate> {
  const portal = new URL(options.portal ?? 'https://auth.gw.test/')
  const clock = stillClock()
  const events: Omit<AuditEvent, 'at'>[] = []
  const allowed: Parameters<AccessNotes['allowed']>[] = []
  const people = new Map<string, SignedIn>()
  const find = (token: string | undefined) => people.get(token ?? '')
  let reads = 0

  const streams = createStreams(clock)
  const metrics = createMetrics()
  const meters = gatewayMeters(metrics)
  const signingKeys = signingKeysInMemory()
  const realms = realmsOf(
    portal,
    options.hosts ?? [],
    portal.hostname === 'auth.gw.test' ? 'gw.test' : undefined,
  )
  const build = ({ routes, ...options }: GateOptions) =>
    createGateway({
      streams,
      meters,
      config: {
        routes: routes.map((route) => routeConfig.parse(route)),
        assertion: options.assertion ?? {},
        networks: {},
        compat: options.compat ?? {},
        trusted_proxies: options.trusted ?? [],
        timeouts: gatewayConfig.timeouts.parse({ drain: '1s', ...options.timeouts }),
      },
      portal,
      brand: { name: 'Gatehouse', css: [], icon: '', home: portal.href, links: [] },
      help: undefined,
      documents: { hosts: new Set(), paths: new Set() },
      sessions: {
        read: (token) => {
          reads += 1
          return find(token)
        },
        peek: find,
        marks: (ids) =>
          new Map(
            [...people.values()]
              .filter(({ session }) => ids.includes(session.id))
              .map((signedIn) => [signedIn.session.id, JSON.stringify(signedIn)]),
          ),
        changesAt: ({ expiresAt }) => expiresAt,
        issue: () => Promise.reject(new Error('no sign-in here')),
        list: async () => [],
        revoke: async () => false,
        revokeAll: async () => [],
        living: () => undefined,
        abroad: () => undefined,
      },
      cookies: createCookies({ portal, realms }),
      realms,
      signingKeys,
      audit: {
        record(event) {
          events.push(event)
          return event.reference
        },
      },
      writtenAddress: (address) => address,
      access: { allowed: (letIn, asked) => void allowed.push([letIn, asked]) },
      clock,
      log: silentLog,
      pages:
        options.pages ??
        ((_, response) => {
          response.end('a page')
        }),
    })
  const gateway = build(options)
  const front = createFront({ first: gateway, streams, clock, log: silentLog })
  front.server.listen(0, '127.0.0.1')
  await once(front.server, 'listening')

  return {
    gateway,
    front,
    swap: (next) => front.swap(build({ ...options, ...next })),
    port: portOf(front.server),
    clock,
    events,
    allowed,
    signIn(name, { user, session } = {}) {
      const token = `token-of-${name}-${people.size}`
      people.set(token, {
        user: user ?? aUser({ name, groups: ['staff'] }),
        session: session ?? aSession({ aal: 2, amr: ['pwd', 'otp'] }),
      })
      return `${COOKIE}=${token}`
    },
    end: (cookie) => void people.delete(cookie.slice(COOKIE.length + 1)),
    figures: metrics.text,
    reads: () => reads,
    close: () => front.close(),
  }
}

export function signingKeysInMemory(): SigningKeyRepository {
  const keys = new Map<string, SigningKey>()
  return {
    list: async () => [...keys.values()].toSorted((a, b) => a.activeAt - b.activeAt),
    insert: async (key, known) => {
      if (keys.size !== known.size || ![...keys.keys()].every((id) => known.has(id))) return false
      keys.set(key.id, key)
      return true
    },
    delete: async (id) => void keys.delete(id),
  }
}
