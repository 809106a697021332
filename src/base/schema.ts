import * as z from 'zod'
import { parseListenAddress, parseNetwork } from './net.ts'

const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/**
 * A length of time as a person writes it: `30s`, `5m`, `12h`, `30d`. Parsed to whole seconds.
 *
 * Give defaults in the written form, `.prefault('30m')`, so that documentation shows them so.
 */
export const duration = () =>
  z
    .string()
    .regex(/^\d{1,6}[smhd]$/, 'write a whole number and a unit: 30s, 5m, 12h or 30d')
    .transform((text) => {
      const unit = text.at(-1) as keyof typeof UNIT_SECONDS
      return Number(text.slice(0, -1)) * UNIT_SECONDS[unit]
    })

/** A network in CIDR form or one address. */
export const network = () =>
  z.string().refine((text) => parseNetwork(text) !== undefined, {
    message: 'write an address (10.0.0.2) or a network (10.0.0.0/8)',
  })

/** `host:port`, parsed. */
export const listenAddress = () =>
  z.string().transform((text, context) => {
    const address = parseListenAddress(text)
    if (address) return address
    context.addIssue({ code: 'custom', message: 'write an address and a port: 0.0.0.0:9091' })
    return z.NEVER
  })

/**
 * A secret: `{ file: /run/secrets/x }` or `{ env: X }`, or (with a warning) the text itself.
 * `config/load.ts` puts the text in its place before the schema sees it.
 */
export const secret = () => z.string().min(1).meta({ secret: true })

/** A host name in lower case, without a port. Names are compared label by label, exactly. */
export const hostName = () =>
  z
    .string()
    .max(253)
    .regex(
      /^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/,
      'write a host name in lower case, without a scheme or a path: wiki.example.com',
    )
