import { readFileSync } from 'node:fs'
import { expect, it, onTestFinished } from 'vitest'
import { makeAuthority } from '../../support/certificates.ts'
import { load } from './files.ts'

const PAGE = readFileSync(new URL('../../../docs/migrating.md', import.meta.url), 'utf8')
const CONFIGS = Array.from(
  PAGE.matchAll(/<!-- config: ([\w-]+) -->\s*```yaml\n([\s\S]*?)```/g),
  ([, name = '', yaml = '']) => [name, yaml] as const,
)

it('shows a configuration for each of the other gateways', () => {
  expect(CONFIGS.map(([name]) => name)).toEqual([
    'authelia',
    'oauth2-proxy',
    'pomerium',
    'tinyauth',
  ])
})

it.each(CONFIGS)('shows one for %s that loads, and decides as it says', (_name, yaml) => {
  const { config, warnings, requireTests } = load(withCertificate(yaml))
  expect(warnings).toEqual([])
  expect(config.tests.length).toBeGreaterThan(0)
  requireTests()
})

/** Puts files that exist in the place of those that an operator has. */
function withCertificate(yaml: string): string {
  if (!yaml.includes('/etc/gatehouse/tls/')) return yaml
  const authority = makeAuthority()
  onTestFinished(authority.remove)
  const { certificate, key } = authority.issue(['*.example.com'])
  return yaml
    .replace('/etc/gatehouse/tls/fullchain.pem', certificate)
    .replace('/etc/gatehouse/tls/privkey.pem', key)
}
