import type { Context } from 'hono'
import type { ApprovalRequest, Approver, Approvers } from '../login/approvers.ts'
import type { Cookies } from '../session/cookie.ts'
import type { AppEnv } from '../web/env.ts'

/** The people for whom one browser may answer: a person's two accounts, a couple at one tablet. */
const MOST_ACCOUNTS = 4
/** As long as browsers keep any cookie; each visit begins it anew. */
const COOKIE_SECONDS = 400 * 86_400

/** What a browser's own cookie says of the devices that it is. */
export interface ApproverCookie {
  /** The devices that this browser is, the newest first. */
  read(c: Context<AppEnv>): Promise<Approver[]>
  /** Adds a device; the oldest one is forgotten where there are too many. */
  add(c: Context<AppEnv>, secret: string): void
  /** Keeps the cookie for as long again. */
  keep(c: Context<AppEnv>): void
}

export function approverCookie(approvers: Approvers, { approver }: Cookies): ApproverCookie {
  const secretsOf = (c: Context<AppEnv>): string[] => {
    const value = approver.read(c.env.client.cookie)
    return value === undefined ? [] : value.split('.').slice(0, MOST_ACCOUNTS)
  }
  const set = (c: Context<AppEnv>, secrets: readonly string[]) =>
    c.header('Set-Cookie', approver.set(secrets.join('.'), COOKIE_SECONDS), { append: true })

  return {
    // An app's secret in a cookie makes no browser of it.
    read: async (c) => (await approvers.known(secretsOf(c))).filter(({ device }) => !device.signs),
    add: (c, secret) => set(c, [secret, ...secretsOf(c)].slice(0, MOST_ACCOUNTS)),
    keep(c) {
      const secrets = secretsOf(c)
      if (secrets.length > 0) set(c, secrets)
    },
  }
}

/** All that waits for these devices, oldest first. */
export async function requestsTo(
  approvers: Approvers,
  devices: readonly Approver[],
): Promise<ApprovalRequest[]> {
  const all = await Promise.all(devices.map((device) => approvers.requestsTo(device)))
  return all.flat().sort((a, b) => a.challenge.createdAt - b.challenge.createdAt)
}
