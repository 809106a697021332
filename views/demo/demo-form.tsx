import { DemoLayout } from './demo-layout.tsx'

/** What the demo application's form has received, if anything. */
export interface DemoFormProps {
  received?: readonly { name: string; value: string }[] | undefined
}

/** A form, to see that posts arrive whole. */
export const DemoForm = ({ received }: DemoFormProps) => (
  <DemoLayout title="File a paper" current="/form">
    {received && (
      <div class="ours" role="status">
        <p>Filed. This is what arrived:</p>
        <dl>
          {received.map(({ name, value }) => (
            <>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </>
          ))}
        </dl>
      </div>
    )}
    <form method="post" action="/form">
      <label for="title">Title</label>
      <input id="title" name="title" required />
      <label for="text">Text</label>
      <textarea id="text" name="text" rows={5} />
      <button type="submit">File it</button>
    </form>
  </DemoLayout>
)
