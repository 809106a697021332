import type { Context } from 'hono'
import type { Clock } from '../base/clock.ts'
import type { AppEnv } from '../web/env.ts'
import type { Pages } from './page.ts'
import { timeOfDay } from './words.ts'

export interface StrayDeps {
  clock: Clock
  pages: Pages
  /** Counts the secret of a link that was wrong. @returns The seconds to wait, 0 when it may be said so. */
  wrongSecret(address: string): Promise<number>
}

/**
 * Answers a link that opens nothing. Whoever tries many is slowed down, and only they: a link that opens
 * something never comes here.
 */
export type Stray = (c: Context<AppEnv>, show: () => Response) => Promise<Response>

export function createStray({ clock, pages, wrongSecret }: StrayDeps): Stray {
  return async (c, show) => {
    const seconds = await wrongSecret(c.env.client.address)
    if (seconds === 0) return show()
    c.header('Retry-After', String(seconds))
    return pages.trouble(c, 429, {
      title: 'Too many links that open nothing',
      sentences: [
        `From your address there were many links that open nothing. More can be tried at ${timeOfDay(clock.now() + seconds)} UTC.`,
        'A link that is good works at any time.',
      ],
      actions: [{ label: 'Back to the start', href: pages.brand.home, primary: true }],
    })
  }
}
