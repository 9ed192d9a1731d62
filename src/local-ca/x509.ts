/** The X.509 library, loaded when the first certificate is made. */
export async function loadX509(): Promise<typeof import('@peculiar/x509')> {
  // The library's dependency injection needs this polyfill in place before it is evaluated.
  await import('reflect-metadata');
  return import('@peculiar/x509');
}
