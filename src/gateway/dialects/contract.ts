import type { SignedIn } from '../../model/session.ts'
import type { Identity } from '../identity-headers.ts'
import type { GatewayRequest, HeaderLine } from '../request.ts'
import type { OriginalRequest } from './original-request.ts'

/** How one kind of proxy asks about a request that it holds at its own door, and is answered. */
export interface Dialect {
  /**
   * Reads what it asks about. Only headers that this kind of proxy sets itself are believed: any other
   * may be the client's.
   *
   * @returns `undefined` when the question names no request, or headers tell two stories.
   */
  read(request: GatewayRequest): OriginalRequest | undefined
  /** The status of a yes. Envoy takes nothing but 200. */
  yes: 200 | 202
  /** The status for a question that makes no sense. */
  malformed: 400 | 401 | 403
  /**
   * Does it hand on a redirect? One that does not gets 401, and where to sign in beside it: nginx takes
   * anything but 2xx, 401 and 403 for a fault.
   */
  redirects: boolean
  /** A further header for where to sign in, with 401. */
  locationHeader?: string
  /** What it is told about who is there, beside what the route says; empty when nobody is. */
  identityLines?(identity: Identity | undefined): HeaderLine[]
  /** Does it only ask what to show in the place of a no? Then there is no yes any more. */
  afterRefusal?: boolean
  /** The number of a refusal that this kind of proxy has been told already and shows only now. */
  reference?(request: GatewayRequest): string | undefined
  /** Does the question itself keep somebody out whom the rules let in? */
  admits?(request: GatewayRequest, signedIn: SignedIn): boolean
  /** Does the question keep out whoever is not signed in, though the rules would not? */
  needsSomebody?(request: GatewayRequest): boolean
}
