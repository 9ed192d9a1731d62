/** The provider has decided, and not for the user: another try changes nothing. */
export class ProviderRefusal extends Error {}
