import { type DemoHeader, DemoHeaders } from './demo-headers.tsx'
import { DemoLayout } from './demo-layout.tsx'

/** What the demo application's guarded page shows. */
export interface DemoAdminProps {
  user: string
  headers: readonly DemoHeader[]
}

/** The page that a stricter rule guards. */
export const DemoAdmin = ({ user, headers }: DemoAdminProps) => (
  <DemoLayout title="Records office" current="/admin">
    <p>
      Only administrators come this far, and only with a code. The gateway says that you are{' '}
      <strong>{user}</strong>.
    </p>
    <div class="ours">
      <DemoHeaders caption="Set by the gateway" headers={headers.filter(({ ours }) => ours)} />
    </div>
  </DemoLayout>
)
