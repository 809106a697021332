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

/** Matches `_` in the place of `-`, which some servers take for the same name. */
export function spellings(name: string): string[] {
  return name
    .split('-')
    .reduce<string[]>(
      (begun, part) =>
        begun.length === 0
          ? [part]
          : begun.flatMap((head) => [`${head}-${part}`, `${head}_${part}`]),
      [],
    )
}

/** All names of identity headers, each once. */
export const namesOf = (guarded: readonly Guarded[]): string[] => [
  ...new Set(guarded.flatMap(({ names }) => names)),
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
