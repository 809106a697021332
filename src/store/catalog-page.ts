import { CATALOG, type Field, type TableEntry } from './catalog.ts'

/** Stands between what is written by hand and what follows from the catalogue. */
export const GENERATED_FROM_HERE =
  '<!-- From here on this page is printed by "gatehouse stored-data"; a test compares it. -->'

/** Every stored field, why it is there and for how long, as Markdown. */
export function catalogPage(): string {
  const entries = Object.entries(CATALOG as Readonly<Record<string, TableEntry>>)
  const isOwned = ({ of }: TableEntry) => 'user' in of
  const part = (title: string, chosen: typeof entries) => [
    `## ${title}`,
    ...chosen.flatMap(([table, entry]) => tablePart(table, entry)),
  ]
  const parts = [
    GENERATED_FROM_HERE,
    ...part(
      'About people',
      entries.filter(([, entry]) => isOwned(entry)),
    ),
    ...part(
      'About nobody in particular',
      entries.filter(([, entry]) => !isOwned(entry)),
    ),
  ]
  return `${parts.join('\n\n')}\n`
}

function tablePart(table: string, { holds, of, kept, fields }: TableEntry): string[] {
  const rows = Object.entries(fields).map(
    ([column, field]) =>
      `| \`${column}\` | ${cell(field.why)} | ${PERSONAL[field.personal]} | ${cell(field.kept ?? 'as the row')} | ${exportOf(field, of)} |`,
  )
  return [
    `### \`${table}\``,
    holds,
    `**Kept:** ${kept}`,
    ...('nobody' in of ? [`**In nobody’s export:** ${of.nobody}`] : []),
    [
      '| field | what it is for | personal | kept | in an export |',
      '|---|---|---|---|---|',
      ...rows,
    ].join('\n'),
  ]
}

const PERSONAL = { yes: 'yes', digest: 'a digest', no: 'no' } as const

const EXPORT = { given: 'given', opened: 'in part', withheld: 'named, not given' } as const

const exportOf = (field: Field, of: TableEntry['of']) =>
  'nobody' in of ? 'no' : EXPORT[field.export]

const cell = (text: string) => text.replaceAll('|', '\\|')
