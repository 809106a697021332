import type { RawAnswer } from '../support/raw.ts'
import type { RecordedMessage } from '../support/recorder.ts'
import type { Dialect } from './dialects.ts'
import type { Fixture } from './fixture.ts'

/** What came of one attack. */
export interface Seen {
  answer: RawAnswer
  /** What reached the application. */
  messages: RecordedMessage[]
  /** The value that was put in, for a case with several. */
  each: string
  /** How the question was asked, for a case about what proxies ask. */
  dialect: Dialect | undefined
  fixture: Fixture
  /** Every byte that was sent, as Latin-1; empty for a request that is not told as bytes. */
  sent: string
}

/** Looks at what came of an attack. */
export type Check = (seen: Seen) => void | Promise<void>
