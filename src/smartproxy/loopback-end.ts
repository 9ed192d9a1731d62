import type { FarNews } from './far-news.ts';

/**
 * The end of the loopback transport that is in this process, while the other one is in another: `near` takes clients' connections and gives
 * them to NetworkProxy's port; `far` is behind that port, takes what is signed with `key`, and has no client of its own.
 */
export type LoopbackEnd =
  | { readonly kind: 'near'; readonly key: Buffer; readonly port: Promise<number> }
  | {
      readonly kind: 'far';
      readonly key: Buffer;
      /** For the near end to hear of, in this order. */
      readonly onNews: (news: FarNews) => void;
    };
