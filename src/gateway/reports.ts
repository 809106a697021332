import type { Log } from '../base/log.ts'
import type { RuleDecision, RuleReport } from '../model/decision.ts'
import type { Asked } from './authorize.ts'
import type { Route } from './routes.ts'

/** Writes down and counts what rules under trial would have decided. */
export interface Reports {
  note(asked: Asked, route: Route, decision: RuleDecision, reports: readonly RuleReport[]): void
}

export interface ReportsDeps {
  log: Log
  /** What may be written down of an address; nothing if empty. */
  writtenAddress(address: string): string
}

export function createReports({ log, writtenAddress }: ReportsDeps): Reports {
  // As many entries as rules, times three.
  const counts = new Map<string, number>()

  return {
    note({ method, rawPath, address }, { host, pattern }, decision, reports) {
      for (const { rule, would, reason } of reports) {
        const key = `${pattern} ${rule} ${would}`
        const count = (counts.get(key) ?? 0) + 1
        counts.set(key, count)
        log.info(
          {
            event: 'rule.reported',
            host,
            path: rawPath,
            method,
            address: writtenAddress(address) || undefined,
            userId: decision.signedIn?.user.id,
            rule,
            would,
            reason,
            decided: decision.kind,
            decidedBy: decision.rule,
            count,
          },
          'rule.reported',
        )
      }
    },
  }
}
