import { Hono } from 'hono'
import type { Channels } from '../channels/contract.ts'
import type { Challenges } from '../login/challenges.ts'
import type { AppEnv } from '../web/env.ts'
import { problem } from '../web/problem.ts'

export interface MessageReportsDeps {
  channels: Pick<Channels, 'reports'>
  challenges: Pick<Challenges, 'noteFailure'>
}

const MAX_BODY_BYTES = 16 * 1024
const FORM = 'application/x-www-form-urlencoded'

/**
 * Where a carrier of messages tells what became of those that it has taken. No cookie counts here; what is
 * not signed by the carrier changes nothing, and neither does saying the same again.
 */
export function messageReports({ channels, challenges }: MessageReportsDeps): Hono<AppEnv> {
  return new Hono<AppEnv>().post('/channels/:name', async (c) => {
    const refuse = (status: 403 | 404 | 413 | 415, code: string, title: string) =>
      problem(c, crypto.randomUUID(), { status, code, title })

    const reports = channels.reports(c.req.param('name'))
    if (!reports) return refuse(404, 'not_found', 'Nobody listens here.')
    const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
    if (type !== FORM) return refuse(415, 'media_type', 'Send a form.')
    const length = Number(c.req.header('content-length') ?? Number.NaN)
    if (!(length <= MAX_BODY_BYTES)) return refuse(413, 'too_large', 'That is too much.')

    const fields = Object.fromEntries(new URLSearchParams(await c.req.text()))
    const signature = c.req.header('x-twilio-signature') ?? ''
    const report = await reports.read({ signature, fields })
    if (!report) return refuse(403, 'not_signed', 'The signature does not hold.')
    if (report.failed !== undefined) await challenges.noteFailure(report.reference, report.failed)
    return c.body(null, 204)
  })
}
