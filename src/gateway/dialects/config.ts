import * as z from 'zod'
import { ASKING_PROXIES } from './oauth2-proxy.ts'

/** Addresses of other gateways that are answered too. All are off until they are named. */
export const compatConfig = z.strictObject({
  authelia_verify: z
    .strictObject({
      proxy: z.enum(['nginx', 'traefik']).default('nginx').meta({
        description:
          'Which proxy asks: `nginx`, which sends `X-Original-URL` and no method to rely on, or `traefik` (also Caddy and HAProxy).',
      }),
    })
    .optional()
    .meta({
      description:
        'Answer at `/api/verify`, where old set-ups ask Authelia. Newer ones ask at `/api/authz/…`, which is always there.',
      example: { proxy: 'traefik' },
    }),
  oauth2_proxy: z
    .strictObject({
      proxy: z.enum(ASKING_PROXIES).default('nginx').meta({
        description:
          'Which proxy asks, and so which of its headers are believed: `nginx`, `ingress_nginx`, or `traefik` (also Caddy and HAProxy).',
      }),
    })
    .optional()
    .meta({
      description:
        'Answer at `/oauth2/auth`, `/oauth2/start`, `/oauth2/sign_in` and `/oauth2/sign_out`, as oauth2-proxy does.',
      example: { proxy: 'nginx' },
    }),
  tinyauth: z.strictObject({}).optional().meta({
    description: 'Answer at `/api/auth/traefik`, `caddy`, `nginx` and `envoy`, as tinyauth does.',
    example: {},
  }),
})

export type CompatConfig = z.output<typeof compatConfig>
