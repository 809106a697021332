import { readFileSync } from 'node:fs'

/** The service worker, with the manners of its own that it needs. */
export function pushWorker(): { body: string; headers: Record<string, string> } {
  const body = readFileSync(new URL('../../views/assets/push-worker.js', import.meta.url), 'utf8')
  return {
    body,
    headers: {
      'Content-Type': 'text/javascript; charset=utf-8',
      // Browsers look for a newer one on each visit.
      'Cache-Control': 'no-cache',
      // It fetches nothing, and shows texts alone.
      'Content-Security-Policy': "default-src 'none'",
      'X-Content-Type-Options': 'nosniff',
    },
  }
}
