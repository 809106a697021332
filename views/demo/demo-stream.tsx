import { DemoLayout } from './demo-layout.tsx'

/** Shows what comes through a stream of server-sent events. */
export const DemoStream = () => (
  <DemoLayout title="Stream" current="/stream">
    <p>
      Lines arrive as the application writes them: the gateway passes every one on at once, and
      keeps none back.
    </p>
    <p class="state" role="status">
      Not connected: this page needs its script.
    </p>
    <ol class="lines" data-events="/events" />
  </DemoLayout>
)
