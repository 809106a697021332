import { type DemoHeader, DemoHeaders } from './demo-headers.tsx'
import { DemoLayout } from './demo-layout.tsx'

/** What the demo application's first page shows. */
export interface DemoHomeProps {
  headers: readonly DemoHeader[]
  user?: string | undefined
  note?: string | undefined
}

/** Shows the request as the application received it, the gateway's headers on top. */
export const DemoHome = ({ headers, user, note }: DemoHomeProps) => (
  <DemoLayout title={user ? `Good day, ${user}` : 'Good day'} current="/">
    <p>
      You have come through the gate. This is the request that reached the application behind it.
    </p>
    {note && <p class="note">{note}</p>}
    <div class="ours">
      <DemoHeaders caption="Set by the gateway" headers={headers.filter(({ ours }) => ours)} />
      <p>Whatever a browser sends under these names never arrives.</p>
    </div>
    <DemoHeaders caption="Sent by the browser" headers={headers.filter(({ ours }) => !ours)} />
  </DemoLayout>
)
