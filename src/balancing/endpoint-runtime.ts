import type { Endpoint } from '../routes/service.ts';
import type { ServiceLoad } from './service-load.ts';
import { hashText } from './stable-hash.ts';

/** Who judges an endpoint by what becomes of connects and requests: the balancer that it belongs to. */
export interface EndpointOwner {
  /** Of all its endpoints together. */
  readonly load: ServiceLoad;
  connectSucceeded(endpoint: EndpointRuntime): void;
  connectFailed(endpoint: EndpointRuntime): void;
  answered(endpoint: EndpointRuntime, isError: boolean): void;
}

/** What is known of one endpoint while the program runs. It outlives table changes for as long as its service lists it. */
export class EndpointRuntime {
  /** `10.0.0.1:8080`, `[::1]:80`. */
  readonly key: string;
  readonly address: string;
  readonly port: number;
  /** The key of the service that it belongs to. */
  readonly service: string;
  /** The endpoint's part in consistent hashing. */
  readonly seed: number;
  state: Endpoint['state'];
  /** What session cookies call it; undefined: it holds no session. */
  session: string | undefined;
  /** The service no longer lists it: end what is open, keep nothing for later. */
  removed = false;
  /** On the balancers' clock: when it became ready beside others that were; -Infinity: it was there first, or never. */
  readySinceMs = Number.NEGATIVE_INFINITY;
  /** Requests or L4 connections in flight; `begin` adds one, and whoever called it takes it away again. */
  active = 0;
  /** Requests and L4 connections that were ever sent there, each attempt one. */
  begun = 0;
  /** Connects that failed since the last one that succeeded. */
  consecutiveFailures = 0;
  /** Errors since the last good answer, where they count. */
  consecutiveErrors = 0;
  /** Ejections since it was last good; each lasts longer. */
  ejections = 0;
  /** Why it was ejected last; undefined: it has been good since. */
  ejectedFor: 'connect_failures' | 'errors' | undefined;
  /** On the balancers' clock; 0: not ejected. */
  ejectedUntilMs = 0;
  /** What its health checks say; true without them, and until enough of them failed. */
  isHealthy = true;
  /** What was wrong at its last health check; undefined: nothing. */
  checkFailure: string | undefined;
  readonly #owner: EndpointOwner;

  constructor(service: string, endpoint: Endpoint, owner: EndpointOwner) {
    this.key = endpointKey(endpoint);
    this.seed = hashText(this.key);
    this.address = endpoint.address;
    this.port = endpoint.port;
    this.service = service;
    this.state = endpoint.state;
    this.session = endpoint.session;
    this.#owner = owner;
  }

  /** It is to get nothing while another can: ejected, or not healthy. @param nowMs on the balancers' clock */
  isOut(nowMs: number): boolean {
    return !this.isHealthy || this.ejectedUntilMs > nowMs;
  }

  /** That of its service. */
  get load(): ServiceLoad {
    return this.#owner.load;
  }

  /** A request or L4 connection goes there. */
  begin(): void {
    this.active++;
    this.begun++;
  }

  /** A connection to it was established. */
  connectSucceeded(): void {
    this.#owner.connectSucceeded(this);
  }

  /** It answered, or did not; to be told where the service counts errors. */
  answered(isError: boolean): void {
    this.#owner.answered(this, isError);
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
