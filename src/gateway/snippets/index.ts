import { caddy } from './caddy.ts'
import type { Snippet } from './contract.ts'
import { envoy } from './envoy.ts'
import { haproxy } from './haproxy.ts'
import { nginx } from './nginx.ts'
import { traefik } from './traefik.ts'

/** Every proxy for which a configuration can be printed. */
export const SNIPPETS: ReadonlyMap<string, Snippet> = new Map([
  ['nginx', nginx],
  ['traefik', traefik],
  ['caddy', caddy],
  ['haproxy', haproxy],
  ['envoy', envoy],
])
