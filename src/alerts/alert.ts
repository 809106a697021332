import type { UnixSeconds } from '../base/clock.ts'
import type { AlertKindName } from './config.ts'
import type { Tally } from './tally.ts'

/** Something that the operator should know, as it waits for being told. */
export interface Alert {
  kind: AlertKindName | 'test'
  /** Under which it stands in the trail. */
  reference: string
  at: UnixSeconds
  /** `first` comes at once; a `digest` tells what else there was since. */
  stage: 'first' | 'digest'
  tally: Tally
}

/** What an alert says. All of it in one line each, safe to stand anywhere. */
export interface AlertWords {
  /** The same for all of its kind. */
  title: string
  sentences: readonly string[]
  facts: readonly (readonly [heading: string, text: string])[]
  /** A command that shows more. */
  command: string
}

/** What the words of an alert are made with. */
export interface Wording {
  alert: Alert
  /** The name of an account; a sentence where it is gone. */
  nameOf(userId: string): string
  /** As addresses may be written. */
  addressOf(source: string): string
}
