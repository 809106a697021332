import type { Brand } from './brand.ts'
import { Layout } from './layout.tsx'

/** One member of a body, an answer or an address. */
export interface ShownMember {
  /** With its way: `details.fields[].name`. */
  name: string
  type: string
  required: boolean
  about: string
}

/** What a request may be answered with. */
export interface ShownAnswer {
  status: string
  about: string
  members: readonly ShownMember[]
  /** JSON. */
  example: string
}

export interface ShownOperation {
  /** Where it stands on the page. */
  anchor: string
  method: string
  path: string
  summary: string
  about: string
  /** What a key must be made for; empty where none is asked for. */
  scopes: readonly string[]
  parameters: readonly ShownMember[]
  body: readonly ShownMember[]
  /** To be typed in a shell. */
  call: string
  answers: readonly ShownAnswer[]
}

export interface ShownGroup {
  anchor: string
  name: string
  about: string
  operations: readonly ShownOperation[]
}

/** What the reference of the API needs to know. */
export interface ApiReferenceProps {
  brand: Brand
  title: string
  introduction: string
  /** Where the same stands for programs. */
  document: string
  groups: readonly ShownGroup[]
  /** How every refusal looks. */
  problem: Pick<ShownAnswer, 'members' | 'example'>
}

/** All that other programs can ask, for whoever writes them. */
export const ApiReference = (props: ApiReferenceProps) => {
  const { brand, title, introduction, document, groups, problem } = props
  return (
    <Layout brand={brand} title={title} wide>
      <h1>{title}</h1>
      <Prose text={introduction} />
      <p>
        <a href={document}>The same for programs</a>: OpenAPI 3.1, from which clients can be made.
      </p>
      <nav class="contents" aria-label="Contents">
        {groups.map(({ name, operations }) => (
          <>
            <h2>{name}</h2>
            <ul>
              {operations.map(({ anchor, method, path, summary }) => (
                <li>
                  <a href={`#${anchor}`}>
                    <span>{summary}</span>
                    <code>
                      {method} {path}
                    </code>
                  </a>
                </li>
              ))}
            </ul>
          </>
        ))}
      </nav>
      {groups.map(({ anchor, name, about, operations }) => (
        <section aria-labelledby={anchor}>
          <h2 class="group" id={anchor}>
            {name}
          </h2>
          <Prose text={about} />
          {operations.map((operation) => (
            <Operation {...operation} />
          ))}
        </section>
      ))}
      <section aria-labelledby="problems">
        <h2 class="group" id="problems">
          What goes wrong
        </h2>
        <p>
          Answers of 400 and above are problem documents (<code>application/problem+json</code>).
        </p>
        <Code text={problem.example} />
        <Members members={problem.members} />
      </section>
    </Layout>
  )
}

const Operation = (operation: ShownOperation) => {
  const { anchor, method, path, summary, about, scopes, parameters, body, call, answers } =
    operation
  return (
    <article class="operation" aria-labelledby={anchor}>
      <h3 id={anchor}>{summary}</h3>
      <p class="address">
        <strong>{method}</strong> <code>{path}</code>
      </p>
      <Prose text={about} />
      <p class="hint">
        {scopes.length === 0 ? (
          'Needs no key.'
        ) : (
          <>
            Needs a key with the scope <Listed words={scopes} />.
          </>
        )}
      </p>
      <Code text={call} />
      <Members title="In the address and the head" members={parameters} />
      <Members title="In the body" members={body} />
      {answers.map((answer) => (
        <Answer {...answer} />
      ))}
    </article>
  )
}

const Answer = ({ status, about, members, example }: ShownAnswer) =>
  members.length === 0 && example === '' ? (
    <p class="answer">
      <strong>{status}</strong> {about}
    </p>
  ) : (
    <details class="answer">
      <summary>
        <strong>{status}</strong> {about}
      </summary>
      {example !== '' && <Code text={example} />}
      <Members members={members} />
    </details>
  )

const Members = ({ title, members }: { title?: string; members: readonly ShownMember[] }) =>
  members.length === 0 ? null : (
    <>
      {title && <h4>{title}</h4>}
      <dl class="members">
        {members.map(({ name, type, required, about }) => (
          <div>
            <dt>
              <code>{name}</code> <span class="hint">{required ? type : `${type}, optional`}</span>
            </dt>
            {about !== '' && (
              <dd>
                <Inline text={about} />
              </dd>
            )}
          </div>
        ))}
      </dl>
    </>
  )

const Code = ({ text }: { text: string }) => (
  <pre>
    <code>{text}</code>
  </pre>
)

const Listed = ({ words }: { words: readonly string[] }) => (
  <>
    {words.map((word, index) => (
      <>
        {index > 0 && ' or '}
        <code>{word}</code>
      </>
    ))}
  </>
)

/** Paragraphs with words in backquotes, as documents of this kind have them. */
const Prose = ({ text }: { text: string }) => (
  <>
    {text
      .split(/\n{2,}/)
      .filter((paragraph) => paragraph !== '')
      .map((paragraph) => (
        <p>
          <Inline text={paragraph} />
        </p>
      ))}
  </>
)

const Inline = ({ text }: { text: string }) => (
  <>{text.split('`').map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part))}</>
)
