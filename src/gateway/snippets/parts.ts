import type { Guarded, Site } from './contract.ts'

/** Do browsers come by https? */
export const isSecure = ({ portal }: Site): boolean => portal.protocol === 'https:'

/** The port that browsers use. */
export const portOf = (site: Site): string => site.portal.port || (isSecure(site) ? '443' : '80')

/** What stands behind the host in the address bar. */
export const portSuffix = ({ portal }: Site): string =>
  portal.port === '' ? '' : `:${portal.port}`

/** Is the port of browsers the one that they take when none is named? */
export const hasUsualPort = ({ portal }: Site): boolean => portal.port === ''

/** The domain that a wildcard stands for, with its dot; `undefined` for a plain host. */
export const wildDomain = (host: string): string | undefined =>
  host.startsWith('*.') ? host.slice(1) : undefined

/** A host as the name of an application: letters, digits and one sign. */
export const slug = (host: string, sign: '-' | '_'): string =>
  `app.${host.replace('*', 'any')}`.replace(/[^a-z0-9]+/gi, sign)

/** What stands between the words of a name for some server: CGI takes `_` for `-`, and PHP `.` for `_`. */
const SIGNS = ['-', '_', '.']

/** All that some server takes for the same name. */
export function spellings(name: string): string[] {
  const [first = '', ...others] = name.split('-')
  return others.reduce(
    (begun, part) => begun.flatMap((head) => SIGNS.map((sign) => head + sign + part)),
    [first],
  )
}

/** All names of identity headers, each once. */
export const namesOf = (guarded: readonly Guarded[]): string[] => [
  ...new Set(guarded.flatMap(({ names }) => names)),
]

/**
 * Headers by which some applications let a client say that another page is meant, or another method, than
 * the proxy has asked about.
 */
export const OVERRIDES = [
  'X-Original-URL',
  'X-Rewrite-URL',
  'X-HTTP-Method',
  'X-HTTP-Method-Override',
  'X-Method-Override',
]

/** Lines below one another, less those that are left out. */
export const lines = (...given: readonly (string | false | undefined | readonly string[])[]) =>
  given
    .flat()
    .filter((line) => typeof line === 'string')
    .join('\n')

/** Indents all lines but the empty ones. */
export const indented = (text: string, by: number): string =>
  text.replace(/^(?=.)/gm, ' '.repeat(by))
