import * as z from 'zod'
import { parseListenAddress, parseListenPlace, parseNetwork, UNIX_PEER } from './net.ts'

const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** Text in a form of its own; whoever writes a number or a list there is told the form. */
const written = (form: string) =>
  z.string({ error: ({ input }) => (input === undefined || input === null ? undefined : form) })

const DURATION = 'write a whole number and a unit: 30s, 5m, 12h or 30d'
const NETWORK = 'write an address (10.0.0.2) or a network (10.0.0.0/8)'
const LISTEN = 'write an address and a port: 0.0.0.0:9091'
/** What is told to whoever writes something else in the place of an address to listen at. */
export const PLACE = 'write an address and a port, 0.0.0.0:9091, or unix:/run/gatehouse.sock'
const PEERS = 'write an address (10.0.0.2), a network (10.0.0.0/8), or unix'
const HOST = 'write a host name in lower case, without a scheme or a path: wiki.example.com'
const WILDCARD = 'write * only in the place of the whole first label: *.apps.example.com'

/**
 * A length of time as a person writes it: `30s`, `5m`, `12h`, `30d`. Parsed to whole seconds, at least
 * one: a session that lasts no time would be a sign-in that never ends.
 *
 * Give defaults in the written form, `.prefault('30m')`, so that documentation shows them so.
 */
export const duration = () => writtenDuration(/^(?=\d*[1-9])\d{1,6}[smhd]$/)

/** The same where no time at all has a meaning, too: `0s`. */
export const durationOrNone = () => writtenDuration(/^\d{1,6}[smhd]$/)

const writtenDuration = (form: RegExp) =>
  written(DURATION)
    .regex(form, DURATION)
    .transform((text) => {
      const unit = text.at(-1) as keyof typeof UNIT_SECONDS
      return Number(text.slice(0, -1)) * UNIT_SECONDS[unit]
    })

/** A network in CIDR form or one address. */
export const network = () =>
  written(NETWORK).refine((text) => parseNetwork(text) !== undefined, { message: NETWORK })

/** The same, or `unix`: whoever comes over a socket of the file system. */
export const peers = () =>
  written(PEERS).refine((text) => text === UNIX_PEER || parseNetwork(text) !== undefined, {
    message: PEERS,
  })

/** `host:port`, parsed. */
export const listenAddress = () =>
  written(LISTEN).transform((text, context) => {
    const address = parseListenAddress(text)
    if (address) return address
    context.addIssue({ code: 'custom', message: LISTEN })
    return z.NEVER
  })

/** `host:port` or `unix:/path`, parsed. */
export const listenPlace = () =>
  written(PLACE).transform((text, context) => {
    const place = parseListenPlace(text)
    if (place) return place
    context.addIssue({ code: 'custom', message: PLACE })
    return z.NEVER
  })

/**
 * A secret: `{ file: /run/secrets/x }` or `{ env: X }`, or (with a warning) the text itself.
 * `config/load.ts` puts the text in its place before the schema sees it.
 */
export const secret = () => z.string().min(1).meta({ secret: true })

const HOST_NAME = /^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/

/** A host name in lower case, without a port. Names are compared label by label, exactly. */
export const hostName = () => written(HOST).max(253).regex(HOST_NAME, HOST)

/** A host name, or one with `*` in the place of its first label: `*.apps.example.com`. */
export const hostPattern = () =>
  written(HOST)
    .max(253)
    .superRefine((text, context) => {
      const name = text.replace(/^\*\./, '')
      const fault = !HOST_NAME.test(name)
        ? text.includes('*')
          ? WILDCARD
          : HOST
        : name !== text && !/\.|^localhost$/.test(name) && WILDCARD
      if (fault) context.addIssue({ code: 'custom', message: fault })
    })

/** A file by name. A relative name starts at the folder of the configuration file. */
export const file = () => z.string().min(1).meta({ file: true })

/**
 * A list that may be written as its only item.
 *
 * @param form Told to whoever writes neither, and in the place of what the item says of itself.
 */
export const oneOrMore = <Item extends z.ZodType>(item: Item, form: string) =>
  z.preprocess((value, context) => {
    if (Array.isArray(value) || value === undefined || value === null) return value
    if (item.safeParse(value).success) return [value]
    // Told here, where the value stands, and not at the first item of a list that nobody wrote.
    context.addIssue({ code: 'custom', message: form })
    return z.NEVER
  }, z.array(item).min(1))
