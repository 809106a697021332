import { Hono } from 'hono'
import type { AppEnv } from '../web/env.ts'

/**
 * Documents about us that browsers and systems look up at the root of a host, whatever address the
 * portal itself has there.
 *
 * @param documents JSON by address.
 */
export function wellKnownDocuments(documents: ReadonlyMap<string, object>): Hono<AppEnv> {
  const app = new Hono<AppEnv>()
  for (const [path, document] of documents) {
    app.get(path, (c) =>
      c.json(document, 200, {
        'Cache-Control': 'public, max-age=3600',
        'X-Content-Type-Options': 'nosniff',
      }),
    )
  }
  return app
}
