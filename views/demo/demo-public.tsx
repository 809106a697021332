import { DemoLayout } from './demo-layout.tsx'

/** The page that is open to everybody. */
export const DemoPublic = () => (
  <DemoLayout title="Notice board" current="/public">
    <p>Anybody may read this page: its rule says so, and nobody is asked to sign in.</p>
    <ul>
      <li>The copier on the second floor is out of toner.</li>
      <li>Paper filed after four o’clock is filed the next day.</li>
      <li>Whoever borrowed the stapler is kindly asked to bring it back.</li>
    </ul>
  </DemoLayout>
)
