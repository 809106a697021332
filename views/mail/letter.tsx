/** A mail in a few sentences, with one thing to do. */
export interface LetterProps {
  /** The portal's name. */
  site: string
  title: string
  sentences: readonly string[]
  /** Who, from where, when: each with its heading. */
  facts: readonly (readonly [heading: string, text: string])[]
  /** Something to be typed, in large letters. */
  code?: string | undefined
  link?: { label: string; href: string } | undefined
  /** What to do when it was somebody else. */
  advice?: string | undefined
}

const BODY =
  'margin:0;padding:24px 12px;background:#f4f5f7;color:#1b1d21;font:16px/1.5 system-ui,sans-serif'
const CARD =
  'max-width:480px;margin:0 auto;padding:28px;background:#ffffff;border:1px solid #d9dce1;border-radius:8px'
const BUTTON =
  'display:inline-block;padding:12px 20px;border-radius:8px;background:#17606b;color:#ffffff;font-weight:600;text-decoration:none'
const CODE =
  'margin:20px 0;font:600 32px/1.2 ui-monospace,Consolas,monospace;letter-spacing:4px;color:#1b1d21'
const QUIET = 'color:#555b66;font-size:14px'
const HEADING = `${QUIET};padding:2px 16px 2px 0;text-align:left;vertical-align:top;font-weight:400`

/** The frame of our mails. It loads nothing, so that opening it tells nobody anything. */
export const Letter = ({ site, title, sentences, facts, code, link, advice }: LetterProps) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light" />
      <title>
        {title} · {site}
      </title>
    </head>
    <body style={BODY}>
      <main style={CARD}>
        <h1 style="margin:0 0 12px;font-size:20px">{title}</h1>
        {sentences.map((sentence) => (
          <p>{sentence}</p>
        ))}
        {code !== undefined && <p style={CODE}>{code}</p>}
        {link && (
          <p style="margin:20px 0">
            <a style={BUTTON} href={link.href}>
              {link.label}
            </a>
          </p>
        )}
        <table style="border-collapse:collapse;margin:16px 0">
          {facts.map(([heading, text]) => (
            <tr>
              <th scope="row" style={HEADING}>
                {heading}
              </th>
              <td style={`${QUIET};padding:2px 0`}>{text}</td>
            </tr>
          ))}
        </table>
        {advice !== undefined && <p style={`${QUIET};margin-bottom:0`}>{advice}</p>}
      </main>
    </body>
  </html>
)

/** The same as plain text. */
export function letterText({ title, sentences, facts, code, link, advice }: LetterProps): string {
  return [
    title,
    ...sentences,
    ...(code === undefined ? [] : [code]),
    ...(link ? [`${link.label}:\n${link.href}`] : []),
    facts.map(([heading, text]) => `${heading}: ${text}`).join('\n'),
    ...(advice === undefined ? [] : [advice]),
  ].join('\n\n')
}
