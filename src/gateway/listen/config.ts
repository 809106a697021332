import * as z from 'zod'
import { keyPairFault } from '../../base/certificates.ts'
import { file, listenPlace, PLACE } from '../../base/schema.ts'

const certificateFiles = z.strictObject({
  certificate: file().meta({
    description: 'The certificate and those between it and its authority, in PEM.',
    example: '/etc/gatehouse/tls/fullchain.pem',
  }),
  key: file().meta({
    description: 'Its private key, in PEM, not encrypted.',
    example: '/etc/gatehouse/tls/privkey.pem',
  }),
})

export type CertificateFiles = z.output<typeof certificateFiles>

const MODE = 'write an octal mode in quotes: "0660"'

const listener = z
  .strictObject({
    address: listenPlace().meta({
      description:
        'An address and a port, or a socket of the file system: `unix:/run/gatehouse.sock`.',
      example: '0.0.0.0:443',
    }),
    tls: z
      .array(certificateFiles)
      .min(1)
      .optional()
      .meta({
        description:
          'Speak HTTPS here. Among several certificates the one for the name that the browser asks for is used, else the first. New files are taken up while the gateway runs.',
        example: [
          {
            certificate: '/etc/gatehouse/tls/fullchain.pem',
            key: '/etc/gatehouse/tls/privkey.pem',
          },
        ],
      }),
    http2: z.boolean().default(true).meta({
      description: 'Offer HTTP/2 where `tls` is set.',
    }),
    redirect_to_https: z.boolean().default(false).meta({
      description:
        'Answer every request here with the address of the same page by https: for port 80 beside a listener with `tls`.',
    }),
    proxy_protocol: z.boolean().default(false).meta({
      description:
        'Every connection begins with a header of the PROXY protocol (version 1 or 2) that names the client; only `trusted_proxies` may connect.',
    }),
    mode: z
      .string(MODE)
      .regex(/^0?[0-7]{3}$/, MODE)
      .transform((text) => Number.parseInt(text, 8))
      .prefault('0660')
      .meta({ description: 'Who may connect to a socket of the file system.' }),
  })
  .refine(({ tls, redirect_to_https: redirects }) => !(tls && redirects), {
    path: ['redirect_to_https'],
    message: 'has no meaning beside tls: whoever comes here comes by https',
  })

/** One place where browsers, or the proxies in front, come in. */
export type ListenerConfig = z.output<typeof listener>

/**
 * All places where the gateway listens. Written as one address, as one section, or as a list of either.
 */
export const listenConfig = () =>
  z.preprocess(
    (value, context) => {
      if (Array.isArray(value)) return value.map(fromShort)
      if (typeof value === 'object' || value === undefined) return value === null ? value : [value]
      if (listenPlace().safeParse(value).success) return [fromShort(value)]
      // Told here, where the value stands, and not at the first entry of a list that nobody wrote.
      context.addIssue({ code: 'custom', message: PLACE })
      return z.NEVER
    },
    z
      .array(listener)
      .min(1)
      .superRefine((listeners, context) => {
        for (const { path, message } of clashes(listeners)) {
          context.addIssue({ code: 'custom', path, message })
        }
      }),
  )

const fromShort = (value: unknown): unknown =>
  typeof value === 'string' ? { address: value } : value

function* clashes(listeners: readonly ListenerConfig[]) {
  const places = listeners.map(({ address }) => JSON.stringify(address))
  for (const [index, place] of places.entries()) {
    const isOpen = place.includes('"port":0')
    if (!isOpen && places.indexOf(place) < index) {
      yield { path: [index, 'address'], message: 'stands twice' }
    }
  }
}

/** Certificates and keys that cannot be used, as a start would find out. */
export function faultsInCertificates(listeners: readonly ListenerConfig[]) {
  return listeners.flatMap(({ tls = [] }, index) =>
    tls.flatMap((files, place) => {
      const fault = keyPairFault(files)
      if (!fault) return []
      const { of, message } = fault
      return [{ path: ['listen', index, 'tls', place, of], message }]
    }),
  )
}
