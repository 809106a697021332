import * as z from 'zod'
import { duration, file, hostName, oneOrMore, secret } from '../base/schema.ts'
import { parseHost } from './host.ts'
import { extraHeaderFault, foldName } from './reserved-names.ts'
import { parseTarget } from './target.ts'

const ADDRESS = 'write only scheme, host and port: http://127.0.0.1:3000'
const PREFIX = 'write a plain path without a slash at its end: /wiki'
const TEXT = 'write printable ASCII, without white space around it'
const NAME = 'write a header name: letters, digits and dashes'
const ORIGIN = 'write an origin as browsers send it: https://editor.example.com'
const PATH = 'write a path: /healthz'
const HOST_HEADER = 'write keep, upstream, or a host: wiki.internal or wiki.internal:8080'

const HEADER_TEXT = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/

const address = z
  .string(ADDRESS)
  .regex(/^https?:\/\/[^/?#@\\\s]+\/?$/, ADDRESS)
  .refine((text) => URL.canParse(text), ADDRESS)

/**
 * A path that is cut off or put in front, byte for byte. It has only characters that no two servers
 * read in two ways, so that nothing about it is ever decoded, folded or resolved.
 */
const pathPrefix = () =>
  z
    .string(PREFIX)
    .max(200)
    .regex(/^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)+$/, PREFIX)

const extraHeader = z
  .strictObject({
    name: z
      .string(NAME)
      .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, NAME)
      .superRefine((name, context) => {
        const message = extraHeaderFault(name)
        if (message) context.addIssue({ code: 'custom', message })
      })
      .meta({ description: 'Its name. What a client sends under that name does not travel on.' }),
    value: z.string(TEXT).regex(HEADER_TEXT, TEXT).optional().meta({
      description: 'What it says.',
      example: 'main',
    }),
    secret: secret()
      .regex(HEADER_TEXT, TEXT)
      .optional()
      .meta({
        description: 'What it says, where it is nobody’s business.',
        example: { file: '/run/secrets/wiki-key' },
      }),
  })
  .superRefine(({ value, secret: hidden }, context) => {
    if ((value === undefined) !== (hidden === undefined)) return
    context.addIssue({ code: 'custom', message: 'write either value or secret' })
  })

const upstreamTls = z.strictObject({
  ca: file().optional().meta({
    description:
      'Certificates (PEM) of the authorities that may vouch for the application, in the place of the well-known ones.',
    example: '/etc/gatehouse/wiki-ca.pem',
  }),
  server_name: hostName().optional().meta({
    description:
      'The name that the application’s certificate must be for; the host in `upstream` when left out.',
    example: 'wiki.internal',
  }),
  verify: z.boolean().default(true).meta({
    description:
      '`false` takes any certificate: whoever stands in between can then read and change everything.',
  }),
})

const basic = z.strictObject({
  user: z
    .string(TEXT)
    .regex(/^[^:\p{Cc}]+$/u, 'write a name without a colon')
    .meta({ description: 'The user name.', example: 'gatehouse' }),
  password: secret().meta({
    description: 'The password.',
    example: { file: '/run/secrets/wiki-password' },
  }),
})

const limits = z.strictObject({
  connect: duration().optional().meta({
    description: 'Until the application accepts a connection.',
    example: '2s',
  }),
  head: duration().optional().meta({
    description: 'Until the application begins its answer.',
    example: '10m',
  }),
  idle: duration().optional().meta({
    description: 'Without a byte in either direction.',
    example: '1h',
  }),
})

const health = z
  .strictObject({
    path: z
      .string(PATH)
      .refine((text) => parseTarget(text) !== undefined, PATH)
      .meta({
        description: 'Asked for as the application knows it, without any prefix.',
        example: '/healthz',
      }),
    interval: duration().prefault('10s').meta({ description: 'How often each one is asked.' }),
    timeout: duration().prefault('3s').meta({ description: 'How long it may take to answer.' }),
    unhealthy_after: z.int().min(1).max(100).default(3).meta({
      description: 'Bad answers in a row after which one is left out.',
    }),
    healthy_after: z.int().min(1).max(100).default(2).meta({
      description: 'Good answers in a row after which it is back.',
    }),
  })
  .refine(({ interval, timeout }) => timeout <= interval, {
    path: ['timeout'],
    message: 'must not be longer than interval',
  })

export type HealthConfig = z.output<typeof health>

/** How requests are sent on to an application, beyond its address. */
export const proxyConfig = z
  .strictObject({
    host_header: z
      .string(HOST_HEADER)
      .refine((text) => text === 'keep' || text === 'upstream' || parseHost(text), HOST_HEADER)
      .default('keep')
      .meta({
        description:
          'The Host that the application sees: `keep` for the browser’s, `upstream` for the one in `upstream`, or a host of your own.',
      }),
    strip_prefix: pathPrefix().optional().meta({
      description:
        'Cut off the front of the path; what does not begin with it is not found. The application is told in `X-Forwarded-Prefix`.',
      example: '/wiki',
    }),
    base_path: pathPrefix().optional().meta({
      description: 'Put in front of the path, after anything is cut off.',
      example: '/app',
    }),
    tls: upstreamTls.optional().meta({
      description: 'How an application with `https://` in `upstream` is recognized.',
    }),
    extra_headers: z
      .array(extraHeader)
      .default([])
      .meta({
        description:
          'Sent with every request. Names that tell who is there, or belong to the connection, are refused.',
        example: [{ name: 'X-Site', value: 'main' }],
      }),
    basic: basic.optional().meta({
      description:
        'Credentials with which the gateway signs in at the application. What a client sends as `Authorization` does not travel on then.',
    }),
    timeouts: limits.prefault({}).meta({
      description: 'Other limits for this application; those of the whole gateway where left out.',
    }),
    health: health.optional().meta({
      description:
        'Asks every address in `upstream` for a page, and leaves those out that do not answer with a status below 400.',
    }),
    origins: z
      .array(z.string(ORIGIN).regex(/^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+$/, ORIGIN))
      .default([])
      .meta({
        description:
          'Pages of these origins may open WebSockets here, beside those of the route itself: with the cookies of whoever looks at them.',
        example: ['https://editor.example.com'],
      }),
    retry: z.boolean().default(true).meta({
      description:
        'Send a request without a body once more when its connection broke before one byte was answered: GET, HEAD and others that may be repeated, never POST or PATCH.',
    }),
  })
  .superRefine(({ basic: signsIn, extra_headers: extras }, context) => {
    const names = extras.map(({ name }) => foldName(name))
    for (const [index, name] of names.entries()) {
      const path = ['extra_headers', index, 'name']
      if (names.indexOf(name) < index) {
        context.addIssue({ code: 'custom', path, message: 'stands twice' })
      } else if (signsIn && name === 'authorization') {
        context.addIssue({ code: 'custom', path, message: 'is what basic sets already' })
      }
    }
  })

/** How requests are sent on. */
export type ProxyConfig = z.output<typeof proxyConfig>

/** One address where an application listens, or several that serve the same. */
export const upstreamConfig = () => oneOrMore(address, ADDRESS)
