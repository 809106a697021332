import { DemoLayout } from './demo-layout.tsx'

/** Shows what comes through a WebSocket. */
export const DemoClock = () => (
  <DemoLayout title="Clock" current="/clock">
    <p>
      The time comes through a WebSocket. Sign out in another tab: the gateway closes it at once.
    </p>
    <p class="clock" data-socket="/ws">
      --:--:--
    </p>
    <p class="state" role="status">
      Not connected: this page needs its script.
    </p>
  </DemoLayout>
)
