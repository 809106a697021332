/** How unusual a sign-in is, mildest first. */
export const RISK_LEVELS = ['low', 'medium', 'high'] as const
export type RiskLevel = (typeof RISK_LEVELS)[number]

/** What the signals found about one sign-in. */
export interface Assessment {
  /** 0 to 100. */
  score: number
  level: RiskLevel
  /** What speaks for it, as stable words: `new_device`, `impossible_travel` … The weightiest first. */
  reasons: readonly string[]
}

/** The worse of two; of equals the first. */
export const worse = (one: Assessment, other: Assessment | undefined): Assessment =>
  other && other.score > one.score ? other : one
