import type { AuditEvent } from '../model/event.ts'
import type { AlertWords, Wording } from './alert.ts'
import type { AlertKindName, AlertsConfig } from './config.ts'
import type { Sighting, Tally } from './tally.ts'

/** A kind of alert. */
export interface AlertKind {
  name: AlertKindName
  words(wording: Wording): AlertWords
}

/** One that is found out by events. */
export interface HeardKind extends AlertKind {
  /** What an event is to it, if anything. */
  sees(event: AuditEvent): Sighting | undefined
  /** How far it looks back. */
  withinSeconds(config: AlertsConfig): number
  /** Which part of what was seen within that time is an alert, if any. */
  alarming(recent: Tally, config: AlertsConfig): Tally | undefined
}

/** Something that is not as it should be, as long as it is so. */
export interface Finding {
  /** Tells it from others; while it is found again under the same name it is not told again. */
  name: string
  sighting: Sighting
}

/** One that is found out by looking once in a while. */
export interface Lookout {
  name: AlertKindName
  everySeconds: number
  /** Is what is found at the very first look as it should be? */
  startsQuietly?: boolean
  look(): Promise<readonly Finding[]>
}
