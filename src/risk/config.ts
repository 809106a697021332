import * as z from 'zod'
import { file, oneOrMore } from '../base/schema.ts'

/** What may follow from a level. */
export const MEASURES = ['notify', 'step_up', 'refuse'] as const

const weight = (score: number, description: string) =>
  z.int().min(0).max(100).default(score).meta({ description })

const level = (from: number, measures: (typeof MEASURES)[number][], name: string) =>
  z
    .strictObject({
      from: z
        .int()
        .min(1)
        .max(100)
        .default(from)
        .meta({
          description: `From this score on the risk is ${name}.`,
        }),
      measures: z
        .array(z.enum(MEASURES))
        .default(measures)
        .meta({
          description:
            '`notify` tells the person; `step_up` asks for a second factor where one would do, and for a phishing-resistant one where two would and the person has one; `refuse` lets nobody in. None of them: `[]`.',
          example: ['notify', 'step_up'],
        }),
    })
    .prefault({})
    .meta({ description: `What follows where the risk is ${name}.` })

export const riskConfig = z
  .strictObject({
    places: oneOrMore(file(), 'write the name of a file, or several in a list')
      .optional()
      .meta({
        description:
          'Databases in the format of MaxMind (`.mmdb`): cities or countries, and autonomous systems. Without one, countries and travel are not looked at, and a network is the first half of an IPv4 address. A new version is taken up by itself.',
        example: ['GeoLite2-City.mmdb', 'GeoLite2-ASN.mmdb'],
      }),
    breaches: file().optional().meta({
      description:
        'Leaked passwords: a sorted text file with a SHA-1 digest a line, or the first ten hexadecimal digits of it or more, as the downloader of Have I Been Pwned writes it. It is searched on the disk, and never asks anybody. Refused as new passwords, too.',
      example: 'pwned-passwords.txt',
    }),
    weights: z
      .strictObject({
        new_device: weight(25, 'A browser in which the person has never signed in.'),
        new_network: weight(10, 'A network from which the person has never signed in.'),
        new_country: weight(25, 'A country from which the person has never signed in.'),
        impossible_travel: weight(
          50,
          'A place that nobody can have reached since the last sign-in, from a network that is new.',
        ),
        failures: weight(
          30,
          'A burst of wrong answers just before, on the account or the address.',
        ),
        odd_hour: weight(10, 'An hour at which the person hardly ever signs in.'),
        breached_password: weight(40, 'A password that is on the list of leaked ones.'),
      })
      .prefault({})
      .meta({
        description:
          'What each signal adds to the score, which goes up to 100. At 0 a signal is off and costs nothing.',
      }),
    medium: level(30, ['notify'], 'medium'),
    high: level(60, ['notify', 'step_up'], 'high'),
  })
  .superRefine(({ medium, high }, context) => {
    if (medium.from < high.from) return
    const message = `must be above medium.from, which is ${medium.from}`
    context.addIssue({ code: 'custom', path: ['high', 'from'], message })
  })

export type RiskConfig = z.output<typeof riskConfig>
