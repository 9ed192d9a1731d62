import type { Endpoint } from '../routes/route-table.ts';

/** Who judges an endpoint whose connects succeed or fail: the balancer that it belongs to. */
export interface EndpointOwner {
  connectSucceeded(endpoint: EndpointRuntime): void;
  connectFailed(endpoint: EndpointRuntime): void;
}

/** What is known of one endpoint while the program runs. It outlives table changes for as long as its service lists it. */
export class EndpointRuntime {
  /** `10.0.0.1:8080`, `[::1]:80`. */
  readonly key: string;
  readonly address: string;
  readonly port: number;
  /** The key of the service that it belongs to. */
  readonly service: string;
  state: Endpoint['state'];
  /** The service no longer lists it: end what is open, keep nothing for later. */
  removed = false;
  /** Requests or L4 connections in flight; whoever picks it adds one and takes it away again. */
  active = 0;
  /** Connects that failed since the last one that succeeded. */
  consecutiveFailures = 0;
  /** Ejections since the last connect that succeeded; each lasts longer. */
  ejections = 0;
  /** On the balancers' clock; 0: not ejected. */
  ejectedUntilMs = 0;
  readonly #owner: EndpointOwner;

  constructor(service: string, endpoint: Endpoint, owner: EndpointOwner) {
    this.key = endpointKey(endpoint);
    this.address = endpoint.address;
    this.port = endpoint.port;
    this.service = service;
    this.state = endpoint.state;
    this.#owner = owner;
  }

  /** A connection to it was established. */
  connectSucceeded(): void {
    this.#owner.connectSucceeded(this);
  }

  /** A connection to it could not be established, or not in time. */
  connectFailed(): void {
    this.#owner.connectFailed(this);
  }
}

/** `address:port`, IPv6 in brackets. */
export function endpointKey(endpoint: Pick<Endpoint, 'address' | 'port'>): string {
  return endpoint.address.includes(':') ? `[${endpoint.address}]:${endpoint.port}` : `${endpoint.address}:${endpoint.port}`;
}
