import type { RouteAction } from '../routes/route.ts';
import { serviceText } from './service-text.ts';

/** What a route does with a request, in a few words. */
export function actionText(action: RouteAction): string {
  switch (action.kind) {
    case 'forward':
      return `forward to ${action.backends.map(({ service, listeners }) => `${service === undefined ? 'a missing Service' : serviceText(service)}${onText(listeners)}`).join(', ')}`;
    case 'redirect':
      return `redirect with ${action.status}`;
    case 'respond':
      return `answer ${action.status}`;
    case 'block':
      return 'refuse with 403';
    case 'fail':
      return `answer ${action.status}: ${action.reason}`;
  }
}

/** ` on https` */
function onText(listeners: readonly string[] | undefined): string {
  return listeners === undefined ? '' : ` on ${listeners.join(' and ')}`;
}
