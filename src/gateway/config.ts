import * as z from 'zod'
import { duration, durationOrNone, hostName, listenAddress, network } from '../base/schema.ts'
import { ruleConfig } from '../policy/config.ts'
import { assertionConfig, routeAssertionConfig } from './assertion/config.ts'

const headerName = (name: string, what: string) =>
  z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'write a header name: letters, digits and dashes')
    .default(name)
    .meta({ description: `Carries ${what}.` })

export const identityHeadersConfig = z.strictObject({
  user: headerName('Remote-User', 'the user name'),
  groups: headerName('Remote-Groups', 'the groups, separated by commas'),
  name: headerName('Remote-Name', 'the name to show'),
  email: headerName('Remote-Email', 'the mail address'),
})

/** The names under which one application learns who is there. */
export type IdentityHeadersConfig = z.output<typeof identityHeadersConfig>

export const routeConfig = z.strictObject({
  host: hostName().meta({
    description: 'The host name that the browser asks for, without scheme, port or path.',
    example: 'wiki.example.com',
  }),
  name: z.string().min(1).max(60).optional().meta({
    description: 'What people call the application; the host when left out.',
    example: 'Wiki',
  }),
  upstream: z
    .url({ protocol: /^https?$/ })
    .refine((text) => /^https?:\/\/[^/?#@]+\/?$/.test(text), {
      message: 'write only scheme, host and port: http://127.0.0.1:3000',
    })
    .optional()
    .meta({
      description:
        'Where the application listens. Leave it out where another proxy stands in front and asks by forward-auth.',
      example: 'http://127.0.0.1:3000',
    }),
  headers: identityHeadersConfig.prefault({}).meta({
    description: 'Names of the headers that tell the application who is there.',
  }),
  assertion: routeAssertionConfig.prefault({}).meta({
    description:
      'How the application is told the same in a signed statement; wins over `assertion` for all.',
  }),
  rules: z.array(ruleConfig).min(1, 'write at least one rule, e.g. { require: two_factor }').meta({
    description:
      'Read from top to bottom; the first that is about a request decides. Where none is, the answer is no.',
  }),
})

/** One application behind the gate. */
export type RouteConfig = z.output<typeof routeConfig>

export const gatewayConfig = {
  listen: listenAddress().prefault('0.0.0.0:9091').meta({
    description: 'Where browsers, or the proxies in front, reach the gateway.',
  }),
  trusted_proxies: z
    .array(network())
    .default([])
    .meta({
      description:
        'Peers whose `X-Forwarded-*` count, and who may ask by forward-auth. Nobody is trusted unless listed here.',
      example: ['10.0.0.2'],
    }),
  assertion: assertionConfig.prefault({}).meta({
    description: 'How applications are told, in a signed statement, who is there.',
  }),
  timeouts: z
    .strictObject({
      connect: duration()
        .prefault('5s')
        .meta({ description: 'Until an application accepts a connection.' }),
      head: duration()
        .prefault('60s')
        .meta({ description: 'Until an application begins its answer.' }),
      idle: duration()
        .prefault('5m')
        .meta({ description: 'Without a byte in either direction. Streams have no total limit.' }),
      drain: durationOrNone()
        .prefault('30s')
        .meta({ description: 'For requests under way when the gateway is told to stop.' }),
    })
    .prefault({})
    .meta({ description: 'How long the gateway waits for applications.' }),
  routes: z
    .array(routeConfig)
    .default([])
    .superRefine(
      (routes, context) => {
        const hosts = routes.map((route) => route?.host)
        for (const [index, host] of hosts.entries()) {
          if (host === undefined || hosts.indexOf(host) === index) continue
          const message = `${host} stands twice: one host is one route`
          context.addIssue({ code: 'custom', path: [index, 'host'], message })
        }
      },
      // Told beside other faults of the routes, which may therefore be incomplete here.
      { when: ({ value }) => Array.isArray(value) },
    )
    .meta({ description: 'The applications behind the gate, one a host.' }),
}

const timeouts = gatewayConfig.timeouts
export type Timeouts = z.output<typeof timeouts>
