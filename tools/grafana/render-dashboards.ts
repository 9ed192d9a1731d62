import { connectionsAndTls } from './connections-and-tls.ts';
import { controllerHealth } from './controller-health.ts';
import { dashboardOf } from './dashboard.ts';
import { fleetOverview } from './fleet-overview.ts';
import { routeDetail } from './route-detail.ts';
import { tcpUdpKernel } from './tcp-udp-kernel.ts';

const dashboards = [fleetOverview, routeDetail, connectionsAndTls, tcpUdpKernel, controllerHealth];

/** The files of deploy/grafana, from the tables beside this file. */
export const dashboardFiles: readonly { readonly path: string; readonly render: () => string }[] = dashboards.map((spec) => ({
  path: `deploy/grafana/${spec.uid}.json`,
  render: () => `${JSON.stringify(dashboardOf(spec), null, 2)}\n`,
}));
