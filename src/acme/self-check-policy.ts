import type { AcmeIssuer } from '../translate/acme-certificate.ts';
import type { AcmeFailure } from '../translate/acme-state.ts';

/** Tries that a CA is held back for what can not be seen from here: it may be something that is just starting, or that only we can't see. */
const triesUnseen = 2;

/**
 * Whether a CA is held back when the self-check does not find the answer. Pure.
 * @param isEvident whether something is wrong for sure: otherwise nobody could be asked
 * @param before what failed before
 */
export function holdsBack(selfCheck: AcmeIssuer['selfCheck'], isEvident: boolean, before: AcmeFailure | undefined): boolean {
  switch (selfCheck) {
    case 'Off':
      return false;
    case 'Strict':
      return true;
    case 'Lenient':
      return isEvident || (before?.count ?? 0) < triesUnseen;
  }
}
