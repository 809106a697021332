import { Letter, type LetterProps, letterText } from '../../views/mail/letter.tsx'
import { page } from '../../views/page.ts'
import { oneLine } from '../base/one-line.ts'
import { jsonLine } from '../base/visible.ts'
import type { Message } from '../model/message.ts'
import type { Alert, AlertWords, Wording } from './alert.ts'
import { KINDS } from './kinds.ts'
import { countsBy } from './tally.ts'

/** Writes alerts as mails, text messages and JSON. */
export interface AlertLetters {
  mail(to: string, wording: Wording): Message
  sms(to: string, wording: Wording): Message
  json(wording: Wording): string
}

/** Of sources and accounts, in JSON. */
const MOST_TOLD = 20
/** A text message that is longer is paid for several times over. */
const LONGEST_SMS = 300

/** @param name The portal's name. @param quietSeconds After which time what is alike is told again. */
export function createAlertLetters({
  name,
  quietSeconds,
}: {
  name: string
  quietSeconds: number
}): AlertLetters {
  const site = oneLine(name)
  const advice = `Further alerts of this kind are put together, and come as one at most every ${inWords(quietSeconds)}. Who is told of what stands in the configuration, below “alerts”.`

  return {
    mail(to, wording) {
      const { title, sentences, facts, command } = wordsOf(wording)
      const { alert } = wording
      const letter: LetterProps = {
        site,
        title,
        sentences: [...stageOf(alert), ...sentences].map(plain),
        facts: [
          ...facts.map(([heading, text]) => [heading, plain(text)] as const),
          ['Look into it', command],
          ['Reference', alert.reference],
        ],
        advice,
      }
      const subject = `${title} (${site})`
      return { medium: 'email', to, subject, text: letterText(letter), html: page(Letter(letter)) }
    },

    sms(to, wording) {
      // Signs beyond the alphabet of text messages make each of them half as long.
      const { title, sentences } = wordsOf(wording)
      const text = `${site}: ${title}. ${sentences[0] ?? ''}`
      const number = ` ${wording.alert.reference}`
      const short = plain(text).replace(/[“”]/g, '"').replace(/[‘’]/g, "'").slice(0, LONGEST_SMS)
      return { medium: 'sms', to, text: `${short}${number}` }
    },

    json(wording) {
      const { alert, addressOf, nameOf } = wording
      const { title, sentences, command } = wordsOf(wording)
      const { tally } = alert
      const iso = (at: number) => `${new Date(at * 1000).toISOString().slice(0, 19)}Z`
      const addresses = countsBy(tally, 'source').map(
        ([it, count]) => [addressOf(it), count] as const,
      )
      return jsonLine({
        type: 'alert.raised',
        timestamp: iso(alert.at),
        data: {
          kind: alert.kind,
          stage: alert.stage,
          reference: alert.reference,
          title,
          text: sentences.map(plain).join(' '),
          count: tally.count,
          first: iso(tally.first),
          last: iso(tally.last),
          addresses: addresses
            .filter(([address]) => address !== '')
            .slice(0, MOST_TOLD)
            .map(([address, count]) => ({ address, count })),
          accounts: countsBy(tally, 'userId')
            .slice(0, MOST_TOLD)
            .map(([id, count]) => ({ user_id: id, name: nameOf(id), count })),
          command,
        },
      })
    },
  }
}

/** What an alert says. */
export const wordsOf = (wording: Wording): AlertWords =>
  KINDS.get(wording.alert.kind)?.words(wording) ?? TEST

const TEST: AlertWords = {
  title: 'A test of alerts',
  sentences: ['Nothing has happened: somebody has asked whether alerts arrive, and they do.'],
  facts: [],
  command: 'gatehouse alerts test',
}

const stageOf = ({ stage }: Alert): string[] =>
  stage === 'digest' ? ['It has gone on since the last alert of this kind.'] : []

/** Nothing in it turns the text around it or ends its line. */
const plain = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim()

function inWords(seconds: number): string {
  const hours = seconds / 3600
  if (Number.isInteger(hours)) return hours === 1 ? 'hour' : `${hours} hours`
  const minutes = seconds / 60
  return Number.isInteger(minutes) ? `${minutes} minutes` : `${seconds} seconds`
}
