import { hostsOf } from '../gateway/config.ts'
import type { Config } from './schema.ts'

/** What a password may open alone, and the words of this place, for the policy of passwords. */
export const passwordPlace = ({ portal, routes }: Config) => ({
  alone: routes.some(({ rules }) => rules.some((rule) => rule.require === 'one_factor')),
  contextWords: [
    'gatehouse',
    portal.name,
    ...portal.url.hostname.split('.'),
    ...routes.flatMap((route) => [...hostsOf(route), route.name ?? '']),
  ],
})
