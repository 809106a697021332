/** What the mail with a code tells. */
export interface CodeMailProps {
  /** The portal's name. */
  site: string
  code: string
  minutes: number
  /** Who asked, from where, when: each with its heading. */
  facts: readonly (readonly [heading: string, text: string])[]
  /** What to do when it was somebody else. */
  advice: string
}

const BODY =
  'margin:0;padding:24px 12px;background:#f4f5f7;color:#1b1d21;font:16px/1.5 system-ui,sans-serif'
const CARD =
  'max-width:480px;margin:0 auto;padding:28px;background:#ffffff;border:1px solid #d9dce1;border-radius:8px'
const CODE =
  'margin:20px 0;font:600 32px/1.2 ui-monospace,Consolas,monospace;letter-spacing:4px;color:#1b1d21'
const QUIET = 'color:#555b66;font-size:14px'
const HEADING = `${QUIET};padding:2px 16px 2px 0;text-align:left;vertical-align:top;font-weight:400`

/**
 * The mail that brings a code. Everything stands in it: it loads nothing and links nowhere, so that
 * opening it tells nobody anything, and no mail of ours ever teaches people to follow a link.
 */
export const CodeMail = ({ site, code, minutes, facts, advice }: CodeMailProps) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light" />
      <title>Your code for {site}</title>
    </head>
    <body style={BODY}>
      <div style={CARD}>
        <p style="margin:0">Your code for {site}:</p>
        <p style={CODE}>{code}</p>
        <p>
          It is good for {minutes} minutes and works once. Tell it to nobody: whoever asks you for
          it wants to sign in as you.
        </p>
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
        <p style={`${QUIET};margin-bottom:0`}>{advice}</p>
      </div>
    </body>
  </html>
)
