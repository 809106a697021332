import type { HttpBindings } from '@hono/node-server'
import type { SignedIn } from '../model/session.ts'

/** What the listener has read from a message, strictly and once, before a page sees it. */
export interface Client {
  /** The host that the browser asked for, in lower case, and its port if it named one. */
  host: string
  port: number | undefined
  /** The client's address: the socket's, or what a trusted proxy says. */
  address: string
  /** The raw Cookie header. */
  cookie: string | undefined
  userAgent: string
}

/** What a page's handler finds on its context. */
export interface AppEnv {
  Bindings: HttpBindings & { client: Client }
  Variables: {
    /** Number of this request, for the log and for whoever asks about an error page. */
    requestId: string
    signedIn: SignedIn | undefined
    /** The secret that tells this browser from others; made at its first visit. */
    browser: string
  }
}
